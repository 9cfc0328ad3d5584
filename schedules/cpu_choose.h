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

/// The tile of at most `limit` that covers `extent` at least cost, where a tile's own cost is that
/// of two more elements and the last tile overlaps the one before.
[[nodiscard]] inline int64_t even_tile(int64_t extent, int64_t limit) {
  constexpr int64_t kTileCost = 2;
  int64_t best = 1;
  int64_t best_cost = extent * (1 + kTileCost);
  for (int64_t i = 2; i <= std::min(extent, limit); ++i) {
    const int64_t cost = ceil_div(extent, i) * (i + kTileCost);
    if (cost <= best_cost) {
      best = i;
      best_cost = cost;
    }
  }
  return best;
}

/// The largest divisor of `extent` up to `limit`.
[[nodiscard]] inline int64_t largest_divisor(int64_t extent, int64_t limit) {
  for (int64_t i = std::min(extent, limit); i > 1; --i) {
    if (extent % i == 0) return i;
  }
  return 1;
}

}  // namespace sepconv::schedules
