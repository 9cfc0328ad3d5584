// Tests of schedules: the heuristic's point for layers that nobody listed. A few lines over 300:
// one test a rule.
#include <random>

#include "spec/validate.h"
#include "tests/schedules/fixture.h"
#include "tests/spec/random_layer.h"

namespace sepconv::schedules {
namespace {

std::string problems(const Errors& errors) {
  std::string text;
  for (const Error& error : errors) text += error.field + ": " + error.message + "; ";
  return text;
}

void expect_legal(const spec::Layer& layer, const targets::Target& target) {
  if (!unsupported(layer, target).empty()) return;
  const Point point = heuristic(layer, target);
  const Errors errors = legal(point, layer, target);
  EXPECT_TRUE(errors.empty()) << spec::canonical_name(layer) << " on " << target.name << ": "
                              << to_string(point) << ": " << problems(errors);
}

TEST(Heuristic, IsLegalForRandomLayersOnEveryTarget) {
  std::mt19937 random(7);
  for (int i = 0; i < 4000; ++i) {
    spec::Layer layer = tests::random_layer(random);
    layer.input.h = 1 + (i * 7) % 130;
    layer.input.w = 1 + (i * 11) % 90;
    if (!spec::validate(layer).empty()) continue;  // a window that is larger than its input
    for (const char* target : kCpuTargets) expect_legal(layer, target_of(target));
    if (HasFailure()) return;
  }
}

TEST(Heuristic, IsLegalForLayersLargerThanCaches) {
  for (const char* name :
       {"dw_f32_n1h540w960c96_k3s2p1_relu6", "pw_f32_n1h256w256c2048_o2048_none",
        "dw_f32_n1h256w256c64_k31s1p15_none", "conv_f32_n1h640w640c3_o96_k7s4p3_gelu",
        "ir_f32_n1h256w256c160_e960_o160_k7s1p3_silu_silu_none_res",
        "dwpw_f32_n1h1024w3c1024_o8_k3s1p1_relu_none",
        "ir_f16_n1h256w256c160_e960_o160_k7s1p3_silu_silu_none_res",
        "dwpw_f16_n1h256w256c512_o512_k3s1p1_relu_none_accf16"}) {
    for (const char* target : kCpuTargets) expect_legal(layer_of(name), target_of(target));
  }
}

TEST(Heuristic, DependsOnNeitherNameNorBatchNorActivation) {
  const targets::Target target = target_of("x86-64-v3");
  spec::Layer layer = layer_of("dwpw_f32_n1h28w28c96_o64_k3s1p1_relu6_none");
  const Point point = heuristic(layer, target);
  layer.name = "another";
  layer.input.n = 5;
  layer.count = 9;
  layer.stages[0].activation = spec::Activation::none;
  EXPECT_EQ(heuristic(layer, target), point);
}

TEST(Heuristic, GivesOddChannelsVectorsOfEight) {
  const Point point =
      heuristic(layer_of("dwpw_f32_n1h19w19c13_o8_k5s1p2_none_none"), target_of("x86-64-v3"));
  EXPECT_EQ(point.at("dw_lanes"), 8);
}

int64_t chosen(const char* knob, const char* layer, const char* target = "x86-64-v4") {
  return heuristic(layer_of(layer), target_of(target)).at(knob);
}

TEST(Heuristic, SplitsColumnsThatReadPadding) {
  EXPECT_EQ(chosen("dw_split", "dw_f32_n1h28w28c128_k9s1p4_relu"), 1);
  EXPECT_EQ(chosen("dw_split", "dw_f32_n1h28w28c128_k9s1p0_relu"), 0);
  EXPECT_EQ(chosen("dw_split", "dw_f32_n1h28w28c128_k9s1p4x0x4x0_relu"), 2);
  EXPECT_EQ(chosen("dw_split", "dw_f32_n1h28w7c128_k9s1p4_relu"), 2);
}

TEST(Heuristic, SplitsNothingFromWindowsThatSeeOnlyPadding) {
  EXPECT_EQ(chosen("dw_split", "ir_f32_n1h9w1c38_e23_o2_k3x2s3p2_relu6_none_none"), 0);
  EXPECT_NE(chosen("dw_split", "ir_f32_n1h9w2c38_e23_o2_k3x2s3p2_relu6_none_none"), 0);
}

TEST(Heuristic, SetsTheLastStageApartWhereRowsOverlapMuchInL2) {
  EXPECT_EQ(chosen("rows", "dwpw_f32_n1h19w19c256_o256_k3s1p1_relu_relu"), 0);
  EXPECT_NE(chosen("rows", "dwpw_f32_n1h20w20c256_o256_k3s1p1_relu_relu"), 0);
  EXPECT_NE(chosen("rows", "dwpw_f32_n1h95w95c256_o256_k3s1p1_relu_relu"), 0);
  // Weights of 4 MiB, which no L2 holds.
  EXPECT_EQ(chosen("rows", "dwpw_f32_n1h10w10c1024_o1024_k3s1p1_relu_relu"), 0);
}

TEST(Heuristic, KeepsTestsInNarrowVectorsOfFusedLayers) {
  EXPECT_EQ(chosen("dw_split", "dwpw_f32_n3h12w8c6_o32_k7s1p3_relu6_none", "x86-64-v3"), 0);
  EXPECT_EQ(chosen("dw_split", "dw_f32_n3h11w8c6_k7s1p3_relu6", "x86-64-v3"), 1);
}

TEST(Heuristic, SkipsRowsOfZerosOfDenseWindows) {
  EXPECT_EQ(chosen("cv_split", "conv_f32_n1h56w56c32_o64_k3s1p1_none"), 2);
  EXPECT_EQ(chosen("cv_split", "conv_f32_n1h4w4c32_o64_k3s1p1_none"), 2);
  EXPECT_EQ(chosen("cv_split", "conv_f32_n1h56w56c32_o64_k3s1p0_none"), 0);
  EXPECT_EQ(chosen("cv_split", "conv_f16_n1h56w56c32_o64_k3s1p1_none"), 0);
}

TEST(Heuristic, WalksDownOnlyWithWholeLinesInL2) {
  EXPECT_EQ(chosen("dw_order", "dw_f32_n1h28w28c96_k7s1p3_relu"), 3);
  EXPECT_EQ(chosen("dw_order", "dw_f32_n1h300w300c96_k7s1p3_relu"), 0);
  EXPECT_EQ(chosen("dw_order", "dw_f32_n1h28w28c96_k7s1p3_relu", "x86-64-v3"), 0);
}

TEST(Heuristic, ReadsMapsFromBeyondL2ByTallTiles) {
  EXPECT_EQ(chosen("dw_y", "dw_f32_n1h56w56c64_k3s1p1_relu"), 2);
  EXPECT_EQ(chosen("dw_y", "dw_f32_n1h256w256c64_k3s1p1_relu"), 4);
}

TEST(Heuristic, HalvesWhatWideWindowsReadFromBeyondL2) {
  EXPECT_EQ(chosen("dw_y", "dw_f32_n1h56w56c64_k7s1p3_relu"), 1);
  EXPECT_EQ(chosen("dw_y", "dw_f32_n1h256w256c64_k7s1p3_relu"), 2);
}

TEST(Heuristic, PassesStridedWideWindowsByPairsOfLinesWhereRowsLeaveL1) {
  const char* fits = "dw_f32_n1h28w28c184_k5s2p2_relu";  // lines of 7 rows spread over half of L1
  EXPECT_EQ(chosen("dw_order", fits), 2);
  EXPECT_EQ(chosen("dw_y", fits), 2);
  EXPECT_EQ(chosen("dw_v", fits), 1);
  const char* leaves = "dw_f32_n1h28w28c192_k5s2p2_relu";  // over 16 of 64 sets
  EXPECT_EQ(chosen("dw_order", leaves), 2);
  EXPECT_EQ(chosen("dw_y", leaves), 1);
  EXPECT_EQ(chosen("dw_v", leaves), 2);
  EXPECT_EQ(chosen("dw_order", "dw_f32_n1h112w112c240_k5s2p2_relu"), 0);
}

TEST(Heuristic, UsesDilatedLinesWhileTheyAreInL1) {
  // 80 channels spread over all sets of L1, 256 over four.
  EXPECT_EQ(chosen("dw_order", "dw_f32_n1h33w33c80_k3s1p4d4_relu", "x86-64-v4"), 2);
  EXPECT_EQ(chosen("dw_x", "dw_f32_n1h33w33c80_k3s1p4d4_relu", "x86-64-v4"), 11);
  EXPECT_EQ(chosen("dw_order", "dw_f32_n1h33w33c256_k3s1p2d2_relu", "x86-64-v4"), 0);
  EXPECT_EQ(chosen("dw_x", "dw_f32_n1h33w33c256_k3s1p2d2_relu", "x86-64-v4"), 4);
  EXPECT_EQ(chosen("dw_v", "dw_f32_n1h33w33c256_k3s1p2d2_relu", "x86-64-v4"), 2);
}

TEST(Heuristic, TakesDilatedPartsOfLinesTogether) {
  EXPECT_EQ(chosen("dw_order", "dw_f32_n1h33w33c80_k3s1p4d4_relu", "x86-64-v3"), 0);
}

TEST(Heuristic, PassesPairsOfVectorsThatCrossLines) {
  const char* wide = "x86-64-v4@sapphirerapids";
  const char* crosses = "dw_f32_n1h28w28c146_k3s1p1_none";
  EXPECT_EQ(chosen("dw_v", crosses, wide), 2);
  EXPECT_EQ(chosen("dw_order", crosses, wide), 2);
  EXPECT_EQ(chosen("dw_v", crosses, "x86-64-v3"), 1);
  EXPECT_EQ(chosen("dw_v", "dw_f32_n1h28w28c144_k3s1p1_none", wide), 1);  // nine lines a pixel
  // A pair would be a third of 72 channels too wide, and L2 does not hold two maps of 56x56x100.
  EXPECT_EQ(chosen("dw_v", "dw_f32_n1h28w28c72_k3s1p1_none", wide), 1);
  EXPECT_EQ(chosen("dw_order", "dw_f32_n1h28w28c72_k3s1p1_none", wide), 2);
  EXPECT_EQ(chosen("dw_v", "dw_f32_n1h56w56c100_k3s1p1_none", wide), 2);
  EXPECT_EQ(chosen("dw_order", "dw_f32_n1h56w56c100_k3s1p1_none", wide), 0);
}

TEST(Heuristic, KeepsCopiesOfAnInputChannelInAVector) {
  EXPECT_EQ(chosen("dw_lanes", "dw_f32_n1h30w31c29_m8_k3s2p0_none", "x86-64-v4"), 8);
  EXPECT_EQ(chosen("dw_lanes", "dw_f32_n1h30w31c28_m8_k3s2p0_none", "x86-64-v4"), 16);
}

TEST(Heuristic, HoldsWholeCopiesOfOddMultipliersInAVector) {
  EXPECT_EQ(chosen("dw_lanes", "dw_f32_n1h28w28c32_m3_k3s1p1_none", "x86-64-v4"), 48);
  EXPECT_EQ(chosen("dw_lanes", "dw_f32_n1h28w28c32_m6_k3s1p1_none", "x86-64-v3"), 24);
  EXPECT_EQ(chosen("dw_lanes", "dw_f32_n1h28w28c32_m5_k3s1p1_none", "arm64"), 20);
  // Fewer channels than a vector could hold; a single one, which is broadcast; planes.
  EXPECT_EQ(chosen("dw_lanes", "dw_f32_n1h28w28c2_m3_k3s1p1_none", "x86-64-v4"), 6);
  EXPECT_EQ(chosen("dw_lanes", "dw_f32_n1h28w28c1_m48_k3s1p1_none", "x86-64-v4"), 16);
  EXPECT_EQ(chosen("dw_lanes", "dw_f32_n1h28w28c32_m3_k3s1p1_none_nchw", "x86-64-v3"), 8);
}

TEST(Heuristic, ComputesWholeMapsOfMoreAccumulatorsThanRegistersPixelByPixel) {
  EXPECT_EQ(chosen("dw_unroll", "dw_f32_n1h14w14c288_k4s2p1_none", "x86-64-v4"), 3);
  EXPECT_EQ(chosen("dw_unroll", "dw_f32_n1h7w7c128_k3x5s1p1x2x1x2_none", "x86-64-v4"), 3);
  EXPECT_EQ(chosen("dw_unroll", "dw_f32_n1h5w5c128_k5s1p2_none", "x86-64-v4"), 0);
  EXPECT_LE(chosen("dw_y", "dw_f32_n1h36w2c64_k4s1p1_none", "x86-64-v4"), 30);  // a column of 35
}

TEST(Heuristic, UnrollsTapsWherePixelsWaitInRegisters) {
  const char* wide = "x86-64-v4@sapphirerapids";
  EXPECT_EQ(chosen("cv_taps", "conv_f32_n1h112w112c3_o16_k3s1p1_relu", wide), 1);
  EXPECT_EQ(chosen("cv_taps", "conv_f32_n1h112w112c3_o32_k3s2p1_relu", wide), 2);
  EXPECT_EQ(chosen("cv_taps", "conv_f32_n1h112w112c3_o32_k3s2p0_relu", wide), 0);
  EXPECT_EQ(chosen("cv_taps", "conv_f32_n1h112w112c3_o32_k3s2p1_relu", "x86-64-v4"), 0);
  EXPECT_EQ(chosen("cv_taps", "conv_f32_n1h112w112c3_o16_k5s2p2_relu", wide), 0);
  EXPECT_EQ(chosen("cv_taps", "conv_f32_n1h112w112c16_o16_k3s1p1_relu", wide), 0);
}

TEST(Heuristic, WritesPixelsBeyondL2Whole) {
  const char* wide = "x86-64-v4@sapphirerapids";
  EXPECT_EQ(chosen("pw_order", "pw_f32_n1h80w80c18_o405_none", wide), 0);
  EXPECT_EQ(chosen("pw_order", "pw_f32_n1h20w20c18_o405_none", wide), 1);
  EXPECT_GT(chosen("pw_block", "pw_f32_n1h56w56c40_o300_none", wide), 0);
  EXPECT_EQ(chosen("pw_block", "pw_f32_n1h14w14c40_o300_none", wide), 0);
}

TEST(Heuristic, PassesWindowsThatShareNothingAsOneStream) {
  const char* wide = "x86-64-v4@sapphirerapids";
  EXPECT_EQ(chosen("dw_x", "dw_f32_n1h56w56c64_k1s1p0_relu6", wide), 1);
  EXPECT_GT(chosen("dw_x", "dw_f32_n1h9w9c32_k1s1p0_relu6", wide), 1);      // in L1
  EXPECT_EQ(chosen("dw_x", "dw_f32_n1h58w50c642_k2s2p0_relu6", wide), 1);   // beyond L2
  EXPECT_GT(chosen("dw_x", "dw_f32_n1h112w112c64_k2s2p0_relu6", wide), 1);  // whole lines
  EXPECT_GT(chosen("dw_x", "dw_f32_n1h58w50c642_k3s2p0_relu6", wide), 1);
}

TEST(Heuristic, KeepsOneSumInARegister) {
  const char* wide = "x86-64-v4@sapphirerapids";
  EXPECT_EQ(chosen("pw_lanes", "dwpw_f32_n1h40w40c32_o3_k3s1p1_silu_none", wide), 8);
  EXPECT_EQ(chosen("pw_lanes", "dwpw_f32_n1h40w40c32_o3_k3s1p1_silu_none", "x86-64-v3"), 4);
  EXPECT_GT(chosen("pw_unroll", "pw_f32_n1h2w3c24_o1_relu", wide), 0);
}

TEST(Heuristic, ReadsPixelsBeyondL2Whole) {
  const char* wide = "x86-64-v4@sapphirerapids";
  EXPECT_EQ(chosen("pw_unroll", "pw_f32_n1h112w112c32_o16_none", wide), 0);
  EXPECT_GT(chosen("pw_unroll", "pw_f32_n1h28w28c32_o16_none", wide), 0);
  EXPECT_GT(chosen("pw_unroll", "pw_f32_n1h112w112c32_o64_none", wide), 0);
}

TEST(Heuristic, LeavesNoMoreToTheLoopOverChannelsThanRegistersHold) {
  EXPECT_GT(chosen("pw_unroll", "pw_f32_n1h28w28c11_o64_none", "x86-64-v3"), 0);
  EXPECT_GT(chosen("pw_unroll", "pw_f32_n1h28w28c3_o64_none", "x86-64-v3"), 0);
  EXPECT_EQ(chosen("pw_unroll", "pw_f32_n1h28w28c3_o16_none", "x86-64-v3"), 0);
}

TEST(Heuristic, HidesTheEndsOfTilesThatHoldPixels) {
  const auto sums = [](const char* name, const char* target) {
    return chosen("pw_x", name, target) * chosen("pw_v", name, target);
  };
  EXPECT_EQ(sums("pw_f32_n1h56w56c24_o32_none", "x86-64-v4@sapphirerapids"), 12);
  EXPECT_GT(sums("pw_f32_n1h56w56c240_o32_none", "x86-64-v4@sapphirerapids"), 16);
  EXPECT_GT(sums("pw_f32_n1h56w56c24_o32_none", "x86-64-v4@zen4"), 16);
}

TEST(Heuristic, ExpandsBlocksOfFewRowsOverTheWholeMap) {
  const char* wide = "x86-64-v4@sapphirerapids";
  EXPECT_EQ(chosen("rows", "ir_f32_n1h14w14c64_e384_o64_k3s1p1_relu6_relu6_none_res", wide), 0);
  EXPECT_EQ(chosen("dw_x", "ir_f32_n1h14w14c64_e384_o64_k3s1p1_relu6_relu6_none_res", wide), 2);
  EXPECT_GT(chosen("rows", "ir_f32_n1h28w28c32_e192_o32_k3s1p1_relu6_relu6_none_res", wide), 0);
  EXPECT_EQ(chosen("dw_v", "ir_f32_n1h28w28c32_e192_o64_k3s2p1_relu6_relu6_none", wide), 2);
  EXPECT_EQ(chosen("dw_v", "ir_f32_n1h14w14c64_e256_o96_k3s2p1_relu6_relu6_none", wide), 1);
  // No tile divides the hidden channels; L2 does not hold them.
  EXPECT_GT(chosen("rows", "ir_f32_n1h14w14c80_e200_o80_k3s1p1_relu6_relu6_none_res", wide), 0);
  EXPECT_GT(chosen("rows", "ir_f32_n1h20w20c192_e1152_o192_k3s1p1_relu_relu_none_res", wide), 0);
}

TEST(Heuristic, TakesHigherStepsWhereHalfOfL2HoldsTheirRing) {
  const char* wide = "x86-64-v4@sapphirerapids";
  const char* strided = "ir_f32_n1h112w112c16_e96_o24_k3s2p1_relu6_relu6_none";
  EXPECT_EQ(chosen("rows", strided, wide), 4);
  EXPECT_EQ(chosen("dw_y", strided, wide), 4);
  EXPECT_EQ(chosen("rows", strided, "x86-64-v4"), 2);
  EXPECT_EQ(chosen("rows", strided, "x86-64-v3@sapphirerapids"), 2);
  EXPECT_EQ(chosen("rows", "ir_f32_n1h256w256c16_e96_o24_k3s2p1_relu6_relu6_none", wide), 2);
  // Seven steps would leave one of two threads a step more.
  EXPECT_EQ(chosen("rows", "ir_f32_n1h28w28c32_e192_o32_k3s1p1_relu6_relu6_none", wide), 2);
}

TEST(Heuristic, OverlapsChannelsWhereNoTileDividesThem) {
  // 19 blocks of 16: one vector is the only divisor.
  const char* wide = "x86-64-v4@sapphirerapids";
  EXPECT_GT(chosen("pw_v", "pw_f32_n1h14w14c304_o304_none", wide), 1);
  EXPECT_GT(chosen("cv_v", "conv_f32_n1h14w14c40_o300_k3s1p1_none", wide), 1);
}

TEST(Heuristic, PassesInputsBeyondL2InBlocks) {
  EXPECT_EQ(chosen("pw_block", "pw_f32_n1h14w14c64_o256_none"), 0);
  EXPECT_GT(chosen("pw_block", "pw_f32_n1h112w112c128_o256_none"), 0);
  EXPECT_GT(chosen("pw_block", "pw_f32_n1h112w112c128_o256_none", "arm64"), 0);
}

TEST(Heuristic, KeepsPixelsTogetherWhereWeightsDoNotStayInL2) {
  EXPECT_EQ(chosen("pw_block", "pw_f32_n1h28w28c1024_o2048_none"), 0);
}

TEST(Heuristic, LoadsLessAnFmaWhereTwoIssueACycle) {
  const spec::Layer layer = layer_of("pw_f32_n1h28w28c256_o256_none");
  const auto loads = [&](const char* target) {
    const Point point = heuristic(layer, target_of(target));
    const auto x = static_cast<double>(point.at("pw_x")), v = static_cast<double>(point.at("pw_v"));
    return (x + v) / (x * v);
  };
  EXPECT_LT(loads("x86-64-v4@sapphirerapids"), loads("x86-64-v4@zen4"));
}

TEST(Heuristic, KeepsStreamsOfOneSetWithinItsWays) {
  // Pixels of 4 KiB: all fall into one set of L1, which has 8 ways.
  const Point point =
      heuristic(layer_of("pw_f32_n1h14w14c1024_o256_none"), target_of("x86-64-v4@zen4"));
  EXPECT_LT(point.at("pw_x"), 8);
}

TEST(Heuristic, UsesTheTargetsData) {
  const spec::Layer layer = layer_of("pw_f32_n1h28w28c256_o256_none");
  targets::Target target = target_of("x86-64-v4@zen4");
  const Point wide = heuristic(layer, target);
  target.registers = 16;
  target.vector_bits = 256;
  EXPECT_NE(heuristic(layer, target), wide);
}

}  // namespace
}  // namespace sepconv::schedules
