// Tests of runtime: which tasks pieces claim, whatever runs them.
#include <atomic>
#include <map>
#include <thread>

#include "fixture.h"

namespace sepconv::runtime {
namespace {

using Rows = std::vector<std::pair<int, int>>;

/// Row ranges [min, end) in the order of the calls.
Rows rows() {
  Rows all;
  for (const Seen& one : seen()) {
    const halide_dimension_t& d = one.output().dims[2];
    all.emplace_back(d.min, d.min + d.extent);
  }
  return all;
}

/// Pieces claim ranges of `range` rows or more.
struct Ranged : Fake {
  Ranged(int64_t rows, int64_t range, int64_t grain = 1) : Fake(rows, 1, SEPCONV_AXIS_ROWS, grain) {
    phases.front().range = range;
  }
};

TEST(Shares, AreClaimedByHalvesFromTheFrontByTheirOwnersAndFromTheBackByOthers) {
  const Ranged fake(16, 1);
  const Call call(fake, 1, 2, forwards);
  ASSERT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_OK);
  EXPECT_EQ(rows(), (Rows{{0, 4}, {4, 7}, {7, 8}, {12, 16}, {9, 12}, {8, 9}}));
}

TEST(Shares, OfFourRangesLeaveOneAndOfLessStayWhole) {
  const Ranged fake(15, 2);
  const Call call(fake, 1, 2, backwards);
  ASSERT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_OK);
  EXPECT_EQ(rows(), (Rows{{7, 13}, {13, 15}, {0, 7}}));
}

TEST(Shares, TheFullestIsTakenFromFirst) {
  const Ranged fake(10, 10);
  const Call call(fake, 1, 3, forwards);
  ASSERT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_OK);
  EXPECT_EQ(rows(), (Rows{{0, 3}, {6, 10}, {3, 6}}));
}

TEST(Shares, NoRangeIsSmallerThanOneThatIsWorthIt) {
  for (const int64_t range : {1, 2, 3, 5, 9}) {
    for (const uint32_t threads : {2, 3, 5}) {
      const Ranged fake(97, range);
      const Call call(fake, 1, threads, backwards);
      ASSERT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_OK);
      for (const auto& [first, last] : rows()) EXPECT_GE(last - first, range) << threads;
    }
  }
}

struct Cut {
  int64_t rows, grain, range, n;
  uint32_t threads;
};
class EveryTask : public testing::TestWithParam<Cut> {};

TEST_P(EveryTask, IsClaimedOnce) {
  const Cut& cut = GetParam();
  for (const auto parallel_for : {forwards, backwards, on_threads}) {
    const Ranged fake(cut.rows, cut.range, cut.grain);
    const Call call(fake, cut.n, cut.threads, parallel_for);
    ASSERT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_OK);
    EXPECT_EQ(call.wrong_outputs(fake), 0);
    std::map<int, int64_t> times;
    for (const auto& [first, last] : rows()) {
      for (int row = first; row < last; ++row) ++times[row];
    }
    for (int row = 0; row < cut.rows; ++row) EXPECT_EQ(times[row], cut.n) << row;
  }
}
INSTANTIATE_TEST_SUITE_P(Cuts, EveryTask,
                         testing::Values(Cut{13, 1, 1, 1, 2}, Cut{13, 2, 1, 3, 4},
                                         Cut{13, 5, 1, 7, 3}, Cut{13, 1, 4, 5, 7},
                                         Cut{64, 1, 1, 1, 3}, Cut{2, 1, 1, 1, 9},
                                         Cut{3, 3, 1, 5, 8}, Cut{97, 1, 100, 4, 6}));

TEST(Shares, OfMorePiecesThanAreCountedAreTheirsAlone) {
  for (const uint32_t threads : {256, 257, 600}) {
    const Ranged fake(600, 1);
    const Call call(fake, 1, threads, backwards);
    ASSERT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_OK);
    EXPECT_EQ(call.wrong_outputs(fake), 0) << threads;
  }
}

std::atomic<int> done;

/// Counts the rows of a call when it ends; row 0 ends last.
int row_0_last(void** args) {
  const auto& output = *static_cast<halide_buffer_t*>(args[4]);
  const int count = output.dim[2].extent;
  while (output.dim[2].min == 0 && done + count < 64) std::this_thread::yield();
  done += count;
  return 0;
}

TEST(Shares, OfASlowPieceAreTakenByOthers) {
  Ranged fake(64, 1);
  fake.phases.front().function = row_0_last;
  done = 0;
  const Call call(fake, 1, 3, on_threads);
  EXPECT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_OK);
  EXPECT_EQ(done, 64);
}

TEST(Shares, AreLeftWhenAPieceFailed) {
  Ranged fake(64, 1);
  static int calls;
  calls = 0;
  fake.phases.front().function = [](void**) { return ++calls == 3 ? 1 : 0; };
  const Call call(fake, 1, 4, forwards);
  EXPECT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_KERNEL_FAILED);
  EXPECT_EQ(calls, 3);
}

}  // namespace
}  // namespace sepconv::runtime
