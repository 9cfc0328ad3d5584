// Reference, private: one stage of a chain on one image. Knows nothing of what precedes it.
#pragma once

#include <vector>

#include "reference/reference.h"

namespace sepconv::reference {

/// One image between two stages, [h][w][c].
struct Map {
  spec::Shape shape;  ///< n is 1
  std::vector<double> values;
  std::vector<double> errors;  ///< how far an f32 kernel may be off; empty when not asked for
};

/// One stage's parameters in f64, with magnitudes for the bound.
struct Weights {
  std::vector<double> values, magnitudes, bias;
};
[[nodiscard]] Weights widen(const StageParameters& parameters);

/// Applies the stage; `residual` is a dense image of the output's shape or null.
[[nodiscard]] Map apply(const spec::Stage& stage, const Weights& weights, const Map& input,
                        const spec::Shape& output, const float* residual, int threads);

}  // namespace sepconv::reference
