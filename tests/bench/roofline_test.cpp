// Tests of bench: rooflines from fixed ceilings, and sums over rows.
#include "bench/roofline.h"

#include "fixture.h"

namespace sepconv::bench {
namespace {

/// 2 FLOP a byte.
spec::Cost cost_of(int64_t bytes) {
  spec::Cost cost;
  cost.input_bytes = bytes / 2;
  cost.output_bytes = bytes / 4;
  cost.parameter_bytes = bytes / 4;
  cost.pointwise_macs = bytes;
  return cost;
}

TEST(Roofline, ReadsAreAllButTheOutput) { EXPECT_DOUBLE_EQ(read_share(cost_of(400)), 0.75); }

TEST(Roofline, IsThePeakWhereBandwidthAllowsMore) {
  EXPECT_DOUBLE_EQ(roofline_gflops(cost_of(400), 100, ceilings()), 100);
}

TEST(Roofline, IsTheBandwidthOfTheSmallestLevelThatHoldsTheBytes) {
  EXPECT_DOUBLE_EQ(roofline_gflops(cost_of(1000), 1e6, ceilings()), 20000);
  EXPECT_DOUBLE_EQ(roofline_gflops(cost_of(1004), 1e6, ceilings()), 2000);
  EXPECT_DOUBLE_EQ(roofline_gflops(cost_of(10004), 1e6, ceilings()), 200);
  EXPECT_DOUBLE_EQ(roofline_gflops(cost_of(100004), 1e6, ceilings()), 20);
}

TEST(Roofline, TakesTheBandwidthOfTheLayersOwnShareOfReads) {
  measure::Ceilings mixed = ceilings();
  mixed.levels[0] = {{0.5, 1}, {10, 30}};  // at 3/4 reads: half the time at either rate
  EXPECT_DOUBLE_EQ(roofline_gflops(cost_of(400), 1e6, mixed), 2 * 15);
}

TEST(Roofline, FillsARowFromItsMedian) {
  BenchRow row = timed_row("a", "pointwise", 10, 0);
  set_roofline(row, cost_of(400000), 1e6, ceilings());
  EXPECT_DOUBLE_EQ(*row.gflops, 80);
  EXPECT_DOUBLE_EQ(*row.roofline_gflops, 20);
  EXPECT_DOUBLE_EQ(*row.of_roofline, 4);  // nothing says that bytes really come from DRAM
  EXPECT_EQ(row.status, Status::ok);
}

TEST(Roofline, MistrustsARowAboveThePeak) {
  BenchRow row = timed_row("a", "pointwise", 10, 0);
  set_roofline(row, cost_of(400000), 79, ceilings());
  EXPECT_EQ(row.status, Status::mistrusted);
  EXPECT_NE(row.reason.find("peak"), std::string::npos);
}

TEST(Roofline, AllowsARowAboveThePeakByItsPaddingTaps) {
  spec::Cost cost = cost_of(400000);
  cost.padding_macs = cost.macs() / 10;
  BenchRow row = timed_row("a", "depthwise", 10, 0);
  set_roofline(row, cost, 73, ceilings());
  EXPECT_EQ(row.status, Status::ok);
  set_roofline(row, cost, 71, ceilings());
  EXPECT_EQ(row.status, Status::mistrusted);
}

TEST(Roofline, WithoutAPeakThereIsOnlyTheRate) {
  BenchRow row = timed_row("a", "pointwise", 10, 0);
  row.of_roofline.reset();
  row.roofline_gflops.reset();
  set_roofline(row, cost_of(400000), 0, ceilings());
  EXPECT_DOUBLE_EQ(*row.gflops, 80);
  EXPECT_FALSE(row.of_roofline);
}

TEST(Sums, WeighSharesByCountAndTime) {
  BenchRow twice = timed_row("b", "pointwise", 10, 0.9);
  twice.count = 2;
  const auto sums = bench::sums({timed_row("a", "pointwise", 30, 0.4), twice});
  ASSERT_EQ(sums.size(), 2u);
  EXPECT_EQ(sums[0].op, "pointwise");
  EXPECT_EQ(sums[1].op, "total");
  EXPECT_DOUBLE_EQ(sums[0].sum_us, 50);
  EXPECT_DOUBLE_EQ(*sums[0].weighted_of_roofline, (30 * 0.4 + 20 * 0.9) / 50);
  EXPECT_NEAR(*sums[0].geomean_of_roofline, 0.6, 1e-12);
}

TEST(Sums, AnOpCountsOnlyItsRows) {
  const auto sums =
      bench::sums({timed_row("a", "pointwise", 30, 0.5), timed_row("b", "depthwise", 10, 0.8)});
  ASSERT_EQ(sums.size(), 3u);
  EXPECT_DOUBLE_EQ(sums[0].sum_us, 30);
  EXPECT_DOUBLE_EQ(sums[1].sum_us, 10);
  EXPECT_DOUBLE_EQ(sums[2].sum_us, 40);
}

TEST(Sums, KeepFilesAndTargetsApart) {
  BenchRow other_file = timed_row("a", "pointwise", 30, 0.5);
  other_file.file = "other.json";
  BenchRow other_target = timed_row("a", "pointwise", 30, 0.5);
  other_target.target = "x86-64-v4";
  const auto sums = bench::sums({timed_row("a", "pointwise", 30, 0.5), other_target, other_file});
  ASSERT_EQ(sums.size(), 6u);
  for (const FileSum& sum : sums) EXPECT_DOUBLE_EQ(sum.sum_us, 30);
}

TEST(Sums, LeaveOutRowsThatAreNotOk) {
  BenchRow mistrusted = timed_row("b", "pointwise", 10, 1.2);
  mistrusted.status = Status::mistrusted;
  const auto sums =
      bench::sums({timed_row("a", "pointwise", 30, 0.4), mistrusted, failed_row("c")});
  EXPECT_DOUBLE_EQ(sums[0].sum_us, 30);
  EXPECT_DOUBLE_EQ(*sums[0].weighted_of_roofline, 0.4);
}

TEST(Sums, WithoutGoodRowsHaveNoMeans) {
  const auto sums = bench::sums({failed_row("a")});
  ASSERT_EQ(sums.size(), 2u);
  EXPECT_EQ(sums[0].sum_us, 0);
  EXPECT_FALSE(sums[0].weighted_of_roofline);
  EXPECT_FALSE(sums[0].geomean_ratio);
}

TEST(Sums, CompareWithTheFastestRivalThatAgrees) {
  BenchRow row = timed_row("a", "pointwise", 10, 0.9);
  row.peers = {peer("onednn", 1.5, true), peer("xnnpack", 0.5, false),
               peer("onnxruntime", 1.25, true)};
  const auto sums = bench::sums({row, timed_row("b", "pointwise", 90, 0.9)});
  EXPECT_DOUBLE_EQ(*sums[0].weighted_ratio, 1.25);
  EXPECT_DOUBLE_EQ(*sums[0].geomean_ratio, 1.25);
}

TEST(Sums, CompareColdTimesWithTheFastestColdRival) {
  BenchRow row = timed_row("a", "pointwise", 10, 0.9);  // 30 us cold
  row.peers = {peer("onednn", 1.5, true), peer("xnnpack", 1.25, true)};
  row.peers[0].cold_ratio = 2;
  row.peers[1].cold_ratio = 3;
  BenchRow other = timed_row("b", "pointwise", 30, 0.9);  // 90 us cold
  other.peers = {peer("onednn", 1, true)};
  other.peers[0].cold_ratio = 4.5;
  const auto sums = bench::sums({row, other});
  EXPECT_DOUBLE_EQ(*sums[0].sum_cold_us, 120);
  EXPECT_DOUBLE_EQ(*sums[0].weighted_cold_ratio, (30 * 2 + 90 * 4.5) / 120);
  EXPECT_DOUBLE_EQ(*sums[0].geomean_cold_ratio, 3);
}

TEST(Sums, OfSeveralThreadsSayWhatTheyGain) {
  BenchRow good = timed_row("a", "pointwise", 100, 0.9);
  set_speedup(good, 190, 50);
  EXPECT_DOUBLE_EQ(*good.speedup, 1.9);
  EXPECT_DOUBLE_EQ(*good.roofline_speedup, 2);
  BenchRow bad = timed_row("b", "pointwise", 10, 0.9);
  bad.count = 2;
  set_speedup(bad, 9, 50);
  const auto sums = bench::sums({good, bad});
  EXPECT_DOUBLE_EQ(*sums[0].speedup, (190 + 2 * 9) / 120.0);
  EXPECT_DOUBLE_EQ(*sums[0].least_speedup, 0.9);
}

}  // namespace
}  // namespace sepconv::bench
