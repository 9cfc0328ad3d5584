// Schedules: how a CPU heuristic chooses each stage's tile: by estimates of cycles from the
// target's data and the stage's sizes. Knows no Halide and no instruction set.
#pragma once

#include <algorithm>

#include "schedules/cpu_space.h"

namespace sepconv::schedules {

/// Sets a pointwise or dense stage's knobs: the register tile with the fewest estimated cycles.
void choose_channel_tile(Point& point, const spec::Layer& layer, size_t stage,
                         const targets::Target& target);

/// Sets a depthwise stage's knobs. `rows` is the height of a step of a fused nest, 0 without one.
void choose_window_tile(Point& point, const spec::Layer& layer, size_t stage, int64_t rows,
                        const targets::Target& target);

/// Rows of a step of a fused nest.
[[nodiscard]] int64_t choose_rows(const spec::Layer& layer, const targets::Target& target);

[[nodiscard]] inline int64_t ceil_div(int64_t value, int64_t factor) {
  return (value + factor - 1) / factor;
}

/// The largest divisor of `extent` up to `limit`.
[[nodiscard]] inline int64_t largest_divisor(int64_t extent, int64_t limit) {
  for (int64_t i = std::min(extent, limit); i > 1; --i) {
    if (extent % i == 0) return i;
  }
  return 1;
}

}  // namespace sepconv::schedules
