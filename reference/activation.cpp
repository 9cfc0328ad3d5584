// Reference: activations in f64, by their definitions. Knows no approximation.
#include <algorithm>
#include <cmath>

#include "reference/reference.h"

namespace sepconv::reference {

namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

double activate(spec::Activation activation, double x) {
  switch (activation) {
    case spec::Activation::none:
      return x;
    case spec::Activation::relu:
      return std::max(x, 0.0);
    case spec::Activation::relu6:
      return std::clamp(x, 0.0, 6.0);
    case spec::Activation::hard_swish:
      return x * std::clamp(x + 3, 0.0, 6.0) / 6;
    case spec::Activation::silu:
      return x * sigmoid(x);
    case spec::Activation::gelu:
      return x / 2 * std::erfc(-x / std::sqrt(2.0));
    case spec::Activation::sigmoid:
      return sigmoid(x);
  }
  return x;
}

}  // namespace sepconv::reference
