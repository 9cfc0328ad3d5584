// Tests of runtime: how calls become images, phases and pieces for threads.
#include <algorithm>
#include <mutex>
#include <set>
#include <thread>

#include "fixture.h"

namespace sepconv::runtime {
namespace {

/// Row ranges [min, end) of each call, in the order of the calls.
std::vector<std::pair<int, int>> rows() {
  std::vector<std::pair<int, int>> all;
  for (const Seen& one : seen()) {
    const halide_dimension_t& d = one.output().dims[2];
    all.emplace_back(d.min, d.min + d.extent);
  }
  return all;
}

using Rows = std::vector<std::pair<int, int>>;

TEST(Run, WithoutParallelForEachImageIsOneCall) {
  const Fake fake(7, 2, SEPCONV_AXIS_ROWS, 1);
  const Call call(fake, 3);
  ASSERT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_OK);
  EXPECT_EQ(rows(), (Rows{{0, 7}, {0, 7}, {0, 7}}));
  EXPECT_EQ(call.wrong_outputs(fake), 0);
}

TEST(Run, SharesAreConsecutiveTasks) {
  const Fake fake(7, 2, SEPCONV_AXIS_ROWS, 1);
  const Call call(fake, 1, 3, forwards);
  ASSERT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_OK);
  Rows sorted = rows();
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(sorted, (Rows{{0, 2}, {2, 4}, {4, 7}}));
}

TEST(Run, SharesBeginAtTheTaskNearestToEqualShares) {
  const Fake fake(7, 2, SEPCONV_AXIS_ROWS, 2);
  const Call call(fake, 1, 2, forwards);
  ASSERT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_OK);
  EXPECT_EQ(rows(), (Rows{{0, 4}, {4, 7}}));
  EXPECT_EQ(call.wrong_outputs(fake), 0);
}

TEST(Run, APieceIsWorthAThread) {
  Fake fake(7, 2, SEPCONV_AXIS_ROWS, 1);
  fake.phases.front().least = 3;
  const Call call(fake, 1, 4, forwards);
  ASSERT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_OK);
  EXPECT_EQ(rows(), (Rows{{0, 3}, {3, 7}}));
}

TEST(Run, ABatchOfSmallImagesIsWorthMoreThreadsThanOne) {
  Fake fake(3, 2, SEPCONV_AXIS_ROWS, 1);
  fake.phases.front().least = fake.phases.front().range = 6;
  const Call one(fake, 1, 2, [](void*, uint32_t, sepconv_body, void*) { FAIL(); });
  EXPECT_EQ(sepconv_run(&fake.kernel, &one.call), SEPCONV_OK);
  clear_seen();
  const Call four(fake, 4, 2, forwards);
  ASSERT_EQ(sepconv_run(&fake.kernel, &four.call), SEPCONV_OK);
  EXPECT_EQ(rows(), (Rows{{0, 3}, {0, 3}, {0, 3}, {0, 3}}));
}

TEST(Run, SharesCrossImages) {
  const Fake fake(3, 2, SEPCONV_AXIS_ROWS, 1);
  const Call call(fake, 3, 2, forwards);
  ASSERT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_OK);
  EXPECT_EQ(rows(), (Rows{{0, 3}, {0, 1}, {1, 3}, {0, 3}}));
  EXPECT_EQ(call.wrong_outputs(fake), 0);
}

TEST(Run, ThereAreNoMorePiecesThanTasks) {
  const Fake fake(3, 2, SEPCONV_AXIS_ROWS, 1);
  const Call call(fake, 1, 100, forwards);
  ASSERT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_OK);
  EXPECT_EQ(rows().size(), 3u);
}

TEST(Run, ASingleTaskNeedsNoParallelFor) {
  const Fake fake(3, 2, SEPCONV_AXIS_ROWS, 3);
  const Call call(fake, 1, 4, [](void*, uint32_t, sepconv_body, void*) { FAIL(); });
  EXPECT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_OK);
  EXPECT_EQ(call.wrong_outputs(fake), 0);
}

TEST(Run, ParallelForGetsTheCallersContext) {
  const Fake fake(3, 2, SEPCONV_AXIS_ROWS, 1);
  Call call(fake, 1, 2, [](void* context, uint32_t count, sepconv_body body, void* data) {
    *static_cast<uint32_t*>(context) = count;
    forwards(context, count, body, data);
  });
  uint32_t count = 0;
  call.call.parallel_context = &count;
  ASSERT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_OK);
  EXPECT_EQ(count, 2u);
}

struct Split {
  int64_t rows, n;
  uint32_t threads;
};
class AnyOrder : public testing::TestWithParam<Split> {};

TEST_P(AnyOrder, ComputesEveryOutput) {
  const Split& split = GetParam();
  for (const auto parallel_for : {forwards, backwards, on_threads}) {
    const Fake fake(split.rows, 2, SEPCONV_AXIS_ROWS, 1);
    const Call call(fake, split.n, split.threads, parallel_for);
    ASSERT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_OK);
    EXPECT_EQ(call.wrong_outputs(fake), 0);
  }
}
INSTANTIATE_TEST_SUITE_P(Splits, AnyOrder,
                         testing::Values(Split{1, 1, 1}, Split{13, 1, 4}, Split{13, 5, 7},
                                         Split{2, 3, 64}, Split{64, 2, 0}));

