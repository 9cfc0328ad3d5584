// Tests: every violation is an error of its field, all of a layer at once, whatever the values.
#include "spec/validate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "random_layer.h"
#include "spec/name.h"

namespace sepconv::spec {
namespace {

Layer valid(const char* name) {
  const auto layer = parse_name(name);
  EXPECT_TRUE(layer) << name;
  return layer ? *layer : Layer{};
}

bool has_field(const Errors& errors, const std::string& field) {
  return std::any_of(errors.begin(), errors.end(),
                     [&](const Error& error) { return error.field == field; });
}

TEST(Validate, AcceptsValidLayers) {
  EXPECT_TRUE(validate(valid("dwpw_f32_n1h8w8c4_o8_k3s1p1_relu_none")).empty());
}

TEST(Validate, ReportsAllWrongValuesAtOnce) {
  Layer layer = valid("dwpw_f32_n1h8w8c4_o8_k3s1p1_relu_none");
  layer.input.n = 0;
  layer.input.h = -5;
  layer.stages[0].window.stride = {0, 40000};
  layer.stages[0].window.padding[2] = -1;
  layer.stages[1].channels_out = 0;
  layer.count = 0;
  const Errors errors = validate(layer);
  for (const char* field :
       {"batch", "height", "stride[0]", "stride[1]", "padding[2]", "channels_out", "count"}) {
    EXPECT_TRUE(has_field(errors, field)) << field;
  }
}

TEST(Validate, ErrorsSayWhereWhatAndWhatToDo) {
  Layer layer = valid("dw_f32_n1h8w8c4_k3s1p1_relu");
  layer.name = "first";
  layer.stages[0].window.dilation[1] = 0;
  const Errors errors = validate(layer, "net.json", "layers[3]");
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].kind, ErrorKind::input);
  EXPECT_EQ(errors[0].file, "net.json");
  EXPECT_EQ(errors[0].layer, "first");
  EXPECT_EQ(errors[0].field, "layers[3].dilation[1]");
  EXPECT_EQ(errors[0].value, "0");
  EXPECT_FALSE(errors[0].message.empty());
  EXPECT_FALSE(errors[0].hint.empty());
}

TEST(Validate, RefusesAWindowThatDoesNotFit) {
  Layer layer = valid("dw_f32_n1h8w8c4_k3s1p1_relu");
  layer.stages[0].window.dilation = {5, 1};  // spans 11 of 10 padded rows
  const Errors errors = validate(layer);
  ASSERT_TRUE(has_field(errors, "kernel[0]"));
  EXPECT_NE(errors[0].message.find("11"), std::string::npos);
  EXPECT_NE(errors[0].message.find("10"), std::string::npos);
}

TEST(Validate, RefusesTensorsOf2To31Elements) {
  Layer layer = valid("pw_f32_n1h8w8c4_o8_relu");
  layer.input.h = layer.input.w = 32768;
  EXPECT_TRUE(has_field(validate(layer), "channels_in"));
}

TEST(Validate, RefusesAResidualOfAnotherShape) {
  Layer layer = valid("ir_f32_n1h8w8c4_e8_o4_k3s1p1_none_none_none_res");
  layer.stages[2].channels_out = 5;
  EXPECT_TRUE(has_field(validate(layer), "residual"));
}

TEST(Validate, RefusesPixelStridesBelowTheChannelsAndInNchw) {
  Layer layer = valid("pw_f32_n1h8w8c4_o8_relu_is6_os9");
  layer.input_pixel_stride = 3;
  layer.output_pixel_stride = 7;
  EXPECT_TRUE(has_field(validate(layer), "input_pixel_stride"));
  EXPECT_TRUE(has_field(validate(layer), "output_pixel_stride"));
  layer.input_pixel_stride = 6;
  layer.output_pixel_stride = 0;
  layer.layout = Layout::nchw;
  EXPECT_TRUE(has_field(validate(layer), "input_pixel_stride"));
}

TEST(Validate, RefusesStagesOfAnotherOp) {
  Layer layer = valid("pw_f32_n1h8w8c4_o8_relu");
  layer.op = Op::inverted_residual;
  EXPECT_TRUE(has_field(validate(layer), "op"));
  layer.stages.clear();
  EXPECT_TRUE(has_field(validate(layer), "op"));
}

TEST(Validate, SurvivesExtremeValuesEverywhere) {
  constexpr int64_t extremes[] = {
      std::numeric_limits<int64_t>::min(), -1, 0, 1, 2147483647, 2147483648,
      std::numeric_limits<int64_t>::max()};
  for (const int64_t a : extremes) {
    for (const int64_t b : extremes) {
      Layer layer = valid("dwpw_f32_n1h8w8c4_m2_o8_k3s1p1_relu_none");
      layer.input.h = layer.input.w = a;
      layer.input.c = b;
      layer.stages[0].multiplier = b;
      layer.stages[0].window.kernel = {a, b};
      layer.stages[0].window.dilation = {b, a};
      layer.stages[1].channels_out = a;
      layer.input_pixel_stride = b;
      if (a != 1 || b != 1) EXPECT_FALSE(validate(layer).empty()) << a << ' ' << b;
    }
  }
}

TEST(Validate, RandomLayersHaveOutputs) {
  std::mt19937 random(5);
  for (int i = 0; i < 500; ++i) {
    const Shape out = output_shape(tests::random_layer(random));
    ASSERT_GE(out.h, 1);
    ASSERT_GE(out.w, 1);
    ASSERT_GE(out.c, 1);
  }
}

}  // namespace
}  // namespace sepconv::spec
