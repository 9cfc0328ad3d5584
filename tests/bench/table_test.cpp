// Tests of bench: the tables for people, against texts kept beside this file.
#include "bench/table.h"

#include "bench/roofline.h"
#include "fixture.h"
#include "support/files.h"

namespace sepconv::bench {
namespace {

std::string golden(const std::string& name) {
  return support::read_file(SEPCONV_SOURCE_DIR "/tests/bench/goldens/" + name).value();
}

BenchReport report_of(std::vector<BenchRow> rows) {
  BenchReport report;
  report.machine = {"A CPU", {{"x86-64-v3", 118.46}}, {236, 117.6, 89, 26}};
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
  EXPECT_EQ(table(report_of({row, timed_row("second", "pointwise", 10, 0.9)})),
            golden("peers.txt"));
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
