// Tests of gpu: a sample of layers through OpenCL, whatever device is installed.
#include <gtest/gtest.h>

#include "schedules/schedule.h"
#include "spec/name.h"
#include "support/process.h"
#include "targets/target.h"

namespace sepconv {
namespace {

/// Every op, tails of channels and pixels, strides, gaps, layouts and batches.
const char* const kSample[] = {
    "dw_f32_n1h14w14c33_k5s1p2_relu6",
    "dw_f32_n1h9w9c8_m2_k3s2p1_gelu",
    "pw_f32_n1h11w11c3_o5_hard_swish",
    "pw_f32_n3h7w7c24_o58_relu6_res",
    "pw_f32_n2h8w8c16_o24_silu_is40_os29",
    "dwpw_f32_n1h14w14c32_o72_k3s1p1_relu6_relu6",
    "dwpw_f32_n2h13w9c12_o20_k3s2p0x1x2x1_none_sigmoid",
    "ir_f32_n1h14w14c16_e96_o24_k3s1p1_relu6_relu6_none",
    "ir_f32_n2h7w7c20_e60_o20_k5s1p2_relu_relu_none_res",
    "conv_f32_n1h32w32c3_o24_k3s2p1_relu6",
    "dw_f32_n1h10w12c6_k3s1p1_none_nchw",
    "dw_f16_n1h14w14c33_k5s1p2_relu6",
    "pw_f16_n2h8w8c16_o24_silu_is40_os29",
    "pw_f16_n3h7w7c24_o58_relu6_res",
    "dwpw_f16_n1h14w14c32_o72_k3s1p1_relu6_relu6",
    "ir_f16_n2h7w7c20_e60_o20_k5s1p2_relu_relu_none_res",
    "conv_f16_n1h32w32c3_o24_k3s2p1_relu6",
};

class OpenCl : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    std::string why;
    if (!targets::runs_here(targets::parse_target("opencl").value(), &why)) GTEST_SKIP() << why;
  }

  static void verify(const std::string& name, const std::vector<std::string>& options = {}) {
    support::Command command;
    command.argv = {SEPCONV_TOOL, "verify", name, "--target", "opencl"};
    command.argv.insert(command.argv.end(), options.begin(), options.end());
    command.environment = {{"SEPCONV_CACHE_DIR", SEPCONV_BINARY_DIR "/test-cache"}};
    command.limits.seconds = 600;
    const auto outcome = support::run(command);
    EXPECT_TRUE(outcome.ok()) << outcome.out << outcome.err;
  }
};

TEST_P(OpenCl, ComputesTheLayer) { verify(GetParam()); }

/// The heuristic's point with hidden channels in blocks, in one launch.
const char* const kHidden[] = {"ir_f32_n1h14w14c16_e96_o32_k3s1p1_relu6_relu6_none",
                               "ir_f32_n2h9w11c24_e48_o24_k5s2p2_relu_relu_none",
                               "ir_f32_n1h8w8c16_e64_o16_k3s1p0_relu_relu_none",
                               "ir_f32_n1h7w7c32_e96_o32_k3s1p1_relu6_relu6_none_res"};

using OpenClHidden = OpenCl;

TEST_P(OpenClHidden, ComputesTheLayerInOneLaunch) {
  const auto layer = spec::parse_name(GetParam());
  ASSERT_TRUE(layer);
  for (const int64_t split : {0, 1}) {
    schedules::Point point = schedules::heuristic(*layer, targets::parse_target("opencl").value());
    point["hidden"] = 16;
    point["pw_c"] = 4, point["pw_v"] = 4, point["pw_x"] = 2, point["pw_tx"] = 2;
    point["pw_ty"] = 2, point["pw_k"] = 8, point["pw_split"] = split;
    if (layer->stages.back().channels_out % 16 != 0) point["pw_c"] = 2;
    verify(GetParam(), {"--schedule", schedules::to_string(point)});
  }
}

INSTANTIATE_TEST_SUITE_P(Layers, OpenClHidden, testing::ValuesIn(kHidden),
                         [](const auto& parameter) { return std::string(parameter.param); });

INSTANTIATE_TEST_SUITE_P(Sample, OpenCl, testing::ValuesIn(kSample),
                         [](const auto& parameter) { return std::string(parameter.param); });

}  // namespace
}  // namespace sepconv
