// Schedules, private to the CPU's heuristics: what a register tile of a pointwise or dense stage
// costs. Knows no Halide and no instruction set.
#pragma once

#include <limits>

#include "schedules/cpu_choose.h"

namespace sepconv::schedules {

/// A stage as the tile sees it: `width` pixels a row by `channels`, `reduction` steps each.
struct ChannelWork {
  int64_t width = 1, channels = 1, channels_in = 1, taps = 1;
  bool planar = false;
  bool tested = false;      ///< planar: every load for padding
  bool scalar = false;      ///< sums_in_scalars: no reduction is straight code
  bool far_output = false;  ///< L2 does not hold it until it is read
  bool far_input = false;   ///< L2 does not hold it beside the output
  spec::Window window = {};

  [[nodiscard]] int64_t reduction() const { return channels_in * taps; }
  /// Loops over fewer channels end before they pay; a row of taps may unroll instead.
  [[nodiscard]] bool is_short_window() const { return taps > 1 && channels_in <= 4; }
};

/// A register tile: x pixels by v vectors of channels; planar, x vectors of pixels by v channels.
struct ChannelChoice {
  int64_t x = 1, v = 1, lanes = 1;
  double cycles = std::numeric_limits<double>::infinity();

  [[nodiscard]] int64_t accumulators() const { return x * v; }
  [[nodiscard]] int64_t pixels(const ChannelWork& work) const {
    return work.planar ? x * lanes : x;
  }
  [[nodiscard]] int64_t channels(const ChannelWork& work) const {
    return work.planar ? v : v * lanes;
  }
};

/// Cycles of one tile. A step of the reduction is bound by FMAs, by two loads a cycle or by the
/// latency of one accumulator; then every accumulator is clamped and stored.
[[nodiscard]] double tile_cycles(const ChannelChoice& tile, const ChannelWork& work,
                                 const targets::Target& target);

/// Steps of the reduction that one loop iteration holds, to amortise the loop's bookkeeping; 0:
/// all. A reduction whose weights stay in registers beside the accumulators unrolls whole; so does
/// a short one that nothing divides.
[[nodiscard]] int64_t choose_unroll(const ChannelChoice& tile, const ChannelWork& work,
                                    const targets::Target& target);

/// Whether a row of taps is one body, where the loop over channels is too short to pay.
[[nodiscard]] bool unrolls_row(const ChannelChoice& tile, const ChannelWork& work,
                               const targets::Target& target);

}  // namespace sepconv::schedules
