// Generators: activations as expressions. Knows no stage and no schedule.
#include "generators/activation.h"

namespace sepconv::generators {

using Halide::Expr;

namespace {

/// c[0] + c[1] x + ...
template <size_t Count>
Expr horner(const float (&coefficients)[Count], const Expr& x) {
  Expr sum = coefficients[Count - 1];
  for (size_t i = Count - 1; i-- > 0;) sum = sum * x + coefficients[i];
  return sum;
}

/// 2^t for |t| <= 126: the nearest whole number goes to the exponent's bits, the rest through a
/// minimax polynomial of relative error 7.5e-8. No infinities or denormals occur, which fast-math
/// arithmetic may assume.
Expr bounded_exp2(const Expr& exponent) {
  const Expr t = Halide::clamp(exponent, -126.0f, 126.0f);
  const Expr whole = Halide::round(t);
  const Expr fraction =
      horner({1.0000001192092896f, 0.6931469440460205f, 0.24022120237350464f, 0.05550713092088699f,
              0.009675541892647743f, 0.0013276472454890609f},
             t - whole);
  const Expr bits = Halide::reinterpret<int32_t>(fraction) + (Halide::cast<int32_t>(whole) << 23);
  return Halide::reinterpret<float>(bits);
}

/// numerator / (1 + e^-x).
Expr logistic(const Expr& numerator, const Expr& x) {
  constexpr float kLog2E = 1.44269504f;
  return numerator / (1.0f + bounded_exp2(x * -kLog2E));
}

/// erf(z) as z P(z^2) / Q(z^2), a minimax fit on |z| <= 3.92 of absolute error 4.3e-8; beyond, erf
/// is 1 to within f32.
Expr error_function(const Expr& z) {
  constexpr float kOne = 3.92f;
  const Expr x = Halide::clamp(z, -kOne, kOne);
  const Expr u = x * x;
  const Expr numerator = horner(
      {1.1283787488937378f, 0.20611807703971863f, 0.05139778554439545f, 0.003973041195422411f,
       0.00014898907102178782f, -1.9942792732763337e-06f, 1.992083475954587e-08f},
      u);
  const Expr denominator = horner({1.0f, 0.5159961581230164f, 0.11756614595651627f,
                                   0.01488953735679388f, 0.001024155761115253f},
                                  u);
  return x * numerator / denominator;
}

/// x/2 (1 + erf(x/sqrt 2)).
Expr gelu(const Expr& x) {
  const Expr half = 0.5f * x;
  return half * error_function(x * 0.70710678f) + half;
}

/// Those that are computed rather than compared, in f32.
Expr evaluate(spec::Activation activation, const Expr& x) {
  switch (activation) {
    case spec::Activation::hard_swish:
      return x * Halide::clamp(x + 3.0f, 0.0f, 6.0f) * (1.0f / 6.0f);
    case spec::Activation::silu:
      return logistic(x, x);
    case spec::Activation::gelu:
      return gelu(x);
    case spec::Activation::sigmoid:
      return logistic(1.0f, x);
    default:
      return x;
  }
}

}  // namespace

Expr activate(spec::Activation activation, const Expr& x) {
  const Expr zero = Halide::cast(x.type(), 0.0f);
  switch (activation) {
    case spec::Activation::none:
      return x;
    case spec::Activation::relu:
      return Halide::max(x, zero);
    case spec::Activation::relu6:
      return Halide::clamp(x, zero, Halide::cast(x.type(), 6.0f));
    default:
      return Halide::cast(x.type(), evaluate(activation, Halide::cast<float>(x)));
  }
}

}  // namespace sepconv::generators
