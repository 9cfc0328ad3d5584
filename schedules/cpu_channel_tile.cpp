// Schedules: chooses the register tile of a pointwise or dense stage. Knows no Halide and no
// instruction set.
#include <cmath>
#include <limits>

#include "schedules/cpu_channel_cost.h"
#include "spec/bits.h"

namespace sepconv::schedules {

namespace {

/// A last tile of channels that overlaps the one before repeats little, and pays by more than the
/// model errs.
constexpr double kMostOverlap = 1.0 / 16, kOverlapGains = 1.06;

bool overlaps(const ChannelChoice& tile, const ChannelWork& work) {
  return !work.planar && !channel_tile_fits(work.channels, tile.channels(work));
}

/// Of vectors: those that a layer's last one fills in part count whole.
bool overlaps_little(const ChannelChoice& tile, const ChannelWork& work) {
  const int64_t vectors = ceil_div(work.channels, tile.lanes);
  return tile.v <= vectors && repeated(vectors, tile.v) <= 1 + kMostOverlap;
}

/// Tiles that the space allows, as x (pixels or vectors of them), v and lanes.
bool is_allowed(const ChannelChoice& tile, const ChannelWork& work, const targets::Target& target) {
  if (work.planar) {
    return tile.pixels(work) <= work.width && tile_in_registers(tile.v, tile.x, target);
  }
  return (!overlaps(tile, work) || overlaps_little(tile, work)) &&
         tile_in_registers(tile.x, tile.v, target);
}

/// Whether LLVM may keep several sums in one register and take them out for every multiply-add, as
/// it does with vectors of less than half a register beside wider ones.
bool packs_sums(int64_t lanes, const spec::Layer& layer, const targets::Target& target) {
  return is_narrow(lanes, target) && (layer.stages.size() > 1 || spec::promises_bits(layer));
}

double repeated_work(const ChannelChoice& tile, const ChannelWork& work) {
  return repeated(work.width, tile.pixels(work)) * repeated(work.channels, tile.channels(work));
}

double tiles(const ChannelChoice& tile, const ChannelWork& work) {
  return static_cast<double>(ceil_div(work.width, tile.pixels(work)) *
                             ceil_div(work.channels, tile.channels(work)));
}

ChannelChoice best_tile(const ChannelWork& work, const spec::Layer& layer,
                        const targets::Target& target, double most_repeated) {
  ChannelChoice best;
  const int64_t most_x = work.planar ? 6 : std::min<int64_t>(work.width, target.registers - 2);
  const int64_t most_v = work.planar ? std::min<int64_t>(work.channels, target.registers - 2) : 8;
  for (int64_t lanes = work.planar ? 1 : 4; lanes <= target.lanes(4); lanes *= 2) {
    if (!work.planar && packs_sums(lanes, layer, target)) continue;
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

/// A row of taps is one body where it pays. Where each row is branched past on padding, so are all
/// rows of several vectors over few channels: without a loop left, a core that looks far ahead
/// reads the next pixels' lines of all rows at once. Longer bodies lose more than that in the
/// registers.
int64_t choose_taps(const ChannelChoice& tile, const ChannelWork& work, bool branches,
                    const targets::Target& target) {
  constexpr int64_t kLongestWhole = 450;
  const bool whole = branches && has_fast_wide_fma(target) && tile.v > 1 &&
                     work.is_short_window() &&
                     tile.accumulators() * work.reduction() <= kLongestWhole;
  if (whole) return 2;
  return unrolls_row(tile, work, target) ? 1 : 0;
}

bool output_stays(const TiledExtents& extents, const targets::Target& target) {
  return stays_in_l2(extents.width * extents.height * extents.channels * 4, target.core.l2_bytes);
}

/// Weights that fit half of L1 are re-read for every pixel tile; larger ones go block by block.
/// Somewhat larger ones stay too under windows, which have few pixels beside them in L1, and where
/// pixels that leave L2 in parts would come back for their next part.
int64_t choose_order(const ChannelWork& work, const spec::Layer& layer,
                     const targets::Target& target) {
  const int64_t l1 = target.core.l1_bytes;
  const bool pixels = goes_by_blocks(layer) && work.far_output;
  const int64_t most = work.is_short_window() ? 5 * l1 / 8 : pixels ? 3 * l1 / 4 : l1 / 2;
  return work.reduction() * work.channels * 4 > most ? 1 : 0;
}

}  // namespace

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
  // Pixels come again for the next channels, those of the output to be written in part.
  const bool stay = extents.width * pixel_bytes <= l2 / 2 && output_stays(extents, target);
  int64_t& tiles = point["pw_block"];
  tiles = 0;
  if (!repeats || converts || !weights_stay || stay) return;
  const int64_t tile_bytes = knob(point, "pw_x") * pixel_bytes;
  for (int64_t n = 2; n <= kMostTiles && n * tile_bytes <= l2 / 8; n *= 2) tiles = n;
}

void choose_channel_tile(Point& point, const spec::Layer& layer, size_t stage,
                         const targets::Target& target) {
  const spec::Window& window = layer.stages[stage].window;
  const TiledExtents extents = tiled_extents(layer, stage);
  ChannelWork work{extents.width, extents.channels, extents.channels_in,
                   window.kernel[0] * window.kernel[1], extents.planar};
  work.window = window;
  work.scalar = sums_in_scalars(extents, target);
  work.far_output = !output_stays(extents, target);
  const int64_t pixels = extents.width * extents.height;
  work.far_input =
      layer.stages.size() == 1 &&
      !stays_in_l2(pixels * (extents.channels + extents.channels_in) * 4, target.core.l2_bytes);
  work.tested = extents.planar && (extents.border_x || extents.border_y);
  const std::string prefix = stage_prefix(layer, stage);
  ChannelChoice tile;
  if (prefix == "ex") tile = best_tile(work, layer, target, kMostRepeated);
  if (std::isinf(tile.cycles))
    tile = best_tile(work, layer, target, std::numeric_limits<double>::max());
  if (prefix == "cv") {
    const int64_t pixels = tile.pixels(work);
    const bool splits = pixels < extents.width ? extents.splits_columns(pixels) : extents.border_y;
    // What is converted ahead is copied with its zeros.
    const bool converts = layer.dtype != layer.accumulate;
    point["cv_split"] = splits && !extents.planar && !converts ? 2 : 0;
    point["cv_taps"] = choose_taps(tile, work, point["cv_split"] == 2, target);
  }
  point[prefix + "_x"] = tile.x;
  point[prefix + "_v"] = tile.v;
  point[prefix + "_lanes"] = tile.lanes;
  point[prefix + "_unroll"] = choose_unroll(tile, work, target);
  point[prefix + "_order"] = choose_order(work, layer, target);
  choose_block(point, layer, target);
}

}  // namespace sepconv::schedules