TEST(Run, EachOfSeveralPiecesHasScratchOfItsOwnInsideTheWorkspace) {
  Fake fake(8, 2, SEPCONV_AXIS_ROWS, 1);
  static std::mutex mutex;
  static std::set<char*> blocks;
  blocks.clear();
  // Returns when all four pieces are inside, so that none can take another's share.
  fake.phases.front().function = [](void** args) {
    auto* block = static_cast<char*>(halide_malloc(*static_cast<void**>(args[0]), 128));
    const auto inside = [block] {
      const std::lock_guard lock(mutex);
      blocks.insert(block);
      return blocks.size();
    };
    while (inside() < 4) std::this_thread::yield();
    return 0;
  };
  Call call(fake, 1, 4, on_threads);
  call.call.workspace_bytes = sepconv_workspace_bytes(&fake.kernel, &call.call);
  ASSERT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_OK);
  char* begin = reinterpret_cast<char*>(call.workspace.data());
  EXPECT_EQ(blocks, (std::set<char*>{begin, begin + 128, begin + 256, begin + 384}));
}

TEST(Run, PhasesFollowEachOtherImageByImage) {
  Fake fake(4, 2, SEPCONV_AXIS_ROWS, 1);
  fake.add_second_phase();
  for (const auto parallel_for : {forwards, backwards, on_threads}) {
    Call call(fake, 2, 2, parallel_for);
    call.call.workspace_bytes = sepconv_workspace_bytes(&fake.kernel, &call.call);
    ASSERT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_OK);
    std::vector<int> phases;
    for (const Seen& one : seen()) phases.push_back(one.phase);
    EXPECT_EQ(phases, (std::vector<int>{0, 0, 1, 1, 0, 0, 1, 1}));
    EXPECT_EQ(call.wrong_outputs(fake), 0);
  }
}

TEST(Run, TensorsBetweenPhasesComeFirstInTheWorkspace) {
  Fake fake(4, 2, SEPCONV_AXIS_ROWS, 1);
  fake.add_second_phase();
  const Call call(fake);
  EXPECT_EQ(sepconv_workspace_bytes(&fake.kernel, &call.call), 4u * 2 * kOut * 4 + 128);
  ASSERT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_OK);
  EXPECT_EQ(seen()[0].output().host, seen()[1].buffers[0].host);
  EXPECT_EQ(seen()[0].output().host, reinterpret_cast<uint8_t*>(call.workspace.data()));
}

TEST(Run, TaskRangesTogetherAreTheWhole) {
  const Fake fake(5, 2, SEPCONV_AXIS_ROWS, 2);
  const Call call(fake, 3);
  ASSERT_EQ(sepconv_tasks(&fake.kernel, &call.call), 6u);
  for (const auto& [first, last] : {std::pair(5u, 6u), std::pair(0u, 1u), std::pair(1u, 5u)}) {
    ASSERT_EQ(sepconv_run_tasks(&fake.kernel, &call.call, first, last), SEPCONV_OK);
  }
  EXPECT_EQ(call.wrong_outputs(fake), 0);
}

TEST(Run, TaskRangesUseNoParallelForAndOneSlot) {
  const Fake fake(5, 2, SEPCONV_AXIS_ROWS, 1);
  Call call(fake, 1, 4, [](void*, uint32_t, sepconv_body, void*) { FAIL(); });
  call.call.workspace_bytes = 128;
  EXPECT_EQ(sepconv_run_tasks(&fake.kernel, &call.call, 0, 5), SEPCONV_OK);
}

TEST(Run, AnEmptyTaskRangeRunsNothing) {
  const Fake fake(5, 2, SEPCONV_AXIS_ROWS, 1);
  const Call call(fake);
  EXPECT_EQ(sepconv_run_tasks(&fake.kernel, &call.call, 5, 5), SEPCONV_OK);
  EXPECT_TRUE(seen().empty());
}

TEST(Run, ATaskRangeBeyondTheTasksIsAStatus) {
  const Fake fake(5, 2, SEPCONV_AXIS_ROWS, 1);
  const Call call(fake);
  EXPECT_EQ(sepconv_run_tasks(&fake.kernel, &call.call, 0, 6), SEPCONV_BAD_ARGUMENT);
  EXPECT_EQ(sepconv_run_tasks(&fake.kernel, &call.call, 3, 2), SEPCONV_BAD_ARGUMENT);
}

TEST(Run, SeveralPhasesCannotBeSplitIntoTasks) {
  Fake fake(4, 2, SEPCONV_AXIS_ROWS, 1);
  fake.add_second_phase();
  const Call call(fake);
  EXPECT_EQ(sepconv_tasks(&fake.kernel, &call.call), 1u);
  EXPECT_EQ(sepconv_run_tasks(&fake.kernel, &call.call, 0, 1), SEPCONV_NOT_SPLITTABLE);
}

}  // namespace
}  // namespace sepconv::runtime
