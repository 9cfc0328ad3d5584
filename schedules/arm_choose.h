// Schedules: the parts of the ARM heuristic. Knows no Halide.
#pragma once

#include "schedules/cpu_space.h"

namespace sepconv::schedules {

/// Registers that an activation's constants and intermediate values take beside the accumulators
/// where it stands in the body that sums: bounds; 3, 6 and 1/6 with a zero; those of an exponential
/// and of the values on their way through it; the error function's besides.
[[nodiscard]] int64_t activation_registers(spec::Activation activation);

/// Sets a depthwise stage's knobs. `rows` is the height of a step of a fused nest, 0 without one.
void choose_arm_window(Point& point, const spec::Layer& layer, size_t stage, int64_t rows,
                       const targets::Target& target);

/// Operations of a vector of channels in a step of so many rows, with the tile that those get.
[[nodiscard]] double arm_window_operations(const spec::Layer& layer, size_t stage, int64_t rows,
                                           const targets::Target& target);

/// Sets those of a stage whose vectors run along pixels.
void choose_arm_planar_window(Point& point, const spec::Layer& layer, size_t stage, int64_t rows,
                              const targets::Target& target);

}  // namespace sepconv::schedules
