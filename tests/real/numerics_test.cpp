// Tests of what docs/numerics.md says of NaN, Inf and denormals: they stay where their window
// reaches, and the caller's floating-point mode holds.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "kernels.h"
#include "spec/name.h"

namespace sepconv::real {
namespace {

std::vector<float> values(size_t count, uint32_t seed) {
  std::vector<float> result(count);
  for (float& value : result) {
    seed = seed * 1664525U + 1013904223U;
    value = static_cast<float>(seed >> 8) / 8388608.0F - 1.0F;
  }
  return result;
}

std::vector<reference::StageParameters> weights(const spec::Layer& layer) {
  std::vector<reference::StageParameters> all;
  const auto shapes = spec::shapes(layer);
  for (size_t i = 0; i < layer.stages.size(); ++i) {
    const spec::Stage& stage = layer.stages[i];
    const auto inputs = stage.kind == spec::StageKind::depthwise ? 1 : shapes[i].c;
    const int64_t taps = stage.window.kernel[0] * stage.window.kernel[1];
    const auto seed = static_cast<uint32_t>(10 * i + 1);
    all.push_back({values(static_cast<size_t>(taps * inputs * stage.channels_out), seed),
                   values(static_cast<size_t>(stage.channels_out), seed + 1)});
  }
  return all;
}

/// Whether some tap of output pixel (y, x) reads input pixel (row, column).
bool reaches(const spec::Layer& layer, int64_t y, int64_t x, int64_t row, int64_t column) {
  spec::Window window;
  for (const spec::Stage& stage : layer.stages) {
    if (stage.kind != spec::StageKind::pointwise) window = stage.window;
  }
  const auto hits = [&](int axis, int64_t out, int64_t in) {
    const auto i = static_cast<size_t>(axis);
    const int64_t tap = in + window.padding[i] - out * window.stride[i];
    return tap >= 0 && tap % window.dilation[i] == 0 && tap / window.dilation[i] < window.kernel[i];
  };
  return hits(0, y, row) && hits(1, x, column);
}

std::vector<spec::Layer> layers() {
  std::vector<spec::Layer> all;
  for (const char* name :
       {"dw_f32_n1h13w11c20_k3s1p1_relu6", "pw_f32_n1h13w11c20_o24_relu",
        "conv_f32_n1h13w11c3_o20_k3s2p1_none", "dwpw_f32_n1h13w11c20_o24_k5s1p2_relu6_hard_swish",
        "ir_f32_n1h13w11c20_e40_o20_k3s1p1_relu6_silu_none_res"}) {
    all.push_back(spec::parse_name(name).value());
  }
  return all;
}

class Poisoned : public testing::TestWithParam<float> {};

TEST_P(Poisoned, OnlyOutputsWhoseWindowReachesItChange) {
  constexpr int64_t kRow = 6, kColumn = 4;
  const auto all = layers();
  const measure::Library library = build(all);
  for (const spec::Layer& layer : all) {
    SCOPED_TRACE(layer.name);
    auto input = values(static_cast<size_t>(layer.input.elements()), 7);
    const auto clean = run(library, layer, weights(layer), input);
    const int64_t at = (kRow * layer.input.w + kColumn) * layer.input.c;
    input[static_cast<size_t>(at) + 1] = GetParam();
    const auto poisoned = run(library, layer, weights(layer), input);
    const spec::Shape out = spec::output_shape(layer);
    int64_t changed = 0;
    for (int64_t i = 0; i < out.elements(); ++i) {
      const auto index = static_cast<size_t>(i);
      const bool equal = std::memcmp(&clean[index], &poisoned[index], sizeof(float)) == 0;
      changed += equal ? 0 : 1;
      const int64_t pixel = i / out.c;
      if (reaches(layer, pixel / out.w, pixel % out.w, kRow, kColumn)) continue;
      ASSERT_TRUE(equal) << "row " << pixel / out.w << " column " << pixel % out.w;
    }
    EXPECT_GT(changed, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Numerics, Poisoned,
                         testing::Values(std::numeric_limits<float>::quiet_NaN(),
                                         std::numeric_limits<float>::infinity()));

#if defined(__x86_64__)
unsigned control() {
  unsigned value = 0;
  __asm__ volatile("stmxcsr %0" : "=m"(value));
  return value;
}
void set_control(unsigned value) { __asm__ volatile("ldmxcsr %0" : : "m"(value)); }

constexpr unsigned kFlags = 0x3f;               // of exceptions: every operation may set them
constexpr unsigned kFlushBoth = 0x8000 | 0x40;  // results and operands

TEST(Numerics, DenormalsFollowTheModeOfTheCaller) {
  const auto layer = spec::parse_name("dw_f32_n1h8w8c16_k1s1p0_none_nobias").value();
  const measure::Library library = build({layer});
  const std::vector<reference::StageParameters> ones{{std::vector<float>(16, 1.0F), {}}};
  const std::vector<float> tiny(8 * 8 * 16, 1e-40F);
  const unsigned before = control();
  EXPECT_EQ(run(library, layer, ones, tiny), tiny);
  EXPECT_EQ(control() & ~kFlags, before & ~kFlags);
  set_control(before | kFlushBoth);
  const auto flushed = run(library, layer, ones, tiny);
  const unsigned after = control();
  set_control(before);
  EXPECT_EQ(after & ~kFlags, (before | kFlushBoth) & ~kFlags);
  EXPECT_EQ(flushed, std::vector<float>(tiny.size(), 0.0F));
}
#endif

}  // namespace
}  // namespace sepconv::real
