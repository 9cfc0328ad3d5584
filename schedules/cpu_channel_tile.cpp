// Schedules: chooses the register tile of a pointwise or dense stage. Knows no Halide and no
// instruction set.
#include <cmath>
#include <limits>

#include "schedules/cpu_choose.h"

namespace sepconv::schedules {

namespace {

/// A stage as the tile sees it: `width` pixels a row by `channels`, `reduction` steps each.
struct Work {
  int64_t width = 1, channels = 1, channels_in = 1, taps = 1;
  bool planar = false;
  bool tested = false;  ///< planar: every load for padding

  [[nodiscard]] int64_t reduction() const { return channels_in * taps; }
};

/// Loops over fewer input channels than this end before they pay; a row of taps unrolls instead.
constexpr int64_t kShortChannels = 4;

struct ChannelChoice {
  int64_t x = 1, v = 1, lanes = 1;
  double cycles = std::numeric_limits<double>::infinity();

  [[nodiscard]] int64_t accumulators() const { return x * v; }
  [[nodiscard]] int64_t pixels(const Work& work) const { return work.planar ? x * lanes : x; }
  [[nodiscard]] int64_t channels(const Work& work) const { return work.planar ? v : v * lanes; }
};

/// Steps of the reduction that one loop iteration holds, to amortise the loop's bookkeeping. A
/// reduction whose weights stay in registers beside the accumulators unrolls whole; so does a short
/// one that nothing divides.
int64_t choose_unroll(const ChannelChoice& tile, const Work& work, const targets::Target& target) {
  // A dense tap's addresses are found once for all unrolled channels.
  const int64_t most = !target.fma ? 1 : work.taps > 1 ? 8 : 4;
  const int64_t accumulators = tile.x * tile.v;
  const int64_t weights = work.channels_in * (work.planar ? tile.x : tile.v);
  if (work.channels_in <= 64 && weights + accumulators <= target.registers) return 0;
  for (int64_t unroll = most; unroll > 1; unroll /= 2) {
    const bool divides = work.channels_in % unroll == 0 && work.channels_in > unroll;
    if (divides && unroll * accumulators <= 28 * most) return unroll;
  }
  return work.channels_in <= 32 && work.channels_in * accumulators <= 256 ? 0 : 1;
}

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
double load_cycles(const ChannelChoice& tile, const Work& work, const targets::Target& target) {
  const int64_t broadcasts = work.planar ? tile.v : tile.x;
  const int64_t vectors = work.planar ? tile.x : tile.v;
  if (!target.fma) {
    return static_cast<double>(2 * broadcasts + vectors + 3 * tile.accumulators()) / 5;
  }
  const double load = target.vector_bits == 512 ? 0.5 : 0.625;
  return static_cast<double>(broadcasts + vectors) * load;
}

/// Cycles a step for issuing its instructions while another thread shares the core, as on the
/// virtual machines of a server: about 0.4 of the slots are left then. A broadcast that is part of
/// an FMA issues apart from it where its address has an index, as here. Lines of weights that no L1
/// holds wait longer for an L2 that is shared too.
double shared_issue_cycles(const ChannelChoice& tile, const Work& work,
                           const targets::Target& target) {
  constexpr double kShare = 0.4, kFarLine = 0.2;
  const int64_t step_bytes = work.planar ? 0 : tile.v * tile.lanes * 4;
  const bool far = work.reduction() * step_bytes > target.core.l1_bytes;
  const double lines = far ? static_cast<double>(step_bytes) / kLine : 0;
  return static_cast<double>(tile.accumulators() + tile.x + tile.v) / (kShare * target.core.issue) +
         kFarLine * lines;
}

/// Cycles a step for broadcasts that find no register. Where an unrolled row of taps reads a pixel
/// twice, the compiler keeps its broadcast instead of folding the load into the FMA.
double spill_cycles(const ChannelChoice& tile, const Work& work, const targets::Target& target) {
  if (work.taps == 1 || work.channels_in > kShortChannels || work.planar) return 0;
  const int64_t live = tile.accumulators() + tile.v + tile.x;
  return 0.8 * static_cast<double>(std::max<int64_t>(0, live - (target.registers - 1)));
}

/// Cycles a step for the lines of a block of weights that no L1 holds: it comes from L2, or from
/// beyond, for every tile of pixels.
double weight_cycles(const ChannelChoice& tile, const Work& work, const targets::Target& target) {
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
double stream_cycles(const ChannelChoice& tile, const Work& work, const targets::Target& target) {
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
double store_cycles(const ChannelChoice& tile, const Work& work, const targets::Target& target) {
  constexpr int64_t kStreams = 4;
  constexpr double kStore = 0.6, kStream = 0.05, kSpill = 6;
  double cycles = kStore;
  const bool whole_pixels = !work.planar && tile.v * tile.lanes >= work.channels;
  if (!whole_pixels) {
    cycles += kStream * static_cast<double>(std::max<int64_t>(0, tile.x - kStreams));
  }
  const bool fast = has_fast_fma(target) && target.registers >= 32;
  if (fast && 4 * tile.accumulators() > 3 * target.registers) cycles += kSpill;
  return cycles;
}

/// Cycles of one tile. A step of the reduction is bound by FMAs, by two loads a cycle or by the
/// latency of one accumulator; then every accumulator is clamped and stored.
double tile_cycles(const ChannelChoice& tile, const Work& work, const targets::Target& target) {
  constexpr double kLatency = 4;
  constexpr double kTileOverhead = 12;
  const double fmas = static_cast<double>(tile.accumulators()) * fma_cycles(tile.lanes, target);
  const double loads = load_cycles(tile, work, target);
  const int64_t unroll = choose_unroll(tile, work, target);
  const auto steps = static_cast<double>(unroll == 0 ? work.channels_in : unroll);
  const double bound = std::max({fmas, loads, kLatency, weight_cycles(tile, work, target)});
  // Chains as short as their latency leave nothing to run when a load comes late.
  const double alone = bound + 0.1 * std::max(0.0, 2 * kLatency - fmas);
  const double shared = std::max(alone, shared_issue_cycles(tile, work, target));
  double step = (alone + shared) / 2 + 0.5 / steps;
  step += stream_cycles(tile, work, target);
  // A tile that fills the register file leaves the compiler no room to load ahead, the less the
  // faster its FMAs are.
  const int64_t vectors = work.planar ? tile.x : tile.v;
  const double crowded = fma_cycles(tile.lanes, target) < 1 ? 1.08 : 1.04;
  if (work.taps == 1 && tile.accumulators() + vectors >= target.registers) step *= crowded;
  if (work.tested) step += address_cycles(tile.v, steps);
  step += spill_cycles(tile, work, target);
  // Tiles of few instructions overlap with their neighbours.
  constexpr double kWindow = 256;
  const double instructions = static_cast<double>(tile.accumulators() * work.reduction());
  return static_cast<double>(work.reduction()) * step +
         store_cycles(tile, work, target) * static_cast<double>(tile.accumulators()) +
         kTileOverhead * std::min(1.0, instructions / kWindow);
}

/// A last tile of channels that overlaps the one before repeats little, and pays by more than the
/// model errs.
constexpr double kMostOverlap = 1.0 / 16, kOverlapGains = 1.06;

bool overlaps(const ChannelChoice& tile, const Work& work) {
  return !work.planar && !channel_tile_fits(work.channels, tile.channels(work));
}

/// Of vectors: those that a layer's last one fills in part count whole.
bool overlaps_little(const ChannelChoice& tile, const Work& work) {
  const int64_t vectors = ceil_div(work.channels, tile.lanes);
  return tile.v <= vectors && repeated(vectors, tile.v) <= 1 + kMostOverlap;
}

/// Tiles that the space allows, as x (pixels or vectors of them), v and lanes.
bool is_allowed(const ChannelChoice& tile, const Work& work, const targets::Target& target) {
  if (work.planar) {
    return tile.pixels(work) <= work.width && tile_in_registers(tile.v, tile.x, target);
  }
  return (!overlaps(tile, work) || overlaps_little(tile, work)) &&
         tile_in_registers(tile.x, tile.v, target);
}

double repeated_work(const ChannelChoice& tile, const Work& work) {
  return repeated(work.width, tile.pixels(work)) * repeated(work.channels, tile.channels(work));
}

double tiles(const ChannelChoice& tile, const Work& work) {
  return static_cast<double>(ceil_div(work.width, tile.pixels(work)) *
                             ceil_div(work.channels, tile.channels(work)));
}

ChannelChoice best_tile(const Work& work, const spec::Layer& layer, const targets::Target& target,
                        double most_repeated) {
  ChannelChoice best;
  const int64_t most_x = work.planar ? 6 : std::min<int64_t>(work.width, target.registers - 2);
  const int64_t most_v = work.planar ? std::min<int64_t>(work.channels, target.registers - 2) : 8;
  for (int64_t lanes = work.planar ? 1 : 4; lanes <= target.lanes(4); lanes *= 2) {
    if (!work.planar && is_too_narrow(lanes, work.channels, layer, target)) continue;
    for (int64_t v = 1; v <= most_v; ++v) {
      for (int64_t x = 1; x <= most_x; ++x) {
        ChannelChoice tile{x, v, lanes};
        if (!is_allowed(tile, work, target)) continue;
        if (repeated_work(tile, work) > most_repeated) continue;
        tile.cycles = tile_cycles(tile, work, target) * tiles(tile, work);
        if (overlaps(tile, work)) tile.cycles *= kOverlapGains;
        if (tile.cycles < best.cycles) best = tile;
      }
    }
  }
  return best;
}

/// Weights that fit half of L1 are re-read for every pixel tile; larger ones go block by block.
int64_t choose_order(const Work& work, const targets::Target& target) {
  return work.reduction() * work.channels * 4 > target.core.l1_bytes / 2 ? 1 : 0;
}

/// A row of taps in one body where few input channels leave the loop over them short.
int64_t choose_taps(int64_t accumulators, const Work& work, const spec::Window& window) {
  const int64_t body = accumulators * work.channels_in * window.kernel[1];
  return work.channels_in <= kShortChannels && body <= 256 ? 1 : 0;
}

}  // namespace

double fma_cycles(int64_t lanes, const targets::Target& target) {
  const double cycles =
      std::max(1.0 / target.core.fma_pipes, static_cast<double>(lanes) / target.core.fma_lanes);
  return target.fma ? cycles : 2 * cycles;
}

void choose_block(Point& point, const spec::Layer& layer, const targets::Target& target) {
  constexpr int64_t kMostTiles = 16;
  if (!goes_by_blocks(layer)) return;
  // Halves of weights would be converted again for every block.
  const bool converts = layer.dtype != layer.accumulate;
  const TiledExtents extents = tiled_extents(layer, 0);
  const int64_t channels = knob(point, "pw_v") * knob(point, "pw_lanes");
  const int64_t pixel_bytes = extents.channels_in * 4;
  const int64_t l2 = target.core.l2_bytes;
  const bool repeats = knob(point, "pw_order") == 1 && extents.channels > channels;
  const bool weights_stay = extents.channels * pixel_bytes <= l2 / 2;
  int64_t& tiles = point["pw_block"];
  tiles = 0;
  if (!repeats || converts || !weights_stay || extents.width * pixel_bytes <= l2 / 2) return;
  const int64_t tile_bytes = knob(point, "pw_x") * pixel_bytes;
  for (int64_t n = 2; n <= kMostTiles && n * tile_bytes <= l2 / 8; n *= 2) tiles = n;
}

void choose_channel_tile(Point& point, const spec::Layer& layer, size_t stage,
                         const targets::Target& target) {
  const spec::Window& window = layer.stages[stage].window;
  const TiledExtents extents = tiled_extents(layer, stage);
  Work work{extents.width, extents.channels, extents.channels_in,
            window.kernel[0] * window.kernel[1], extents.planar};
  work.tested = extents.planar && (extents.border_x || extents.border_y);
  const std::string prefix = stage_prefix(layer, stage);
  ChannelChoice tile;
  if (prefix == "ex") tile = best_tile(work, layer, target, kMostRepeated);
  if (std::isinf(tile.cycles))
    tile = best_tile(work, layer, target, std::numeric_limits<double>::max());
  if (prefix == "cv") {
    point["cv_taps"] = choose_taps(tile.accumulators(), work, window);
    const int64_t pixels = tile.pixels(work);
    const bool splits = pixels < extents.width ? extents.splits_columns(pixels) : extents.border_y;
    // What is converted ahead is copied with its zeros.
    const bool converts = layer.dtype != layer.accumulate;
    point["cv_split"] = splits && !extents.planar && !converts ? 2 : 0;
  }
  point[prefix + "_x"] = tile.x;
  point[prefix + "_v"] = tile.v;
  point[prefix + "_lanes"] = tile.lanes;
  point[prefix + "_unroll"] = choose_unroll(tile, work, target);
  point[prefix + "_order"] = choose_order(work, target);
  choose_block(point, layer, target);
}

}  // namespace sepconv::schedules
