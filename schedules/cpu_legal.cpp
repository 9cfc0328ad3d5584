// Schedules: which points of the CPU space make a correct nest that compiles in reasonable time.
// Knows no Halide and no heuristic.
#include <algorithm>

#include "schedules/cpu_space.h"
#include "schedules/reasons.h"
#include "spec/bits.h"
#include "support/integers.h"

namespace sepconv::schedules {

using spec::Stage;
using spec::StageKind;

namespace {

void check_unroll(Reasons& reasons, const std::string& name, int64_t body) {
  if (body <= kUnrollBudget) return;
  reasons.add(name, "the unrolled body has " + std::to_string(body) + " FMAs",
              "at most " + std::to_string(kUnrollBudget) + ", or compiling takes minutes");
}

/// Pixel vectors overlap the one before at the tail, so a tile must not be wider than the row.
void check_planar_width(Reasons& reasons, const Point& point, const std::string& prefix,
                        const TiledExtents& extents) {
  const int64_t pixels = knob(point, prefix + "_x") * knob(point, prefix + "_lanes");
  if (pixels <= extents.width) return;
  reasons.add(prefix + "_x",
              "a tile of " + std::to_string(pixels) + " pixels is wider than the row of " +
                  std::to_string(extents.width),
              "x times lanes may be the row at most");
}

/// Copies of planes have a constant size.
void check_planes(Reasons& reasons, int64_t channels, int64_t multiplier) {
  if (planes_are_constant(channels, multiplier)) return;
  reasons.add(
      "dw_v",
      "tiles of " + std::to_string(channels) + " channels do not all read as many input channels",
      "use a divisor or a multiple of the multiplier");
}

/// Border tiles get a loop of their own only where there are several tiles.
void check_split(Reasons& reasons, const std::string& name, bool splits) {
  if (splits) return;
  reasons.add(name, "has no border to split off",
              "needs several tiles, some of which read padding");
}

/// Of a layer whose bits are promised, LLVM may add the sums of vectors narrower than half a
/// register in another order where the body is unrolled, and those of a window's that take less
/// than a whole one. So such vectors are only for channels that wider ones do not divide: never for
/// those of packed blocks, whose last vector is masked.
void check_narrow(Reasons& reasons, const std::string& prefix, int64_t lanes, int64_t channels,
                  const targets::Target& target) {
  const bool narrow = prefix == "dw" ? lanes < target.lanes(4) : is_narrow(lanes, target);
  if (!narrow || channels % (2 * lanes) != 0) return;
  reasons.add(prefix + "_lanes",
              "vectors of " + std::to_string(lanes) + " may sum in another order",
              "use wider ones, of which " + std::to_string(channels) + " channels are a multiple");
}

/// Likewise windows with a row of taps in one body for a row or a column of vectors, and with all
/// taps in it between borders on every side. Found among points drawn for x86: what is left of them
/// differs once in 200.
void check_order(Reasons& reasons, const Point& point) {
  const int64_t unroll = knob(point, "dw_unroll"), split = knob(point, "dw_split");
  const bool line =
      knob(point, "dw_v") == 1 && (knob(point, "dw_x") == 1 || knob(point, "dw_y") == 1);
  if (unroll == kRowOfTaps && split == 0 && line) {
    reasons.add("dw_unroll", "may sum the taps of a tile of one row or column in another order",
                "use 0 or 2");
  }
  if (unroll == kAllTaps && split == 3) {
    reasons.add("dw_split", "may sum taps in another order where both borders are split off",
                "split columns or rows, or unroll less");
  }
}

int64_t unrolled_taps(const Point& point, const Stage& stage) {
  if (stage.kind != StageKind::conv2d) return 1;
  const int64_t taps = knob(point, "cv_taps");
  const auto& kernel = stage.window.kernel;
  return taps == 0 ? 1 : taps == 1 ? kernel[1] : kernel[0] * kernel[1];
}

/// An overlapping last tile begins at a whole vector and lies inside the layer.
void check_overlap(Reasons& reasons, const std::string& prefix, int64_t channels, int64_t width,
                   int64_t lanes) {
  if (channels % lanes == 0 && channels >= width) return;
  reasons.add(prefix + "_overlap",
              "tiles of " + std::to_string(width) + " channels cannot overlap in " +
                  std::to_string(channels),
              "needs whole vectors and at least one whole tile");
}

/// A tile that reaches beyond the packed weights overlaps the one before instead, where that is no
/// knob of its own.
void check_whole_tile(Reasons& reasons, const Point& point, const std::string& prefix,
                      int64_t channels, int64_t width, int64_t lanes) {
  const bool chosen = point.contains(prefix + "_overlap");
  if (!chosen && width <= support::round_up(channels, lanes)) return;
  reasons.add(prefix + "_v",
              "tiles of " + std::to_string(width) + " channels reach beyond the packed weights",
              chosen ? "tiles must cover no more than the channels rounded up to 16"
                     : "a tile must not be wider than the layer's " + std::to_string(channels));
}

void check_channel_tile(Reasons& reasons, const Point& point, const std::string& prefix,
                        const Stage& stage, const TiledExtents& extents,
                        const targets::Target& target) {
  const int64_t x = knob(point, prefix + "_x");
  const int64_t v = knob(point, prefix + "_v");
  const int64_t lanes = knob(point, prefix + "_lanes");
  const int64_t unroll = knob(point, prefix + "_unroll");
  const int64_t stage_channels = knob(point, prefix + "_stage");
  const bool overlaps = knob(point, prefix + "_overlap") == 1;
  const bool fits = extents.planar ? tile_in_registers(v, x, target)
                                   : tile_in_registers(x, v, target, stage_channels > 1);
  if (!fits) {
    reasons.add(prefix + "_x",
                "a tile of " + std::to_string(x) + "x" + std::to_string(v) + " does not fit " +
                    std::to_string(target.registers) + " registers",
                "accumulators, one step's vectors and a broadcast must fit");
  }
  if (extents.planar) {
    check_planar_width(reasons, point, prefix, extents);
  } else if (overlaps) {
    check_overlap(reasons, prefix, extents.channels, v * lanes, lanes);
  } else if (!channel_tile_fits(extents.channels, v * lanes)) {
    check_whole_tile(reasons, point, prefix, extents.channels, v * lanes, lanes);
  }
  const int64_t pixels = extents.planar ? x * lanes : x;
  const int64_t split = knob(point, prefix + "_split");
  const bool skips_rows = split == 2 && extents.border_y && extents.width <= pixels;
  if (split > 0 && !skips_rows) {
    check_split(reasons, prefix + "_split", extents.splits_columns(pixels));
  }
  if (stage_channels > 1 && unroll % stage_channels != 0) {
    reasons.add(prefix + "_unroll", "is no multiple of the channels a load",
                "use 0 or a multiple of " + prefix + "_stage");
  }
  if (stage_channels > 1 && stage.window.stride[1] > 1) {
    reasons.add(prefix + "_stage", "would load the pixels between those of a strided window",
                "use 1");
  }
  const int64_t channels = unroll == 0 ? extents.channels_in : unroll;
  check_unroll(reasons, prefix + "_unroll", x * v * channels * unrolled_taps(point, stage));
}

/// Blocks of pixels pass all channels, so channels are outside within each, and there are several.
void check_block(Reasons& reasons, const Point& point, const TiledExtents& extents) {
  const int64_t pixels = knob(point, "pw_block") * knob(point, "pw_x");
  if (pixels == 0) return;
  if (knob(point, "pw_order") != 1) {
    reasons.add("pw_block", "changes nothing with pixels outside", "use 0, or pw_order 1");
  }
  if (pixels >= extents.width) {
    reasons.add("pw_block",
                "a block of " + std::to_string(pixels) + " pixels holds all " +
                    std::to_string(extents.width),
                "use 0");
  }
}

int64_t unrolled_window_taps(int64_t unroll, const spec::Window& window) {
  if (unroll == kAllTaps || unroll == kExpression) return window.kernel[0] * window.kernel[1];
  return unroll == kRowOfTaps ? window.kernel[1] : 1;
}

void check_window_channels(Reasons& reasons, const Point& point, const TiledExtents& extents) {
  const int64_t v = knob(point, "dw_v");
  const int64_t channels = extents.planar ? v : v * knob(point, "dw_lanes");
  if (channels > extents.channels) {
    reasons.add("dw_v",
                "a tile of " + std::to_string(channels) + " channels is wider than the layer's " +
                    std::to_string(extents.channels),
                "the last tile overlaps the one before, so it must not be wider than all");
  }
}

void check_window_tile(Reasons& reasons, const Point& point, const Stage& stage,
                       const TiledExtents& extents, int64_t rows, const targets::Target& target) {
  const int64_t vectors =
      extents.copies > 1 ? support::ceil_div(knob(point, "dw_lanes"), target.lanes(4)) : 1;
  const int64_t tile = knob(point, "dw_x") * knob(point, "dw_y") * knob(point, "dw_v") * vectors;
  // A whole small map may exceed the registers: its padding taps vanish, which pays for some
  // spills.
  if (tile > 2 * target.registers) {
    reasons.add("dw_x", "the tile has " + std::to_string(tile) + " accumulators",
                "at most " + std::to_string(2 * target.registers));
  }
  check_unroll(reasons, "dw_unroll",
               tile * unrolled_window_taps(knob(point, "dw_unroll"), stage.window));
  if (rows > 0 && rows % knob(point, "dw_y") != 0) {
    reasons.add("dw_y", "does not divide the " + std::to_string(rows) + " rows of a step",
                "use a divisor of rows");
  }
  const int64_t split = knob(point, "dw_split");
  const int64_t pixels = knob(point, "dw_x") * (extents.planar ? knob(point, "dw_lanes") : 1);
  if ((split & 1) != 0) check_split(reasons, "dw_split", extents.splits_columns(pixels));
  if ((split & 2) != 0) {
    // The rows of one step of several read padding or not as the step does.
    const bool whole = rows == 0 || rows >= extents.height;
    check_split(reasons, "dw_split", whole && extents.splits_rows(knob(point, "dw_y")));
  }
  if (knob(point, "rows_split") == 1) {
    check_split(reasons, "rows_split", rows > 0 && extents.splits_rows(rows));
  }
  if (extents.planar) check_planar_width(reasons, point, "dw", extents);
  if (extents.planes) check_planes(reasons, knob(point, "dw_v"), stage.multiplier);
  check_window_channels(reasons, point, extents);
}

/// Blocks of hidden channels are whole tiles of the expansion and hold whole tiles of the window.
void check_hidden_blocks(Reasons& reasons, const Point& point, const spec::Layer& layer) {
  const int64_t hidden = layer.stages.front().channels_out;
  const int64_t block = knob(point, "ex_v") * knob(point, "ex_lanes");
  const int64_t window = knob(point, "dw_v") * knob(point, "dw_lanes");
  if (hidden % block != 0 || block % window != 0) {
    reasons.add("rows",
                "blocks of " + std::to_string(block) + " hidden channels do not divide " +
                    std::to_string(hidden) + " or do not hold windows of " + std::to_string(window),
                "use other tiles, or rows above 0");
  }
  if (knob(point, "dw_order") != kCyx) {
    reasons.add("dw_order", "a block of hidden channels passes before the next one", "use 2");
  }
}

}  // namespace

bool channel_tile_fits(int64_t channels, int64_t width) {
  return support::round_up(channels, width) <= support::round_up(channels, spec::kChannelBlock);
}

bool tile_in_registers(int64_t broadcasts, int64_t vectors, const targets::Target& target,
                       bool staged) {
  if (staged) return broadcasts * vectors + vectors + broadcasts < target.registers;
  // AVX-512 broadcasts from memory inside the FMA; with one vector each broadcast is used once.
  const bool folds = target.vector_bits == 512 || vectors == 1;
  // A product without FMA needs a register of its own.
  const int64_t others = (folds ? 0 : 1) + (target.fma ? 0 : 1);
  return broadcasts * vectors + vectors + others <= target.registers;
}

Errors cpu_legal(const Point& point, const spec::Layer& layer, const targets::Target& target) {
  Reasons reasons(layer, point);
  check_knobs(reasons, point, cpu_space(layer, target));
  if (!reasons.none()) return reasons.take();
  const int64_t rows = layer.stages.size() > 1 ? knob(point, "rows") : 0;
  if (rows > 0 && steps_divide(layer) && spec::output_shape(layer).h % rows != 0) {
    reasons.add("rows", "does not divide the output's rows", "rows beyond the last have no input");
  }
  for (size_t i = 0; i < layer.stages.size(); ++i) {
    const std::string prefix = stage_prefix(layer, i);
    const TiledExtents extents = tiled_extents(layer, i);
    const bool promised = spec::promises_bits(layer) && !extents.planar;
    if (promised && prefix == "dw" && !target.lane_fma) check_order(reasons, point);
    if (promised) {
      const int64_t channels = prefix == "dw"
                                   ? extents.channels
                                   : support::round_up(extents.channels, spec::kChannelBlock);
      check_narrow(reasons, prefix, knob(point, prefix + "_lanes"), channels, target);
    }
    if (prefix == "dw") {
      check_window_tile(reasons, point, layer.stages[i], extents, rows, target);
    } else {
      check_channel_tile(reasons, point, prefix, layer.stages[i], extents, target);
    }
  }
  if (goes_by_blocks(layer)) check_block(reasons, point, tiled_extents(layer, 0));
  if (layer.stages.size() == 3 && rows == 0) check_hidden_blocks(reasons, point, layer);
  return reasons.take();
}

}  // namespace sepconv::schedules
