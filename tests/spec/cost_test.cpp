// Tests: cost formulas against counting every tap of every output.
#include "spec/cost.h"

#include <gtest/gtest.h>

#include "random_layer.h"
#include "spec/name.h"

namespace sepconv::spec {
namespace {

struct Count {
  int64_t macs = 0, padding = 0;
};

/// Counts by looping over all outputs and taps of one stage.
Count count(const Stage& stage, const Shape& in, const Shape& out) {
  Count result;
  const Window& w = stage.window;
  const int64_t depth = stage.kind == StageKind::depthwise ? 1 : in.c;
  for (int64_t y = 0; y < out.h; ++y) {
    for (int64_t x = 0; x < out.w; ++x) {
      for (int64_t ky = 0; ky < w.kernel[0]; ++ky) {
        for (int64_t kx = 0; kx < w.kernel[1]; ++kx) {
          const int64_t iy = y * w.stride[0] + ky * w.dilation[0] - w.padding[0];
          const int64_t ix = x * w.stride[1] + kx * w.dilation[1] - w.padding[1];
          const bool inside = iy >= 0 && iy < in.h && ix >= 0 && ix < in.w;
          result.macs += out.n * out.c * depth;
          if (!inside) result.padding += out.n * out.c * depth;
        }
      }
    }
  }
  return result;
}

Cost of(const char* name);

TEST(Cost, F16IsHalfTheBytesOfAllButBiases) {
  const Cost cost = of("pw_f16_n1h2w2c4_o8_none_res");
  EXPECT_EQ(cost.input_bytes, 2 * 16);
  EXPECT_EQ(cost.output_bytes, 2 * 32);
  EXPECT_EQ(cost.residual_bytes, 2 * 32);
  EXPECT_EQ(cost.parameter_bytes, 2 * 32 + 4 * 8);
}

TEST(Cost, MacsAreThoseOfABruteForceCount) {
  std::mt19937 random(3);
  for (int i = 0; i < 500; ++i) {
    const Layer layer = tests::random_layer(random);
    const auto all = shapes(layer);
    int64_t macs[3] = {0, 0, 0};  // by StageKind
    int64_t padding = 0;
    for (size_t s = 0; s < layer.stages.size(); ++s) {
      const Count counted = count(layer.stages[s], all[s], all[s + 1]);
      macs[static_cast<int>(layer.stages[s].kind)] += counted.macs;
      padding += counted.padding;
    }
    const Cost found = cost(layer);
    ASSERT_EQ(found.pointwise_macs, macs[static_cast<int>(StageKind::pointwise)]);
    ASSERT_EQ(found.depthwise_macs, macs[static_cast<int>(StageKind::depthwise)]);
    ASSERT_EQ(found.dense_macs, macs[static_cast<int>(StageKind::conv2d)]);
    ASSERT_EQ(found.padding_macs, padding) << canonical_name(layer);
    ASSERT_EQ(found.macs(), macs[0] + macs[1] + macs[2]);
  }
}

Cost of(const char* name) {
  const auto layer = parse_name(name);
  EXPECT_TRUE(layer) << name;
  return layer ? cost(*layer) : Cost{};
}

TEST(Cost, OfASeparableLayerByHand) {
  const Cost found = of("dwpw_f32_n1h4w4c8_o16_k3s1p1_relu_relu");
  EXPECT_EQ(found.depthwise_macs, 16 * 9 * 8);
  EXPECT_EQ(found.pointwise_macs, 16 * 8 * 16);
  EXPECT_EQ(found.dense_macs, 0);
  EXPECT_EQ(found.depthwise_parameters, 9 * 8 + 8);
  EXPECT_EQ(found.pointwise_parameters, 8 * 16 + 16);
  EXPECT_EQ(found.input_bytes, 4 * 16 * 8);
  EXPECT_EQ(found.output_bytes, 4 * 16 * 16);
  EXPECT_EQ(found.parameter_bytes, 4 * (80 + 144));
  EXPECT_EQ(found.bytes(), 4 * (128 + 256 + 80 + 144));
  EXPECT_DOUBLE_EQ(found.intensity(), 2.0 * (1152 + 2048) / (4 * 608));
}

TEST(Cost, CountsASeparateResidualOnceAndTheLayersOwnInputNotAgain) {
  EXPECT_EQ(of("pw_f32_n1h2w2c4_o8_none_res").residual_bytes, 4 * 4 * 8);
  EXPECT_EQ(of("pw_f32_n1h2w2c4_o8_none").residual_bytes, 0);
  EXPECT_EQ(of("ir_f32_n1h2w2c4_e8_o4_k3s1p1_none_none_none_res").residual_bytes, 0);
}

TEST(Cost, CountsBiasesWhereThereAre) {
  EXPECT_EQ(of("pw_f32_n1h2w2c4_o8_none").parameters(), 40);
  EXPECT_EQ(of("pw_f32_n1h2w2c4_o8_none_nobias").parameters(), 32);
}

TEST(Cost, SlicesCountTheirOwnElements) {
  EXPECT_EQ(of("pw_f32_n1h2w2c4_o8_none_is16_os32").bytes(), of("pw_f32_n1h2w2c4_o8_none").bytes());
}

TEST(Cost, GrowsWithTheBatchButForParameters) {
  const Cost one = of("conv_f32_n1h9w9c3_o8_k3s2p1_none");
  const Cost three = of("conv_f32_n3h9w9c3_o8_k3s2p1_none");
  EXPECT_EQ(three.macs(), 3 * one.macs());
  EXPECT_EQ(three.padding_macs, 3 * one.padding_macs);
  EXPECT_EQ(three.parameters(), one.parameters());
}

}  // namespace
}  // namespace sepconv::spec
