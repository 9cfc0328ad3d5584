// Tests of arm: the heuristic's tiles keep inner loops off the stack.
#include <gtest/gtest.h>

#include "fixture.h"

namespace sepconv::cli {
namespace {

class Spills : public testing::TestWithParam<const char*> {};

TEST_P(Spills, AreInNoInnerLoop) {
  const emit::Assembly assembly =
      cli::assembly(GetParam(), targets::parse_target("arm64+fp16").value());
  ASSERT_FALSE(assembly.loops.empty());
  for (const emit::InnerLoop& loop : assembly.loops) {
    EXPECT_EQ(loop.counts.spill_stores + loop.counts.spill_loads, 0) << loop.name;
  }
}

// Three planes, planes of odd channels, strides, exponentials, lanes doubled, wide windows, low
// wide maps, halves, straight code, tested pixels.
INSTANTIATE_TEST_SUITE_P(
    Layers, Spills,
    testing::Values("dwpw_f32_n1h32w32c3_o16_k3s2p0_none_none", "pw_f32_n1h13w13c19_o27_none_nchw",
                    "pw_f32_n1h17w17c3_o5_none", "dw_f32_n1h56w56c24_k3s2p1_relu6",
                    "dw_f32_n1h7w7c32_k3s1p1_silu", "dw_f32_n1h96w96c1_m8_k3s2p1_relu6",
                    "dw_f32_n1h28w28c16_k15s1p7_none",
                    "conv_f32_n1h28w33c16_o24_k3s1p1_hard_swish_nchw",
                    "dw_f32_n1h28w13c17_k3s2p1_relu6_nchw",
                    "dwpw_f32_n1h112w112c32_o16_k3s1p1_relu6_none",
                    "dwpw_f32_n1h8w40c16_o24_k3s1p1_none_relu", "dw_f16_n1h56w56c24_k3s1p1_relu6",
                    "dwpw_f16_n1h28w28c32_o32_k3s1p1_relu6_relu6", "pw_f16_n1h7w7c96_o58_none_nchw",
                    "pw_f32_n1h8w8c4_o32_silu", "pw_f32_n1h8w8c1_o32_hard_swish",
                    "conv_f32_n1h40w7c24_o72_k5s1p2_relu6", "dw_f32_n1h8w8c32_k3s1p1_silu_nchw",
                    "ir_f16_n1h7w7c24_e96_o24_k3s1p1_relu6_relu6_none",
                    "ir_f32_n1h8w3c25_e21_o25_k3s1p1_sigmoid_hard_swish_none_res_nobias"),
    [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace sepconv::cli
