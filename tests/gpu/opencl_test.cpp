// Tests of gpu: a sample of layers through OpenCL, whatever device is installed.
#include <gtest/gtest.h>

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
};

class OpenCl : public testing::TestWithParam<const char*> {};

TEST_P(OpenCl, ComputesTheLayer) {
  std::string why;
  if (!targets::runs_here(targets::parse_target("opencl").value(), &why)) GTEST_SKIP() << why;
  support::Command command;
  command.argv = {SEPCONV_TOOL, "verify", GetParam(), "--target", "opencl"};
  command.environment = {{"SEPCONV_CACHE_DIR", SEPCONV_BINARY_DIR "/test-cache"}};
  command.limits.seconds = 600;
  const auto outcome = support::run(command);
  EXPECT_TRUE(outcome.ok()) << outcome.out << outcome.err;
}

INSTANTIATE_TEST_SUITE_P(Sample, OpenCl, testing::ValuesIn(kSample),
                         [](const auto& parameter) { return std::string(parameter.param); });

}  // namespace
}  // namespace sepconv
