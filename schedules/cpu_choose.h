// Schedules: how a CPU heuristic chooses each stage's tile: by estimates of cycles from the
// target's data and the stage's sizes. Knows no Halide and no instruction set.
#pragma once

#include <algorithm>
#include <numeric>

#include "schedules/cpu_space.h"
#include "support/integers.h"

namespace sepconv::schedules {

using support::ceil_div;

/// Sets a pointwise or dense stage's knobs: the register tile with the fewest estimated cycles.
void choose_channel_tile(Point& point, const spec::Layer& layer, size_t stage,
                         const targets::Target& target);

/// Sets `pw_block` of a layer that goes by blocks, after its tile and order: an input that L2 does
/// not hold comes from beyond it once instead of once a block of channels, while L2 holds all
/// weights.
void choose_block(Point& point, const spec::Layer& layer, const targets::Target& target);

/// Sets a depthwise stage's knobs. `rows` is the height of a step of a fused nest, 0 without one.
void choose_window_tile(Point& point, const spec::Layer& layer, size_t stage, int64_t rows,
                        const targets::Target& target);

/// Vectors of channels no wider than the layer, the fewest cycles first, then the widest: an odd
/// half vector may cost less in narrow vectors than in an overlapping wide one, but each vector has
/// loads and addresses of its own. `copies`: odd_copies, of which a vector holds a multiple.
[[nodiscard]] int64_t channel_lanes(int64_t channels, double most_repeated,
                                    const targets::Target& target, int64_t copies = 1);

/// Rows of a step of a fused nest.
[[nodiscard]] int64_t choose_rows(const spec::Layer& layer, const targets::Target& target);

/// Whether the last stage does better on its own, over the pixels of all rows at once, than fused
/// in steps of so many rows: maps of one step gain nothing by fusing. While L2 holds what passes
/// between the stages, so do separable blocks where steps and tiles inside rows overlap much, or
/// stream weights again and again that L2 does not hold; and inverted residuals of few rows, whose
/// blocks of hidden channels are expanded over the whole map, so that no row is short of pixels for
/// the tiles of its stages.
[[nodiscard]] bool stands_apart(const spec::Layer& layer, int64_t rows,
                                const targets::Target& target);

/// Work of overlapping tiles over that of the extent.
[[nodiscard]] inline double repeated(int64_t extent, int64_t tile) {
  return static_cast<double>(support::round_up(extent, tile)) / static_cast<double>(extent);
}

/// How often a fused nest may compute what one pass over the tensor would compute once: below 1.3,
/// so that vectors of 8 may cover 13 channels beside two overlapping tiles of columns.
inline constexpr double kMostRepeated = 1.297;

/// The tile of at most `limit` that covers `extent` at least cost, where a tile's own cost is that
/// of two more elements and the last tile overlaps the one before. At most `most_repeated` times
/// the extent is computed.
[[nodiscard]] inline int64_t even_tile(int64_t extent, int64_t limit, double most_repeated) {
  constexpr int64_t kTileCost = 2;
  int64_t best = 1;
  int64_t best_cost = extent * (1 + kTileCost);
  for (int64_t i = 2; i <= std::min(extent, limit); ++i) {
    const int64_t cost = ceil_div(extent, i) * (i + kTileCost);
    if (cost <= best_cost && repeated(extent, i) <= most_repeated) {
      best = i;
      best_cost = cost;
    }
  }
  return best;
}

/// Cycles an FMA of `lanes` floats occupies the core; without FMA it is two instructions.
[[nodiscard]] double fma_cycles(int64_t lanes, const targets::Target& target);

/// Whether FMAs of whole vectors issue at more than one a cycle.
[[nodiscard]] inline bool has_fast_fma(const targets::Target& target) {
  return fma_cycles(target.lanes(4), target) < 1;
}

/// The same for vectors of AVX-512, whose 32 registers leave long bodies and tiles room.
[[nodiscard]] inline bool has_fast_wide_fma(const targets::Target& target) {
  return has_fast_fma(target) && target.registers >= 32;
}

/// L1 as x86 cores build it: 64 sets of lines of 64 bytes; its size says how many ways each has.
inline constexpr int64_t kLine = 64, kSets = 64;
[[nodiscard]] inline int64_t l1_ways(const targets::Target& target) {
  return target.core.l1_bytes / (kLine * kSets);
}

/// The sets that lines `stride_bytes` apart fall into: few where it is a multiple of a power of
/// two.
[[nodiscard]] inline int64_t sets_met(int64_t stride_bytes) {
  return kSets / std::gcd(kSets, std::max<int64_t>(1, stride_bytes / kLine));
}

/// Whether a tensor stays in L2 beside what else is there.
[[nodiscard]] inline bool stays_in_l2(int64_t bytes, int64_t l2_bytes) {
  return bytes <= 5 * l2_bytes / 8;
}

/// The largest divisor of `extent` up to `limit`.
[[nodiscard]] inline int64_t largest_divisor(int64_t extent, int64_t limit) {
  for (int64_t i = std::min(extent, limit); i > 1; --i) {
    if (extent % i == 0) return i;
  }
  return 1;
}

}  // namespace sepconv::schedules
