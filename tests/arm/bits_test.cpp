// Tests of arm: kernels give the same bits on ARM as on x86 with multiply-add.
#include <gtest/gtest.h>

#include <cstring>

#include "cli/runner.h"
#include "fixture.h"
#include "measure/library.h"
#include "spec/name.h"

namespace sepconv::cli {
namespace {

std::vector<float> on_arm(const spec::Layer& layer, const RunnerOf& runner,
                          const targets::Target& arm) {
  const measure::Built built = build(layer, arm);
  const auto library =
      measure::RemoteLibrary::open(built.shared_object, built.library, runner(arm).value());
  if (!library) throw std::runtime_error(library.error().front().message);
  return outputs(layer, library->kernel(layer).value());
}

/// The bits of one layer on arm64 and on every x86 target named.
void expect_same_bits(const char* name, const std::vector<const char*>& x86) {
  const targets::Target arm =
      targets::parse_target(spec::parse_name(name)->dtype == spec::Dtype::f16 ? "arm64+fp16"
                                                                              : "arm64")
          .value();
  if (emulator(arm).empty()) GTEST_SKIP() << "qemu-aarch64 is not on PATH";
  const auto runner = make_runners({}, {arm});
  ASSERT_TRUE(runner) << runner.error().front().message;
  spec::Layer layer = spec::parse_name(name).value();
  const std::vector<float> expected = on_arm(layer, *runner, arm);
  for (const char* word : x86) {
    const targets::Target target = targets::parse_target(word).value();
    std::string why;
    if (!targets::runs_here(target, &why)) GTEST_SKIP() << why;
    const measure::Built built = build(layer, target);
    const auto library = measure::Library::open(built.shared_object, built.library);
    ASSERT_TRUE(library) << library.error().front().message;
    const auto actual = outputs(layer, library->kernel(name).value());
    ASSERT_EQ(actual.size(), expected.size());
    EXPECT_EQ(std::memcmp(actual.data(), expected.data(), actual.size() * sizeof(float)), 0)
        << name << " on " << word;
  }
}

class SameBits : public testing::TestWithParam<const char*> {};

TEST_P(SameBits, OfPointwiseAndFusedLayersOnArmAndX86) {
  expect_same_bits(GetParam(), {"x86-64-v3", "x86-64-v4"});
}

INSTANTIATE_TEST_SUITE_P(Layers, SameBits,
                         testing::Values("pw_f32_n1h14w14c64_o60_relu6", "pw_f32_n1h7w7c13_o7_none",
                                         "pw_f32_n1h9w5c96_o24_relu", "pw_f32_n1h2w3c24_o1_relu",
                                         "dwpw_f32_n1h14w14c32_o3_k3s1p1_relu_none",
                                         "dwpw_f32_n1h14w14c64_o64_k3s1p1_relu6_relu6",
                                         "dwpw_f32_n1h15w13c24_o40_k5s2p2_relu_none",
                                         "dwpw_f32_n1h28w28c16_o32_k3s2p1_none_relu",
                                         "dwpw_f32_n1h28w28c32_o16_k3s1p1_relu6_none",
                                         "ir_f32_n1h14w14c16_e48_o16_k3s1p1_relu6_relu6_none_res",
                                         "dwpw_f32_n1h20w20c3_o16_k3s1p1_relu_relu",
                                         "dwpw_f32_n1h28w28c16_o32_k3s1p1_relu6_relu6_nchw",
                                         "dwpw_f32_n1h13w15c12_o20_k5s2p2_none_relu_nchw",
                                         "ir_f32_n1h14w14c8_e24_o8_k3s1p1_relu6_relu6_none_nchw",
                                         "pw_f16_n1h14w14c64_o60_relu6",
                                         "dwpw_f16_n1h14w14c64_o64_k3s1p1_relu6_relu6"),
                         [](const auto& info) { return std::string(info.param); });

TEST(SameBitsOfDepthwise, OnArmAndV3) {
  expect_same_bits("dw_f32_n1h28w28c32_k3s1p1_relu6", {"x86-64-v3"});
}

}  // namespace
}  // namespace sepconv::cli
