// Tests: outputs that would prove little are recognised, and only where there are enough of them.
#include <gtest/gtest.h>

#include "measure/check.h"
#include "spec/name.h"

namespace sepconv::measure {
namespace {

spec::Layer layer(const std::string& name) {
  const auto parsed = spec::parse_name(name);
  EXPECT_TRUE(parsed) << name;
  return parsed ? *parsed : spec::Layer{};
}

/// 20 outputs: `count` of the first value, the rest different numbers between the clamps.
reference::Expected outputs(size_t count, double first) {
  reference::Expected expected;
  for (size_t i = 0; i < 20; ++i) {
    expected.values.push_back(i < count ? first : 1 + static_cast<double>(i) / 10);
  }
  return expected;
}

std::string verdict(const std::string& activation, size_t count, double first) {
  return distrust(layer("pw_f32_n1h1w1c3_o20_" + activation), outputs(count, first));
}

TEST(Distrust, GoodOutputsAreTrusted) {
  for (const char* activation : {"none", "relu", "relu6", "silu"}) {
    EXPECT_EQ(verdict(activation, 0, 0), "") << activation;
  }
}

TEST(Distrust, ConstantOutputsAreNot) {
  EXPECT_NE(verdict("none", 20, 2.5).find("all 20 outputs have the value 2.5"), std::string::npos);
}

TEST(Distrust, MostlyZeroOutputsAreNot) {
  EXPECT_EQ(verdict("none", 15, 0), "");
  EXPECT_NE(verdict("none", 16, 0).find("16 of 20 outputs are zero"), std::string::npos);
}

TEST(Distrust, AQuarterMustLieBetweenTheClamps) {
  EXPECT_EQ(verdict("relu6", 15, 6), "");
  EXPECT_NE(verdict("relu6", 16, 6).find("only 4 of 20 outputs lie strictly between"),
            std::string::npos);
}

TEST(Distrust, OnlyRelu6HasAnUpperClamp) {
  EXPECT_EQ(verdict("relu", 16, 6), "");
  EXPECT_EQ(verdict("none", 16, 6), "");
}

TEST(Distrust, FewOutputsAreTrustedWhateverTheyAre) {
  EXPECT_EQ(distrust(layer("pw_f32_n1h1w1c3_o15_none"), {std::vector<double>(15, 0.0), {}}), "");
  EXPECT_NE(distrust(layer("pw_f32_n1h1w1c3_o16_none"), {std::vector<double>(16, 0.0), {}}), "");
}

TEST(Distrust, OutputsWithoutATapInsideDoNotCount) {
  // One live pixel of nine; the other eight hold the bias, here zero.
  const spec::Layer padded = layer("dw_f32_n1h1w1c20_k1s1p1_none");
  reference::Expected expected;
  expected.values.assign(9 * 20, 0.0);
  for (size_t c = 0; c < 20; ++c) expected.values[4 * 20 + c] = static_cast<double>(c + 1);
  EXPECT_EQ(distrust(padded, expected), "");
}

TEST(Prepare, GivesBothPassesForABatchMore) {
  const Prepared prepared = prepare(layer("dwpw_f32_n2h6w6c8_o12_k3s1p1_relu6_none"), 1);
  ASSERT_TRUE(prepared.exact);
  EXPECT_EQ(prepared.mistrust, "");
  EXPECT_EQ(prepared.exact->operands.n, 3);
  EXPECT_TRUE(prepared.exact->expected.bounds.empty());
  EXPECT_EQ(prepared.real.operands.n, 3);
  EXPECT_EQ(prepared.real.expected.bounds.size(), prepared.real.expected.values.size());
}

TEST(Prepare, RunsTheExactPassOnTheTwin) {
  const Prepared prepared = prepare(layer("pw_f32_n1h4w4c8_o12_gelu"), 1);
  ASSERT_TRUE(prepared.exact);
  EXPECT_EQ(prepared.exact->layer.stages[0].activation, spec::Activation::none);
  EXPECT_EQ(prepared.real.layer.stages[0].activation, spec::Activation::gelu);
}

class PrepareTrusts : public testing::TestWithParam<const char*> {};

TEST_P(PrepareTrusts, ItsOwnValues) {
  const Prepared prepared = prepare(layer(GetParam()), 1);
  EXPECT_TRUE(prepared.exact);
  EXPECT_EQ(prepared.mistrust, "");
}

INSTANTIATE_TEST_SUITE_P(
    Layers, PrepareTrusts,
    testing::Values("dw_f32_n1h14w14c32_k3s1p1_relu6", "dw_f32_n1h7w7c64_k5s1p2_relu_nobias",
                    "pw_f32_n1h7w7c320_o64_relu6", "pw_f32_n1h4w4c1280_o24_relu6_nobias",
                    "pw_f32_n1h7w7c96_o24_none_res", "pw_f32_n1h7w7c96_o24_relu_res",
                    "dwpw_f32_n1h8w8c64_o128_k3s1p1_relu6_relu6",
                    "ir_f32_n1h8w8c24_e144_o24_k3s1p1_relu6_relu6_none_res",
                    "ir_f32_n1h7w7c16_e96_o32_k5s2p2_hard_swish_hard_swish_none",
                    "conv_f32_n1h16w16c3_o32_k3s2p1_relu6", "dw_f32_n1h1w1c1_k1s1p0_none",
                    "dw_f32_n1h1w1c128_k3s1p1_relu6", "dw_f32_n1h25w25c18_k2s5p0_none"));

}  // namespace
}  // namespace sepconv::measure
