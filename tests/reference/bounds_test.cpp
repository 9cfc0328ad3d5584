// Tests: error bounds hold for f32 evaluations in several orders, and are no looser than needed to
// notice a lost bit.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "reference/reference.h"
#include "spec/accuracy.h"
#include "spec/name.h"

namespace sepconv::reference {
namespace {

std::vector<float> random_values(std::mt19937& random, size_t count) {
  std::normal_distribution<float> normal(0, 1);
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

enum class Order { forward, backward, shuffled, pairs };

/// The sum of all terms in f32 in some order.
float sum(std::vector<float> terms, Order order, std::mt19937& random) {
  if (order == Order::backward) std::reverse(terms.begin(), terms.end());
  if (order == Order::shuffled) std::shuffle(terms.begin(), terms.end(), random);
  if (order != Order::pairs) return std::accumulate(terms.begin(), terms.end(), 0.0F);
  while (terms.size() > 1) {
    for (size_t i = 0; i < terms.size() / 2; ++i) terms[i] = terms[2 * i] + terms[2 * i + 1];
    if (terms.size() % 2 == 1) terms[terms.size() / 2] = terms.back();
    terms.resize((terms.size() + 1) / 2);
  }
  return terms.front();
}

/// An f32 pointwise stage of one pixel, terms added in the given order, bias among them.
std::vector<float> pointwise(const std::vector<float>& x, const StageParameters& p, Order order,
                             std::mt19937& random) {
  const size_t outputs = p.bias.size();
  std::vector<float> result(outputs);
  for (size_t o = 0; o < outputs; ++o) {
    std::vector<float> terms{p.bias[o]};
    for (size_t i = 0; i < x.size(); ++i) terms.push_back(x[i] * p.weights[i * outputs + o]);
    result[o] = sum(terms, order, random);
  }
  return result;
}

class BoundsInOrder : public testing::TestWithParam<Order> {};

TEST_P(BoundsInOrder, HoldForOneStage) {
  std::mt19937 random(1);
  const auto layer = spec::parse_name("pw_f32_n1h1w1c300_o20_none");
  ASSERT_TRUE(layer);
  const Operands operands{1,
                          random_values(random, 300),
                          {},
                          {{random_values(random, 6000), random_values(random, 20)}}};
  const Expected expected = run(*layer, operands, true, 1);
  const auto actual = pointwise(operands.input, operands.stages[0], GetParam(), random);
  for (size_t i = 0; i < actual.size(); ++i) {
    EXPECT_LE(std::abs(actual[i] - expected.values[i]), expected.bounds[i]);
  }
}

TEST_P(BoundsInOrder, HoldThroughAChain) {
  // One pixel: the depthwise stage with a 1x1 window is a product and a bias per channel.
  std::mt19937 random(2);
  const auto layer = spec::parse_name("ir_f32_n1h1w1c40_e60_o30_k1s1p0_none_relu6_none");
  ASSERT_TRUE(layer);
  const Operands operands{1,
                          random_values(random, 40),
                          {},
                          {{random_values(random, 2400), random_values(random, 60)},
                           {random_values(random, 60), random_values(random, 60)},
                           {random_values(random, 1800), random_values(random, 30)}}};
  const Expected expected = run(*layer, operands, true, 1);
  auto hidden = pointwise(operands.input, operands.stages[0], GetParam(), random);
  for (size_t c = 0; c < hidden.size(); ++c) {
    const auto& depthwise = operands.stages[1];
    hidden[c] = std::clamp(hidden[c] * depthwise.weights[c] + depthwise.bias[c], 0.0F, 6.0F);
  }
  const auto actual = pointwise(hidden, operands.stages[2], GetParam(), random);
  for (size_t i = 0; i < actual.size(); ++i) {
    EXPECT_LE(std::abs(actual[i] - expected.values[i]), expected.bounds[i]);
  }
}

INSTANTIATE_TEST_SUITE_P(Orders, BoundsInOrder,
                         testing::Values(Order::forward, Order::backward, Order::shuffled,
                                         Order::pairs));

TEST(Bounds, AreTheGammaBoundOfOneSum) {
  // k = 2 products and a bias: gamma_3 of the sum of magnitudes.
  const auto layer = spec::parse_name("pw_f32_n1h1w1c2_o1_none");
  ASSERT_TRUE(layer);
  const Expected expected = run(*layer, {1, {1, -2}, {}, {{{3, 4}, {5}}}}, true, 1);
  EXPECT_DOUBLE_EQ(expected.bounds.at(0), spec::gamma(3, spec::Dtype::f32) * (3 + 8 + 5));
}

TEST(Bounds, GrowWithTheActivationsOwnError) {
  const Operands operands{1, {1}, {}, {{{1}, {}}}};
  const auto none = spec::parse_name("pw_f32_n1h1w1c1_o1_none_nobias");
  const auto silu = spec::parse_name("pw_f32_n1h1w1c1_o1_silu_nobias");
  ASSERT_TRUE(none && silu);
  EXPECT_GT(run(*silu, operands, true, 1).bounds.at(0), run(*none, operands, true, 1).bounds.at(0));
}

TEST(Bounds, CarryTheErrorOfEarlierStages) {
  const auto one = spec::parse_name("pw_f32_n1h1w1c1_o1_none_nobias");
  const auto chain = spec::parse_name("dwpw_f32_n1h1w1c1_o1_k1s1p0_none_none_nobias_nodwbias");
  ASSERT_TRUE(one && chain);
  const double single = run(*one, {1, {1}, {}, {{{1}, {}}}}, true, 1).bounds.at(0);
  const double both = run(*chain, {1, {1}, {}, {{{1}, {}}, {{1}, {}}}}, true, 1).bounds.at(0);
  EXPECT_GE(both, 2 * single);
  EXPECT_LE(both, 2.01 * single);
}

TEST(Bounds, OfF16AddTheStoreToThoseOfTheSum) {
  const Operands operands{1, {1, -2}, {}, {{{3, 4}, {5}}}};  // 3 - 8 + 5: all halves
  const auto f32 = spec::parse_name("pw_f32_n1h1w1c2_o1_none");
  const auto f16 = spec::parse_name("pw_f16_n1h1w1c2_o1_none");
  ASSERT_TRUE(f32 && f16);
  const double sum = run(*f32, operands, true, 1).bounds.at(0);
  EXPECT_DOUBLE_EQ(run(*f16, operands, true, 1).bounds.at(0), sum * (1 + 0x1p-11) + 0x1p-25);
}

TEST(Bounds, OfSumsInF16AreTheirOwnGamma) {
  const auto layer = spec::parse_name("pw_f16_n1h1w1c2_o1_none_accf16");
  ASSERT_TRUE(layer);
  const Expected expected = run(*layer, {1, {1, -2}, {}, {{{3, 4}, {5}}}}, true, 1);
  EXPECT_DOUBLE_EQ(expected.bounds.at(0),
                   spec::gamma(3, spec::Dtype::f16) * (3 + 8 + 5) + 3 * 0x1p-25);
}

TEST(Values, OfF16AreThoseOfRoundedOperands) {
  const auto layer = spec::parse_name("pw_f16_n1h1w1c1_o1_none_res");
  ASSERT_TRUE(layer);
  // 1 + 2^-12 rounds to 1, 3 + 2^-10 is halfway to the next half and goes to the even 3; biases
  // stay.
  const Operands operands{1, {1.00024414F}, {1.00024414F}, {{{3.0009765625F}, {1.00024414F}}}};
  EXPECT_DOUBLE_EQ(run(*layer, operands, false, 1).values.at(0), 3 + 1 + double{1.00024414F});
}

TEST(Bounds, AreAbsentUnlessAskedFor) {
  const auto layer = spec::parse_name("pw_f32_n1h1w1c1_o1_none_nobias");
  ASSERT_TRUE(layer);
  EXPECT_TRUE(run(*layer, {1, {1}, {}, {{{1}, {}}}}, false, 1).bounds.empty());
}

}  // namespace
}  // namespace sepconv::reference
