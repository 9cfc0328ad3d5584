// Generators: activations as expressions. Knows no stage and no schedule.
#include "generators/activation.h"

namespace sepconv::generators {

using Halide::Expr;

namespace {

/// exp for arguments that neither overflow nor reach the denormals: fast-math arithmetic may assume
/// that no infinity occurs.
Expr bounded_exp(const Expr& x) { return Halide::exp(Halide::clamp(x, -87.0f, 87.0f)); }

Expr sigmoid(const Expr& x) { return 1.0f / (1.0f + bounded_exp(-x)); }

/// 1 - erf(z) for z >= 0 by formula 7.1.26 of Abramowitz and Stegun, absolute error 1.5e-7.
Expr complementary_erf(const Expr& z) {
  const Expr t = 1.0f / (1.0f + 0.3275911f * z);
  Expr p = 1.061405429f;
  for (const float coefficient : {-1.453152027f, 1.421413741f, -0.284496736f, 0.254829592f}) {
    p = p * t + coefficient;
  }
  return p * t * bounded_exp(-z * z);
}

/// x/2 (1 + erf(x/sqrt 2)): from the complementary function, so that the negative tail keeps its
/// relative accuracy instead of cancelling.
Expr gelu(const Expr& x) {
  const Expr tail = 0.5f * complementary_erf(Halide::abs(x) * 0.70710678f);
  return x * Halide::select(x < 0.0f, tail, 1.0f - tail);
}

}  // namespace

Expr activate(spec::Activation activation, const Expr& x) {
  switch (activation) {
    case spec::Activation::none:
      return x;
    case spec::Activation::relu:
      return Halide::max(x, 0.0f);
    case spec::Activation::relu6:
      return Halide::clamp(x, 0.0f, 6.0f);
    case spec::Activation::hard_swish:
      return x * Halide::clamp(x + 3.0f, 0.0f, 6.0f) * (1.0f / 6.0f);
    case spec::Activation::silu:
      return x * sigmoid(x);
    case spec::Activation::gelu:
      return gelu(x);
    case spec::Activation::sigmoid:
      return sigmoid(x);
  }
  return x;
}

}  // namespace sepconv::generators
