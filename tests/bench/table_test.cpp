// Tests of bench: the tables for people, against texts kept beside this file.
#include "bench/table.h"

#include "bench/roofline.h"
#include "bench/target_gaps.h"
#include "fixture.h"
#include "support/files.h"

namespace sepconv::bench {
namespace {

std::string golden(const std::string& name) {
  return support::read_file(SEPCONV_SOURCE_DIR "/tests/bench/goldens/" + name).value();
}

BenchReport report_of(std::vector<BenchRow> rows) {
  BenchReport report;
  report.machine = {"A CPU", {{"x86-64-v3", 118.46}}, {236, 117.6, 89, 26}, "zen4", {}};
  report.rows = std::move(rows);
  report.files = sums(report.rows);
  return report;
}

TEST(Table, ListsRowsReasonsAndSums) {
  BenchRow counted = timed_row("second_layer", "depthwise", 123.44, 0.755);
  counted.count = 5;
  const auto report =
      report_of({timed_row("first", "pointwise", 10, 0.9), counted, failed_row("third")});
  EXPECT_EQ(table(report), golden("rows.txt"));
}

TEST(Table, NamesTargetsWhereThereAreSeveral) {
  BenchRow other = timed_row("first", "pointwise", 8, 0.95);
  other.target = "x86-64-v4";
  EXPECT_EQ(table(report_of({timed_row("first", "pointwise", 10, 0.9), other})),
            golden("targets.txt"));
}

TEST(Table, ShowsRivalsBesideOurs) {
  BenchRow row = timed_row("first", "pointwise", 20, 0.9);
  row.peers = {peer("onednn", 1.25, true), peer("xnnpack", 0.5, false)};
  row.peers[0].cold_ratio = 1.5;
  EXPECT_EQ(table(report_of({row, timed_row("second", "pointwise", 10, 0.9)})),
            golden("peers.txt"));
}

TEST(Table, ShowsWhatSeveralThreadsGain) {
  BenchRow row = timed_row("first", "pointwise", 20, 0.9);
  set_speedup(row, 39, 51);
  BenchReport report = report_of({row});
  report.threads = 2;
  EXPECT_EQ(table(report), golden("threads.txt"));
}

TEST(TargetGaps, StandBesideTheWidestVectorsOverLayersThatBothTimed) {
  std::vector<BenchRow> rows;
  for (const char* target : {"x86-64-v3", "x86-64-v4"}) {
    const bool wide = std::string(target) == "x86-64-v4";
    rows.push_back(timed_row("first", "pointwise", wide ? 10 : 20, wide ? 0.95 : 0.9));
    rows.push_back(timed_row("second", "depthwise", wide ? 30 : 40, wide ? 0.8 : 0.6));
    if (wide) rows.push_back(timed_row("third", "depthwise", 1000, 0.1));
    for (size_t i = rows.size() - (wide ? 3 : 2); i < rows.size(); ++i) rows[i].target = target;
  }
  const auto gaps = target_gaps(report_of(rows));
  ASSERT_EQ(gaps.size(), 3u);  // pointwise, depthwise, total
  EXPECT_EQ(gaps[0].base, "x86-64-v4");
  EXPECT_NEAR(gaps[0].points(), 5, 1e-9);
  EXPECT_EQ(gaps[1].layers, 1);
  EXPECT_NEAR(gaps[1].points(), 20, 1e-9);
  EXPECT_NEAR(gaps[2].base_of_roofline, (10 * 0.95 + 30 * 0.8) / 40, 1e-9);
  EXPECT_EQ(gaps[2].most_layer, "second");
  EXPECT_DOUBLE_EQ(gaps[2].time_ratio, 1.5);
}

TEST(ConvolutionTable, PutsSeparableLayersBesideConvolutionsOfTheirShape) {
  BenchRow separable = timed_row("ds_64", "depthwise_separable", 100, 0.9);
  separable.name = "dwpw_f32_n1h224w224c3_o64_k3s2p0_none_none_nodwbias";
  separable.params = 283;
  separable.dw_flops = 665334;
  separable.pw_flops = 4731264;
  separable.flops = separable.dw_flops + separable.pw_flops;
  BenchRow dense = timed_row("conv_64", "conv2d", 250, 0.9);
  dense.name = "conv_f32_n1h224w224c3_o64_k3s2p0_none";
  dense.params = 1792;
  dense.flops = 42581376;
  BenchRow other = dense;
  other.name = "conv_f32_n1h224w224c3_o128_k3s2p0_none";
  EXPECT_EQ(convolution_table(report_of({separable, other, dense})), golden("convolution.txt"));
}

TEST(ConvolutionTable, IsEmptyWithoutSuchAPair) {
  EXPECT_EQ(convolution_table(report_of({timed_row("first", "pointwise", 10, 0.9)})), "");
}

}  // namespace
}  // namespace sepconv::bench
