// Schedules: what a register tile of a pointwise or dense stage costs. Knows no Halide and no
// instruction set.
#include "schedules/cpu_channel_cost.h"

#include <algorithm>

namespace sepconv::schedules {

namespace {

/// A tile's multiply-adds in units of how many instructions a core looks ahead.
double look_aheads(const ChannelChoice& tile, const ChannelWork& work) {
  constexpr double kLookAhead = 256;
  return static_cast<double>(tile.accumulators() * work.reduction()) / kLookAhead;
}

/// Whether a tile computes all channels of its pixels.
bool holds_pixels(const ChannelChoice& tile, const ChannelWork& work) {
  return !work.planar && tile.v * tile.lanes >= work.channels;
}

/// Cycles of an iteration's bookkeeping.
constexpr double kLoop = 0.5;

/// Cycles a step for finding the pixels where padding is tested: each has an address of its own,
/// found once for the unrolled channels, and half of the 16 integer registers can hold them.
double address_cycles(int64_t pixels, double unrolled) {
  constexpr int64_t kAddresses = 8;
  const auto spilled = static_cast<double>(std::max<int64_t>(0, pixels - kAddresses));
  return (0.5 * static_cast<double>(pixels) + 2 * spilled) / unrolled;
}

/// Cycles a step for getting operands to the FMAs: two loads a cycle, which AVX-512 does inside the
/// FMA while elsewhere a broadcast's own instruction competes for issue. Without FMA each one is a
/// copy, a product and a sum, a broadcast is two instructions, and five issue a cycle.
double load_cycles(double broadcasts, const ChannelChoice& tile, const ChannelWork& work,
                   const targets::Target& target) {
  const auto vectors = static_cast<double>(work.planar ? tile.x : tile.v);
  if (!target.fma) {
    return (2 * broadcasts + vectors + 3 * static_cast<double>(tile.accumulators())) / 5;
  }
  return (broadcasts + vectors) * (target.vector_bits == 512 ? 0.5 : 0.625);
}

/// Cycles a step for issuing its instructions while another thread shares the core, as on the
/// virtual machines of a server: about 0.4 of the slots are left then. A broadcast that is part of
/// an FMA issues apart from it where its address has an index, as here. Lines of weights that no L1
/// holds wait longer for an L2 that is shared too.
double shared_issue_cycles(double broadcasts, const ChannelChoice& tile, const ChannelWork& work,
                           const targets::Target& target) {
  constexpr double kShare = 0.4, kFarLine = 0.2;
  const int64_t step_bytes = work.planar ? 0 : tile.v * tile.lanes * 4;
  const bool far = work.reduction() * step_bytes > target.core.l1_bytes;
  const double lines = far ? static_cast<double>(step_bytes) / kLine : 0;
  const auto others = static_cast<double>(tile.accumulators() + (work.planar ? tile.x : tile.v));
  return (broadcasts + others) / (kShare * target.core.issue) + kFarLine * lines;
}

/// A row of a dense window's taps over few channels.
struct TapRow {
  bool unrolled = false;
  double broadcasts = 0;  ///< a step
  double crowding = 0;    ///< cycles a step for values that find no register
};

/// Where FMAs broadcast from memory, an unrolled row has a pixel that several taps read broadcast
/// once and kept for the next of them. The cycles are fitted to tiles of 1 to 22 pixels of 1, 3 and
/// 4 channels under windows of 3 and 5 columns: 10 registers too many take 0.7 cycles, 26 take 5.
TapRow unrolled_row(const ChannelChoice& tile, const ChannelWork& work,
                    const targets::Target& target) {
  constexpr double kCrowding = 0.007;
  const auto x = static_cast<double>(tile.x);
  const int64_t columns = work.window.kernel[1];
  const int64_t stride = work.window.stride[1];
  const int64_t waiting = std::max<int64_t>(0, std::min(stride, columns - stride));
  const auto kept = static_cast<double>(tile.x * work.channels_in * waiting);
  const auto others = static_cast<double>(tile.accumulators() + tile.v + 1);
  const double excess = std::max(0.0, others + kept - static_cast<double>(target.registers));
  const double found = kept > 0 ? std::max(0.0, 1 - excess / kept) : 0;
  const double once =
      static_cast<double>(work.window.inputs(1, tile.x)) / static_cast<double>(tile.x * columns);
  return {true, x * (1 - found * (1 - once)), kCrowding * excess * excess};
}

/// How a tile goes through a row of taps: in one body where the loop over channels is too short to
/// pay.
TapRow choose_row(const ChannelChoice& tile, const ChannelWork& work,
                  const targets::Target& target) {
  constexpr int64_t kLongestBody = 256;
  TapRow rolled;
  rolled.broadcasts = static_cast<double>(work.planar ? tile.v : tile.x);
  const int64_t columns = work.window.kernel[1];
  if (!work.is_short_window() || tile.accumulators() * work.channels_in * columns > kLongestBody)
    return rolled;
  TapRow unrolled = rolled;
  unrolled.unrolled = true;
  if (work.planar) return unrolled;
  // Elsewhere a product or a broadcast takes a register, so that pixels of several channels find
  // none to wait in.
  if (!target.fma || work.channels_in == 1) {
    const int64_t live = tile.accumulators() + tile.v + tile.x;
    unrolled.crowding =
        0.8 * static_cast<double>(std::max<int64_t>(0, live - (target.registers - 1)));
  }
  if (target.vector_bits != 512) return unrolled;
  unrolled = unrolled_row(tile, work, target);
  const auto cycles = [&](const TapRow& row, int64_t steps) {
    const double fmas = static_cast<double>(tile.accumulators()) * fma_cycles(tile.lanes, target);
    return std::max(fmas, load_cycles(row.broadcasts, tile, work, target)) + row.crowding +
           kLoop / static_cast<double>(steps);
  };
  const bool pays =
      cycles(unrolled, work.channels_in * columns) <= cycles(rolled, work.channels_in);
  return pays ? unrolled : rolled;
}

/// Cycles a step for the lines of a block of weights that no L1 holds: it comes from L2, or from
/// beyond, for every tile of pixels.
double weight_cycles(const ChannelChoice& tile, const ChannelWork& work,
                     const targets::Target& target) {
  if (work.planar) return 0;
  const int64_t step_bytes = tile.v * tile.lanes * 4;
  const int64_t block = work.reduction() * step_bytes;
  const double line = block > target.core.l2_bytes / 2   ? 4
                      : block > target.core.l1_bytes / 2 ? 2
                                                         : 0;
  return static_cast<double>(step_bytes) / 64 * line;
}

/// Cycles a step for reading as many streams of input channels as the tile has pixels, one element
/// each, where L1 does not hold them. Pixels a multiple of a line times a power of two apart fall
/// into few of its 64 sets; streams that outnumber a set's ways evict each other's lines before
/// their 16 elements are used.
double stream_cycles(const ChannelChoice& tile, const ChannelWork& work,
                     const targets::Target& target) {
  constexpr double kFromL2 = 2, kEvicted = 7;
  if (work.taps > 1 || work.planar) return 0;
  const int64_t pixel_bytes = work.channels_in * 4;
  if (tile.x * pixel_bytes <= target.core.l1_bytes) return 0;
  const bool evicts = ceil_div(tile.x, sets_met(pixel_bytes)) >= l1_ways(target);
  return static_cast<double>(tile.x) * 4 / kLine * (evicts ? kEvicted : kFromL2);
}

/// Cycles for clamping and storing one accumulator. Parts of many pixels at once are as many
/// streams of partly written rows. An activation with exponentials wants a quarter of the registers
/// for itself; where FMAs are fast enough that fewer accumulators hide their latency, tiles leave
/// it, whatever the activation: a layer and its twin without one share their point.
double store_cycles(const ChannelChoice& tile, const ChannelWork& work,
                    const targets::Target& target) {
  constexpr int64_t kStreams = 4;
  constexpr double kStore = 0.6, kStream = 0.05, kSpill = 6;
  double cycles = kStore;
  if (!holds_pixels(tile, work)) {
    cycles += kStream * static_cast<double>(std::max<int64_t>(0, tile.x - kStreams));
  }
  // A burst of stores beyond L2 waits, unless the next tile's multiply-adds run beside it.
  if (work.is_short_window() && work.far_output) {
    cycles += std::clamp(look_aheads(tile, work) - 1, 0.0, 2.0);
  }
  const bool fast = has_fast_wide_fma(target);
  if (fast && 4 * tile.accumulators() > 3 * target.registers) cycles += kSpill;
  return cycles;
}

/// Cycles that the end of a tile costs beside its stores, where FMAs are fast: what a dozen sums
/// take is hidden behind the next tile's multiply-adds, what each further one takes is not. Tiles
/// of 12 sums instead of 24 gain 17 cycles for 16 input channels, 23 to 30 for 24 to 96.
double end_cycles(const ChannelChoice& tile, const ChannelWork& work,
                  const targets::Target& target) {
  constexpr int64_t kHidden = 12;
  constexpr double kSum = 3;
  if (!has_fast_fma(target) || work.taps > 1 || !holds_pixels(tile, work)) return 0;
  return kSum * static_cast<double>(std::max<int64_t>(0, tile.accumulators() - kHidden));
}

}  // namespace

double fma_cycles(int64_t lanes, const targets::Target& target) {
  const double cycles =
      std::max(1.0 / target.core.fma_pipes, static_cast<double>(lanes) / target.core.fma_lanes);
  return target.fma ? cycles : 2 * cycles;
}

int64_t choose_unroll(const ChannelChoice& tile, const ChannelWork& work,
                      const targets::Target& target) {
  // A dense tap's addresses are found once for all unrolled channels.
  const int64_t most = !target.fma ? 1 : work.taps > 1 ? 8 : 4;
  const int64_t accumulators = tile.x * tile.v;
  const int64_t weights = work.channels_in * (work.planar ? tile.x : tile.v);
  // What a loop over tiles of channels does not change leaves it, to registers or the stack:
  // broadcasts of all pixels, where FMAs do not read them from memory.
  const bool repeats = work.taps == 1 && !work.planar && !holds_pixels(tile, work);
  const int64_t pixels = repeats && target.vector_bits != 512 ? work.channels_in * tile.x : 0;
  const bool in_registers = weights + pixels + accumulators <= target.registers;
  if (work.channels_in <= 64 && in_registers && !work.scalar) return 0;
  // All channels of a pixel in one body read its lines one after the other, as prefetchers like it,
  // instead of a part of every line in turn.
  const bool few = !work.scalar && holds_pixels(tile, work) && tile.v <= 2;
  const bool short_pixel =
      work.channels_in <= 64 && work.channels_in * accumulators <= kUnrollBudget;
  if (work.far_input && few && short_pixel && target.vector_bits == 512) return 0;
  for (int64_t unroll = most; unroll > 1; unroll /= 2) {
    const bool divides = work.channels_in % unroll == 0 && work.channels_in > unroll;
    if (divides && unroll * accumulators <= 28 * most) return unroll;
  }
  const bool fits = work.planar || (work.taps > 1 && !work.scalar) || few;
  return fits && work.channels_in <= 32 && work.channels_in * accumulators <= 256 ? 0 : 1;
}

bool unrolls_row(const ChannelChoice& tile, const ChannelWork& work,
                 const targets::Target& target) {
  return choose_row(tile, work, target).unrolled;
}

double tile_cycles(const ChannelChoice& tile, const ChannelWork& work,
                   const targets::Target& target) {
  constexpr double kLatency = 4;
  constexpr double kTileOverhead = 12;
  const double fmas = static_cast<double>(tile.accumulators()) * fma_cycles(tile.lanes, target);
  const TapRow row = choose_row(tile, work, target);
  const double loads = load_cycles(row.broadcasts, tile, work, target);
  const int64_t unroll = choose_unroll(tile, work, target);
  const auto steps = static_cast<double>((unroll == 0 ? work.channels_in : unroll) *
                                         (row.unrolled ? work.window.kernel[1] : 1));
  const double bound = std::max({fmas, loads, kLatency, weight_cycles(tile, work, target)});
  // Chains as short as their latency leave nothing to run when a load comes late.
  const double alone = bound + 0.1 * std::max(0.0, 2 * kLatency - fmas);
  const double shared = std::max(alone, shared_issue_cycles(row.broadcasts, tile, work, target));
  double step = (alone + shared) / 2 + row.crowding + kLoop / steps;
  step += stream_cycles(tile, work, target);
  // A tile that fills the register file leaves the compiler no room to load ahead, the less the
  // faster its FMAs are.
  const int64_t vectors = work.planar ? tile.x : tile.v;
  const double crowded = fma_cycles(tile.lanes, target) < 1 ? 1.08 : 1.04;
  if ((work.taps == 1 || work.is_short_window()) &&
      tile.accumulators() + vectors >= target.registers)
    step *= crowded;
  if (work.tested) step += address_cycles(tile.v, steps);
  // Tiles of few instructions overlap with their neighbours.
  return static_cast<double>(work.reduction()) * step +
         store_cycles(tile, work, target) * static_cast<double>(tile.accumulators()) +
         end_cycles(tile, work, target) + kTileOverhead * std::min(1.0, look_aheads(tile, work));
}

}  // namespace sepconv::schedules
