// Tests: canonical names, both ways, for thousands of random layers and for wrong spellings.
#include "spec/name.h"

#include <gtest/gtest.h>

#include <map>

#include "random_layer.h"

namespace sepconv::spec {
namespace {

TEST(CanonicalName, ParsesBackToTheLayer) {
  std::mt19937 random(7);
  for (int i = 0; i < 5000; ++i) {
    const Layer layer = tests::random_layer(random);
    const auto parsed = parse_name(canonical_name(layer));
    ASSERT_TRUE(parsed) << canonical_name(layer) << ": " << parsed.error()[0].message;
    ASSERT_EQ(*parsed, layer) << canonical_name(layer);
  }
}

TEST(CanonicalName, OfAParsedNameIsTheName) {
  std::mt19937 random(8);
  for (int i = 0; i < 5000; ++i) {
    const std::string name = canonical_name(tests::random_layer(random));
    ASSERT_EQ(canonical_name(*parse_name(name)), name);
  }
}

TEST(CanonicalName, DiffersWhereLayersDiffer) {
  std::mt19937 random(9);
  std::map<std::string, Layer> seen;
  for (int i = 0; i < 5000; ++i) {
    const Layer layer = tests::random_layer(random);
    const auto [at, fresh] = seen.emplace(canonical_name(layer), layer);
    ASSERT_EQ(at->second, layer);
  }
}

TEST(CanonicalName, IgnoresNameAndCountAndDenseStridesWrittenOut) {
  Layer layer = *parse_name("pw_f32_n1h4w4c5_o6_none");
  const std::string name = canonical_name(layer);
  layer.name = "other";
  layer.count = 12;
  layer.input_pixel_stride = 5;
  layer.output_pixel_stride = 6;
  EXPECT_EQ(canonical_name(layer), name);
}

TEST(ParseName, KnowsEveryPart) {
  const auto layer = parse_name(
      "ir_f32_n2h14w12c24_e144_o32_k3x5s1x2p1x2x3x4d1x2_relu6_hard_swish_none_nobias_nodwbias_"
      "noexpbias_is32_os40");
  ASSERT_TRUE(layer);
  EXPECT_EQ(layer->op, Op::inverted_residual);
  EXPECT_EQ(layer->input, (Shape{2, 14, 12, 24}));
  ASSERT_EQ(layer->stages.size(), 3U);
  EXPECT_EQ(layer->stages[0].channels_out, 144);
  EXPECT_EQ(layer->stages[1].window, (Window{{3, 5}, {1, 2}, {1, 2}, {1, 2, 3, 4}}));
  EXPECT_EQ(layer->stages[1].activation, Activation::hard_swish);
  EXPECT_EQ(layer->stages[2].channels_out, 32);
  for (const Stage& stage : layer->stages) EXPECT_FALSE(stage.bias);
  EXPECT_EQ(layer->input_pixel_stride, 32);
  EXPECT_EQ(layer->output_pixel_stride, 40);
}

TEST(ParseName, KnowsTheTypes) {
  const auto halves = parse_name("pw_f16_n1h4w4c8_o8_none_res_nobias_nchw");
  const auto sums = parse_name("pw_f16_n1h4w4c8_o8_none_res_nobias_accf16_nchw");
  ASSERT_TRUE(halves && sums);
  EXPECT_EQ(halves->dtype, Dtype::f16);
  EXPECT_EQ(halves->accumulate, Dtype::f32);
  EXPECT_EQ(sums->dtype, Dtype::f16);
  EXPECT_EQ(sums->accumulate, Dtype::f16);
}

TEST(ParseName, NamesTheDtypesThatThereAre) {
  const auto parsed = parse_name("pw_bf16_n1h4w4c8_o8_none");
  ASSERT_FALSE(parsed);
  EXPECT_NE(parsed.error()[0].hint.find("f32 f16"), std::string::npos);
}

class WrongName : public testing::TestWithParam<const char*> {};

TEST_P(WrongName, IsRefusedAsInputWithAHint) {
  const auto parsed = parse_name(GetParam());
  ASSERT_FALSE(parsed);
  ASSERT_FALSE(parsed.error().empty());
  EXPECT_EQ(parsed.error()[0].kind, ErrorKind::input);
  EXPECT_FALSE(parsed.error()[0].message.empty());
  EXPECT_FALSE(parsed.error()[0].hint.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Spellings, WrongName,
    testing::Values("", "pw", "pw_f32", "xy_f32_n1h1w1c1_o1_none", "pw_f64_n1h1w1c1_o1_none",
                    "pw_f32_n1h1w1c1_o1_none_accf16", "pw_f16_n1h1w1c1_o1_none_accf32",
                    "pw_f16_n1h1w1c9000_o1_none_accf16", "pw_f16_n1h1w1c1_o1_none_nchw_accf16",
                    "pw_f32_n1h1w1c1_none", "pw_f32_n1h1w1c1_o1", "pw_f32_n1h1w1c1_o1_nonesuch",
                    "pw_f32_n1h1w1c1_o1_none_", "pw_f32_n1h1w1c1_o1_none_res_res",
                    "pw_f32_n01h1w1c1_o1_none", "pw_f32_n-1h1w1c1_o1_none",
                    "pw_f32_n0h1w1c1_o1_none", "pw_f32_n1h1w1c99999999999999999999_o1_none",
                    "dw_f32_n1h5w5c1_m1_k3s1p1_none", "dw_f32_n1h5w5c1_k3x3s1p1_none",
                    "dw_f32_n1h5w5c1_k3s1p1d1_none", "dw_f32_n1h5w5c1_k3s1p1x1_none",
                    "dw_f32_n1h5w5c1_k3s1p1_none_res", "dw_f32_n1h5w5c1_o1_k3s1p1_none",
                    "dw_f32_n1h1w1c1_k3s1p0_none", "dwpw_f32_n1h5w5c1_o1_k3s1p1_none",
                    "dw_f32_n1h5w5c4_k3s1p1_none_is4", "dw_f32_n1h5w5c4_k3s1p1_none_is2",
                    "dw_f32_n1h5w5c4_k3s1p1_none_nchw_is8", "pw_f32_n1h1w1c1_o1_NONE",
                    " pw_f32_n1h1w1c1_o1_none"));

TEST(ParseName, SuggestsTheCanonicalSpelling) {
  const auto parsed = parse_name("dw_f32_n1h5w5c1_k3x3s1p1_none");
  ASSERT_FALSE(parsed);
  EXPECT_NE(parsed.error()[0].hint.find("dw_f32_n1h5w5c1_k3s1p1_none"), std::string::npos);
}

TEST(ParseName, SurvivesAnyCutAndAnyReplacedCharacter) {
  const std::string name = "ir_f32_n1h8w9c6_e20_o6_k3s1p0x2x2x0_hard_swish_relu6_none_res_os8";
  for (size_t at = 0; at < name.size(); ++at) {
    // A cut may be a name of its own; then it must be canonical.
    const auto cut = parse_name(name.substr(0, at));
    if (cut) EXPECT_EQ(canonical_name(*cut), name.substr(0, at));
    for (const char c : {'0', '9', 'x', '_', '\0', '\xff'}) {
      std::string changed = name;
      changed[at] = c;
      const auto parsed = parse_name(changed);
      if (parsed) EXPECT_EQ(canonical_name(*parsed), changed);
    }
  }
}

}  // namespace
}  // namespace sepconv::spec
