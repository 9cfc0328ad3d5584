// Spec: what generated kernels promise of their arithmetic. Knows no kernel and no reference.
#pragma once

#include <cmath>

#include "spec/layer.h"

namespace sepconv::spec {

/// Unit roundoff of f32, in which activations are evaluated whatever the layer's types.
inline constexpr double kRoundoff = 0x1p-24;

/// An activation in f32: |computed(x) - f(x)| <= per_input * |x| + absolute for the same x, and
/// |f(a) - f(b)| <= lipschitz * |a - b|.
struct Accuracy {
  double lipschitz = 1;
  double per_input = 0;
  double absolute = 0;
};

/// none, relu and relu6 round nothing. hard_swish: five roundings, none of them amplified. The
/// others rest on a polynomial 2^t of relative error 7.5e-8, gelu on a rational erf of absolute
/// error 4.3e-8.
[[nodiscard]] constexpr Accuracy accuracy(Activation activation) {
  switch (activation) {
    case Activation::none:
    case Activation::relu:
    case Activation::relu6:
      return {};
    case Activation::hard_swish:
      return {1.5, 8 * kRoundoff, 0};
    case Activation::silu:
      return {1.1, 8 * kRoundoff, 0};
    case Activation::gelu:
      return {1.13, 8 * kRoundoff, 0};
    case Activation::sigmoid:
      return {0.25, 0, 4 * kRoundoff};
  }
  return {};
}

/// Higham's gamma_k = k u / (1 - k u): k roundings of sums kept in a type, in any order, with or
/// without fused multiply-add.
[[nodiscard]] inline double gamma(int64_t k, Dtype accumulate) {
  const double ku = std::ldexp(static_cast<double>(k), -traits(accumulate).digits);
  return ku / (1 - ku);
}

}  // namespace sepconv::spec
