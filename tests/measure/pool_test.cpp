// Tests: the pool runs every piece once, on at most its threads, call after call.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "measure/pool.h"

namespace sepconv::measure {
namespace {

struct Tally {
  std::vector<std::atomic<int>> runs;
  std::mutex mutex;
  std::set<std::thread::id> threads;
  std::vector<uint32_t> order;
  explicit Tally(size_t count) : runs(count) {}
};

void count(void* raw, uint32_t i) {
  Tally& tally = *static_cast<Tally*>(raw);
  ++tally.runs[i];
  const std::lock_guard<std::mutex> lock(tally.mutex);
  tally.threads.insert(std::this_thread::get_id());
  tally.order.push_back(i);
}

TEST(Pool, RunsEveryPieceOnce) {
  for (const int threads : {1, 2, 5}) {
    Pool pool(threads);
    for (const uint32_t pieces : {0U, 1U, 2U, 7U, 100U}) {
      Tally tally(pieces);
      Pool::parallel_for(&pool, pieces, count, &tally);
      for (const auto& runs : tally.runs) EXPECT_EQ(runs.load(), 1);
      EXPECT_LE(tally.threads.size(), static_cast<size_t>(threads));
    }
  }
}

TEST(Pool, ReturnsOnlyWhenAllIsDoneTimeAndAgain) {
  Pool pool(3);
  for (int round = 0; round < 500; ++round) {
    Tally tally(4);  // on this frame: a late piece would be seen as a count missing
    Pool::parallel_for(&pool, 4, count, &tally);
    ASSERT_EQ(tally.order.size(), 4U);
  }
}

TEST(Pool, HasAtLeastTheCallersThread) {
  EXPECT_EQ(Pool(0).threads(), 1);
  EXPECT_EQ(Pool(1).threads(), 1);
  EXPECT_EQ(Pool(4).threads(), 4);
}

TEST(Pool, Moves) {
  Pool first(2);
  Pool second = std::move(first);
  Tally tally(3);
  Pool::parallel_for(&second, 3, count, &tally);
  EXPECT_EQ(tally.order.size(), 3U);
}

TEST(RunReversed, RunsTheLastPieceFirstOnTheCallersThread) {
  Tally tally(4);
  run_reversed(nullptr, 4, count, &tally);
  EXPECT_EQ(tally.order, (std::vector<uint32_t>{3, 2, 1, 0}));
  EXPECT_EQ(tally.threads, (std::set<std::thread::id>{std::this_thread::get_id()}));
}

}  // namespace
}  // namespace sepconv::measure
