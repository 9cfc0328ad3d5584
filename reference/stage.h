// Reference, private: one stage of a chain on one image. Knows nothing of what precedes it.
#pragma once

#include <vector>

#include "reference/reference.h"

namespace sepconv::reference {

/// One image between two stages, [h][w][c].
struct Map {
  spec::Shape shape;  ///< n is 1
  std::vector<double> values;
  std::vector<double> errors;  ///< how far a kernel may be off; empty when not asked for
};

/// One stage's parameters in f64, with magnitudes for the bound.
struct Weights {
  std::vector<double> values, magnitudes, bias;
};
/// What is left of a value that is stored in the type.
[[nodiscard]] double stored(spec::Dtype dtype, float value);
[[nodiscard]] Weights widen(const StageParameters& parameters, spec::Dtype dtype);

/// The types of a stage's arithmetic.
struct Types {
  spec::Dtype tensors = spec::Dtype::f32, accumulate = spec::Dtype::f32;
};

/// Applies the stage; `residual` is a dense image of the output's shape or null.
[[nodiscard]] Map apply(const spec::Stage& stage, const Weights& weights, const Map& input,
                        const spec::Shape& output, const float* residual, const Types& types,
                        int threads);

}  // namespace sepconv::reference
