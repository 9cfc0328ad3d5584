// Tests: exact fills keep every sum within 24 bits in any order; fills repeat and are dense.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "measure/fill.h"
#include "spec/name.h"

namespace sepconv::measure {
namespace {

using reference::Operands;

spec::Layer layer(const std::string& name) {
  const auto parsed = spec::parse_name(name);
  EXPECT_TRUE(parsed) << name;
  return parsed ? *parsed : spec::Layer{};
}

std::vector<float> magnitudes(std::vector<float> values) {
  for (float& value : values) value = std::abs(value);
  return values;
}

/// The largest power of two of which all values are multiples; infinity for zeros only.
double unit_of(const std::vector<float>& values) {
  double unit = INFINITY;
  for (const float value : values) {
    if (value == 0) continue;
    int exponent = 0;
    const double mantissa = std::frexp(std::abs(value), &exponent);
    const auto bits = static_cast<uint64_t>(std::ldexp(mantissa, 24));
    unit = std::min(unit, std::ldexp(static_cast<double>(bits & -bits), exponent - 24));
  }
  return unit;
}

/// One stage as a layer of its own, without residual.
spec::Layer alone(const spec::Stage& stage, const spec::Shape& input) {
  spec::Layer result;
  result.op = stage.kind == spec::StageKind::depthwise   ? spec::Op::depthwise
              : stage.kind == spec::StageKind::pointwise ? spec::Op::pointwise
                                                         : spec::Op::conv2d;
  result.input = input;
  result.stages = {stage};
  result.stages[0].residual = false;
  result.stages[0].activation = spec::Activation::none;
  return result;
}

std::vector<float> floats(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

/// Checks one stage's sums and returns its output.
std::vector<float> check_stage(const spec::Stage& stage, const spec::Shape& shape, int64_t images,
                               const std::vector<float>& input,
                               const reference::StageParameters& parameters,
                               const std::vector<float>& residual) {
  const spec::Layer single = alone(stage, shape);
  auto sums = reference::run(single, {images, input, {}, {parameters}}, false, 1).values;
  const Operands absolute{images,
                          magnitudes(input),
                          {},
                          {{magnitudes(parameters.weights), magnitudes(parameters.bias)}}};
  auto totals = reference::run(single, absolute, false, 1).values;
  for (size_t i = 0; i < residual.size(); ++i) {
    sums[i] += residual[i];
    totals[i] += std::abs(residual[i]);
  }
  const double unit = std::min(
      {unit_of(input) * unit_of(parameters.weights), unit_of(parameters.bias), unit_of(residual)});
  EXPECT_LE(*std::max_element(totals.begin(), totals.end()), unit * 0x1p24);
  for (double& sum : sums) sum = reference::activate(stage.activation, sum);
  return floats(sums);
}

class ExactFill : public testing::TestWithParam<const char*> {};

TEST_P(ExactFill, KeepsEverySumWithin24Bits) {
  const spec::Layer whole = layer(GetParam());
  const auto filled = exact_fill(whole, 2);
  ASSERT_TRUE(filled);
  const auto shapes = spec::shapes(whole);
  std::vector<float> values = filled->input;
  for (size_t i = 0; i < whole.stages.size(); ++i) {
    const std::vector<float> none;
    const auto& residual = !whole.stages[i].residual         ? none
                           : spec::has_residual_input(whole) ? filled->residual
                                                             : filled->input;
    values = check_stage(whole.stages[i], shapes[i], 2, values, filled->stages[i], residual);
  }
  EXPECT_EQ(values, floats(reference::run(whole, *filled, false, 1).values));
}

TEST_P(ExactFill, IsAtLeastHalfNonzero) {
  const auto filled = exact_fill(layer(GetParam()), 1);
  ASSERT_TRUE(filled);
  const auto dense = [](const std::vector<float>& values) {
    const auto zeros = std::count(values.begin(), values.end(), 0.0F);
    return 2 * zeros <= static_cast<ptrdiff_t>(values.size()) + 1;
  };
  EXPECT_TRUE(dense(filled->input));
  EXPECT_TRUE(dense(filled->residual));
  for (const auto& stage : filled->stages) EXPECT_TRUE(dense(stage.weights));
}

constexpr const char* kExact[] = {
    "dw_f32_n1h9w9c5_m2_k3s2p1_relu6",
    "dw_f32_n1h20w20c3_k7s1p3_none",
    "pw_f32_n1h3w3c1_o1_none",
    "pw_f32_n1h2w2c1280_o8_relu",
    "pw_f32_n1h3w3c40_o12_relu6_res",
    "dwpw_f32_n1h6w6c64_o20_k3s1p1_none_none",
    "dwpw_f32_n1h6w6c512_o20_k3s1p1_relu6_relu6",
    "ir_f32_n1h6w6c24_e144_o24_k3s1p1_relu6_relu6_none_res",
    "ir_f32_n1h4w4c96_e576_o12_k5s1p2_relu_relu_none",
    "ir_f32_n1h4w4c40_e240_o40_k5s1p2_none_none_none_res",
    "conv_f32_n1h9w9c3_o8_k3s2p1_relu6",
};
INSTANTIATE_TEST_SUITE_P(Layers, ExactFill, testing::ValuesIn(kExact));

bool starts_with(const std::vector<float>& all, const std::vector<float>& start) {
  return all.size() >= start.size() && std::equal(start.begin(), start.end(), all.begin());
}

void expect_same_start(const Operands& many, const Operands& few) {
  EXPECT_TRUE(starts_with(many.input, few.input));
  EXPECT_TRUE(starts_with(many.residual, few.residual));
  for (size_t i = 0; i < few.stages.size(); ++i) {
    EXPECT_EQ(many.stages[i].weights, few.stages[i].weights);
    EXPECT_EQ(many.stages[i].bias, few.stages[i].bias);
  }
}

TEST(Fills, FirstImagesAreTheSameWhateverTheBatch) {
  const spec::Layer residual = layer("pw_f32_n1h3w3c5_o6_relu_res");
  const auto one = exact_fill(residual, 1);
  const auto three = exact_fill(residual, 3);
  ASSERT_TRUE(one && three);
  expect_same_start(*three, *one);
  expect_same_start(real_fill(residual, 3), real_fill(residual, 1));
}

TEST(Fills, ImagesDiffer) {
  const auto two = exact_fill(layer("pw_f32_n1h4w4c5_o6_relu"), 2);
  ASSERT_TRUE(two);
  const auto middle = two->input.begin() + static_cast<ptrdiff_t>(two->input.size() / 2);
  EXPECT_FALSE(std::equal(two->input.begin(), middle, middle));
}

TEST(Fills, DependOnTheAttempt) {
  const spec::Layer plain = layer("pw_f32_n1h4w4c5_o6_none");
  EXPECT_NE(exact_fill(plain, 1, 0)->input, exact_fill(plain, 1, 1)->input);
  EXPECT_NE(real_fill(plain, 1, 0).input, real_fill(plain, 1, 1).input);
}

TEST(Fills, DoNotDependOnNameAndCount) {
  spec::Layer named = layer("pw_f32_n1h4w4c5_o6_none");
  const auto before = real_fill(named, 1).input;
  named.name = "other";
  named.count = 9;
  EXPECT_EQ(real_fill(named, 1).input, before);
}

class StorableFill : public testing::TestWithParam<const char*> {};

TEST_P(StorableFill, GivesOutputsAndOperandsThatF16Holds) {
  const spec::Layer halves = layer(GetParam());
  const auto filled = exact_fill(halves, 1);
  ASSERT_TRUE(filled);
  const auto holds = [](const auto& values) {
    return std::all_of(values.begin(), values.end(), [](double value) {
      return spec::rounded(spec::Dtype::f16, value) == value;
    });
  };
  EXPECT_TRUE(holds(filled->input));
  EXPECT_TRUE(holds(filled->residual));
  for (const auto& stage : filled->stages) EXPECT_TRUE(holds(stage.weights));
  EXPECT_TRUE(holds(reference::run(halves, *filled, false, 1).values));
}

INSTANTIATE_TEST_SUITE_P(Layers, StorableFill,
                         testing::Values("pw_f16_n1h3w3c1280_o24_none",
                                         "dw_f16_n1h9w9c5_k7s1p3_none",
                                         "pw_f16_n1h3w3c40_o12_relu6_res",
                                         "dwpw_f16_n1h6w6c512_o20_k3s1p1_relu6_relu6",
                                         "ir_f16_n1h6w6c40_e240_o40_k3s1p1_relu6_relu6_none_res",
                                         "pw_f16_n1h3w3c256_o12_none_accf16",
                                         "dwpw_f16_n1h6w6c64_o20_k3s1p1_relu6_relu6_accf16"));

TEST(ExactFillOfHugeSums, IsRefusedWithAReason) {
  // Three unclamped stages over so many channels leave no room in 24 bits.
  const auto filled = exact_fill(layer("ir_f32_n1h1w1c2048_e4096_o1_k3s1p1_none_none_none"), 1);
  ASSERT_FALSE(filled);
  EXPECT_EQ(filled.error().at(0).kind, ErrorKind::input);
  EXPECT_NE(filled.error().at(0).message.find("2^24"), std::string::npos);
}

TEST(RealFill, HasUnitDeviationAndNoDenormals) {
  const Operands filled = real_fill(layer("pw_f32_n1h40w40c16_o32_silu"), 1);
  double squares = 0;
  for (const float value : filled.input) {
    EXPECT_GT(std::abs(value), 1e-30F);
    squares += static_cast<double>(value) * value;
  }
  EXPECT_NEAR(squares / static_cast<double>(filled.input.size()), 1, 0.05);
}

TEST(RealFill, BendsTheActivations) {
  // Sums of deviation around 2 in every stage of a chain.
  const spec::Layer chain = layer("ir_f32_n1h10w10c16_e64_o48_k3s1p1_silu_relu6_none");
  const auto values = reference::run(chain, real_fill(chain, 1), false, 1).values;
  double squares = 0;
  for (const double value : values) squares += value * value;
  const double deviation = std::sqrt(squares / static_cast<double>(values.size()));
  EXPECT_GT(deviation, 1);
  EXPECT_LT(deviation, 5);
}

TEST(ExactTwin, DropsActivationsThatRound) {
  const spec::Layer twin =
      exact_twin(layer("ir_f32_n1h4w4c4_e8_o4_k3s1p1_hard_swish_relu6_none_res"));
  EXPECT_EQ(twin.stages[0].activation, spec::Activation::none);
  EXPECT_EQ(twin.stages[1].activation, spec::Activation::relu6);
  EXPECT_TRUE(is_exact(twin));
  EXPECT_EQ(twin.name, spec::canonical_name(twin));
}

TEST(ExactTwin, OfAnExactLayerIsTheLayer) {
  spec::Layer exact = layer("pw_f32_n1h4w4c5_o6_relu");
  EXPECT_EQ(exact_twin(exact), exact);
  exact.name = "other";
  exact.count = 3;
  EXPECT_EQ(exact_twin(exact), layer("pw_f32_n1h4w4c5_o6_relu"));
}

}  // namespace
}  // namespace sepconv::measure
