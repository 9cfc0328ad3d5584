// Tests: small layers whose outputs were worked out by hand.
#include <gtest/gtest.h>

#include "reference/reference.h"
#include "spec/name.h"

namespace sepconv::reference {
namespace {

using Values = std::vector<double>;

spec::Layer layer(const char* name) {
  const auto parsed = spec::parse_name(name);
  EXPECT_TRUE(parsed) << name;
  return parsed ? *parsed : spec::Layer{};
}

Values outputs(const char* name, Operands operands, int threads = 1) {
  return run(layer(name), operands, false, threads).values;
}

/// 1, 2, 3, ...
std::vector<float> counting(size_t count) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = static_cast<float>(i + 1);
  return values;
}

TEST(Pointwise, SumsOverChannelsAndAddsBias) {
  // One pixel (1, 2); columns (1, 3), (10, 30), (100, 300).
  const Operands operands{1, {1, 2}, {}, {{{1, 10, 100, 3, 30, 300}, {0.5, 0, -1}}}};
  EXPECT_EQ(outputs("pw_f32_n1h1w1c2_o3_none", operands), (Values{7.5, 70, 699}));
}

TEST(Pointwise, AddsTheResidualBeforeTheActivation) {
  const Operands operands{1, {1, -1}, {2, 0}, {{{-1}, {}}}};
  EXPECT_EQ(outputs("pw_f32_n1h1w2c1_o1_relu_res_nobias", operands), (Values{1, 1}));
  const Operands negative{1, {1, -1}, {0.5, -3}, {{{-1}, {}}}};
  EXPECT_EQ(outputs("pw_f32_n1h1w2c1_o1_relu_res_nobias", negative), (Values{0, 0}));
}

TEST(Depthwise, KeepsChannelsApart) {
  // 2x2 pixels of 2 channels, kernel 2x2 without padding: one output pixel.
  const Operands operands{1, counting(8), {}, {{{1, 10, 1, 10, 1, 10, 1, 10}, {}}}};
  EXPECT_EQ(outputs("dw_f32_n1h2w2c2_k2s1p0_none_nobias", operands),
            (Values{1 + 3 + 5 + 7, 10 * (2 + 4 + 6 + 8)}));
}

TEST(Depthwise, MultiplierMakesNeighbouringOutputChannels) {
  // Output channel c * 2 + j reads input channel c.
  const Operands operands{1, {3, 5}, {}, {{{1, 10, 100, 1000}, {}}}};
  EXPECT_EQ(outputs("dw_f32_n1h1w1c2_m2_k1s1p0_none_nobias", operands), (Values{3, 30, 500, 5000}));
}

TEST(Depthwise, PaddingIsZeroOnEverySideByItsOwnAmount) {
  // 1x3 row (1, 2, 3); taps (1, 10, 100); one zero on the left, none on the right.
  const Operands row{1, {1, 2, 3}, {}, {{{1, 10, 100}, {}}}};
  EXPECT_EQ(outputs("dw_f32_n1h1w3c1_k1x3s1p0x1x0x0_none_nobias", row), (Values{210, 321}));
  EXPECT_EQ(outputs("dw_f32_n1h1w3c1_k1x3s1p0x0x0x1_none_nobias", row), (Values{321, 32}));
  // The same column: padding order is top, left, bottom, right.
  EXPECT_EQ(outputs("dw_f32_n1h3w1c1_k3x1s1p1x0x0x0_none_nobias", row), (Values{210, 321}));
  EXPECT_EQ(outputs("dw_f32_n1h3w1c1_k3x1s1p0x0x1x0_none_nobias", row), (Values{321, 32}));
}

TEST(Depthwise, StridesAreHeightThenWidth) {
  const Operands operands{1, counting(12), {}, {{{1}, {}}}};  // 3 rows of 4
  EXPECT_EQ(outputs("dw_f32_n1h3w4c1_k1s2x3p0_none_nobias", operands), (Values{1, 4, 9, 12}));
}

TEST(Depthwise, DilationSpreadsTheTaps) {
  const Operands operands{1, counting(5), {}, {{{1, 10}, {}}}};
  EXPECT_EQ(outputs("dw_f32_n1h1w5c1_k1x2s1p0d1x3_none_nobias", operands), (Values{41, 52}));
}

TEST(Depthwise, AWindowInPaddingOnlyGivesTheBias) {
  const Operands operands{1, {7}, {}, {{{1}, {0.25}}}};
  EXPECT_EQ(outputs("dw_f32_n1h1w1c1_k1s2p1_none", operands), (Values{0.25, 0.25, 0.25, 0.25}));
}

TEST(Conv2d, SumsOverTapsAndChannels) {
  // 1x2 pixels of 2 channels; weights [kh][kw][ci][co].
  const Operands operands{1, {1, 2, 3, 4}, {}, {{{1, 0, 10, 0, 100, 1, 1000, 1}, {0, 5}}}};
  EXPECT_EQ(outputs("conv_f32_n1h1w2c2_o2_k1x2s1p0_none", operands), (Values{4321, 12}));
}

TEST(Chain, ActivatesBetweenDepthwiseAndPointwise) {
  // Depthwise doubles and clamps at 6; pointwise sums both channels.
  const Operands operands{1, {1, 4, -1, 2}, {}, {{{2, 2}, {}}, {{1, 1}, {}}}};
  EXPECT_EQ(outputs("dwpw_f32_n1h1w2c2_o1_k1s1p0_relu6_none_nobias_nodwbias", operands),
            (Values{2 + 6, 0 + 4}));
}

TEST(Chain, InvertedResidualAddsItsOwnInput) {
  // Expand to (x, -x), relu, depthwise times 3, project by the sum: 3|x| + x.
  const Operands operands{1, {2, -2}, {}, {{{1, -1}, {}}, {{3, 3}, {}}, {{1, 1}, {}}}};
  EXPECT_EQ(outputs("ir_f32_n1h1w2c1_e2_o1_k1s1p0_relu_none_none_res_nobias_nodwbias_noexpbias",
                    operands),
            (Values{8, 4}));
}

TEST(Chain, HiddenPaddingIsZeroAfterTheExpansion) {
  // The expansion's bias must not leak into the depthwise padding.
  const Operands operands{1, {1}, {}, {{{1}, {10}}, {{1, 1, 1}, {}}, {{1}, {}}}};
  EXPECT_EQ(
      outputs("ir_f32_n1h1w1c1_e1_o1_k1x3s1p0x1x0x1_none_none_none_nobias_nodwbias", operands),
      (Values{11}));
}

TEST(Batch, ImagesAreIndependentAndMayDifferFromTheLayers) {
  const Operands operands{3, {1, 2, 3}, {}, {{{2}, {1}}}};
  EXPECT_EQ(outputs("pw_f32_n1h1w1c1_o1_none", operands), (Values{3, 5, 7}));
}

TEST(Threads, ChangeNoBit) {
  const char* name = "dwpw_f32_n1h9w7c5_o6_k3s1p1_silu_gelu";
  Operands operands{
      1, counting(9 * 7 * 5), {}, {{counting(45), counting(5)}, {counting(30), counting(6)}}};
  for (float& x : operands.input) x = 1 / x;
  EXPECT_EQ(outputs(name, operands, 1), outputs(name, operands, 4));
}

TEST(LivePixels, AreThoseWithATapInside) {
  const auto live = live_pixels(layer("dw_f32_n1h1w1c1_k1s1p1_none"));
  EXPECT_EQ(live,
            (std::vector<bool>{false, false, false, false, true, false, false, false, false}));
}

TEST(LivePixels, FollowTheWholeChain) {
  for (const bool live : live_pixels(layer("dwpw_f32_n1h4w4c2_o3_k3s1p1_none_none"))) {
    EXPECT_TRUE(live);
  }
}

}  // namespace
}  // namespace sepconv::reference
