// Tests: activations against their definitions, written with libm once more.
#include <gtest/gtest.h>

#include <cmath>

#include "reference/reference.h"

namespace sepconv::reference {
namespace {

using spec::Activation;

void expect_near_everywhere(Activation activation, double (*defined)(double)) {
  for (double x = -12; x <= 12; x += 0.0625) {
    const double expected = defined(x);
    EXPECT_NEAR(activate(activation, x), expected, 1e-14 * (1 + std::abs(expected))) << "x " << x;
  }
}

double clip6(double x) { return std::fmin(std::fmax(x, 0), 6); }

TEST(Activate, NoneIsTheIdentity) {
  expect_near_everywhere(Activation::none, [](double x) { return x; });
}
TEST(Activate, ReluCutsNegatives) {
  expect_near_everywhere(Activation::relu, [](double x) { return x > 0 ? x : 0; });
}
TEST(Activate, Relu6CutsBothSides) { expect_near_everywhere(Activation::relu6, clip6); }
TEST(Activate, HardSwish) {
  expect_near_everywhere(Activation::hard_swish, [](double x) { return x * clip6(x + 3) / 6; });
}
TEST(Activate, SiluIsXTimesSigmoid) {
  expect_near_everywhere(Activation::silu,
                         [](double x) { return x * std::exp(x) / (std::exp(x) + 1); });
}
TEST(Activate, GeluIsTheErfForm) {
  expect_near_everywhere(Activation::gelu,
                         [](double x) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0))); });
}
TEST(Activate, Sigmoid) {
  expect_near_everywhere(Activation::sigmoid,
                         [](double x) { return 0.5 * (1 + std::tanh(x / 2)); });
}

TEST(Activate, StaysFiniteFarFromZero) {
  for (const auto activation :
       {Activation::silu, Activation::gelu, Activation::sigmoid, Activation::hard_swish}) {
    EXPECT_TRUE(std::isfinite(activate(activation, 1e30))) << spec::word(activation);
    EXPECT_EQ(activate(activation, -1e30), 0) << spec::word(activation);
  }
}

}  // namespace
}  // namespace sepconv::reference
