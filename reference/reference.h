// Reference: what a layer's output must be, by plain loops in f64. Knows no kernel, schedule or
// packed layout.
#pragma once

#include <cstdint>
#include <vector>

#include "spec/layer.h"

namespace sepconv::reference {

/// Weights of one stage, dense: pointwise [ci][co], depthwise [kh][kw][c*m], conv2d
/// [kh][kw][ci][co]; bias [co], empty where the stage has none.
struct StageParameters {
  std::vector<float> weights;
  std::vector<float> bias;
};

/// All that a layer's output depends on, before it is rounded to the layer's dtype. Tensors are
/// dense NHWC whatever the layer's layout and pixel strides.
struct Operands {
  int64_t n = 1;                ///< images; need not be the layer's
  std::vector<float> input;     ///< [n][h][w][c]
  std::vector<float> residual;  ///< [n] of the output's shape; empty unless has_residual_input
  std::vector<StageParameters> stages;
};

/// Dense NHWC, n images of the output's shape.
struct Expected {
  std::vector<double> values;
  /// How far a kernel may be off, per output: rounding of every sum in any order, carried through
  /// the chain, the documented error of the activations, and rounding to the output's dtype. Empty
  /// unless asked for.
  std::vector<double> bounds;
};

/// Computes the layer. Precondition: the layer is valid and the operands have its sizes.
[[nodiscard]] Expected run(const spec::Layer& layer, const Operands& operands, bool bounds,
                           int threads);

/// The activation as defined: gelu x/2 (1 + erf(x/sqrt 2)), hard_swish x relu6(x+3)/6, silu
/// x sigmoid(x).
[[nodiscard]] double activate(spec::Activation activation, double x);

/// Per output pixel [h][w]: whether some tap of it reaches the layer's input rather than only
/// padding.
[[nodiscard]] std::vector<bool> live_pixels(const spec::Layer& layer);

}  // namespace sepconv::reference
