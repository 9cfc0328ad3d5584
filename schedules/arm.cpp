// Schedules: which point of the CPU space an ARM core gets without tuning. Knows no Halide.
//
// Every choice minimises an estimate of cycles; no shape is named. Vectors have 4 lanes, 8 of f16
// sums; there are 32 registers. A multiply-add takes its broadcast from a lane, so input channels
// are loaded as vectors, one register a pixel: x*v accumulators, v weights and x inputs leave one
// register of 32. A depthwise window is bound by instructions: it issues about two a cycle,
// whatever they are.
#include "schedules/arm.h"

#include <cmath>
#include <limits>

#include "schedules/arm_choose.h"
#include "schedules/cpu_choose.h"

namespace sepconv::schedules {

namespace {

struct Work {
  int64_t width = 1, channels = 1, channels_in = 1, taps = 1;
  int64_t stage = 1;       ///< input channels a load
  int64_t lanes = 4;       ///< of a vector of sums
  bool converts = false;   ///< what the loop loads
  int64_t padded = 0;      ///< columns of padding that tiles of the whole row test their pixels for
  int64_t activation = 0;  ///< activation_registers

  /// Whether the sum is no loop but one body with the activation, whatever the tile.
  [[nodiscard]] bool is_straight() const { return channels_in <= stage && taps == 1; }
};

struct Tile {
  int64_t x = 1, v = 1, lanes = 4;
  double cycles = std::numeric_limits<double>::infinity();

  [[nodiscard]] int64_t width() const { return v * lanes; }
};

bool overlaps(const Tile& tile, const Work& work) {
  return work.channels % tile.width() != 0 && work.channels % work.lanes == 0 &&
         work.channels >= tile.width();
}

/// A tested pixel that is loaded as a vector has a mask of its own; the others share that of their
/// row.
int64_t masks(const Tile& tile, const Work& work) {
  const bool tested = tile.x == work.width && work.padded > 0 && work.stage > 1;
  return tested ? std::min(tile.x, work.padded + 1) : 0;
}

bool is_allowed(const Tile& tile, const Work& work, const targets::Target& target) {
  if (!overlaps(tile, work) && !channel_tile_fits(work.channels, tile.width())) return false;
  // A dense window's pixels are loaded ahead of their use too, one register each, staged ones
  // beside one on its way. Halves on their way to be floats take two, and so do elements broadcast
  // from memory.
  const bool ahead = work.stage > 1 || work.taps > 1;
  const int64_t dense = work.stage > 1 && work.taps > 1 ? 1 : 0;
  const int64_t on_the_way = work.converts || !ahead ? 2 : dense;
  // Straight code keeps all pixels for the next block of channels, and holds what the activation
  // takes, or values on their way to be stored in parts.
  const bool kept = work.is_straight() && tile.width() < work.channels;
  const int64_t inputs = ahead || kept ? tile.x : 1;
  const int64_t sums = tile.x * tile.v + tile.v + inputs;
  constexpr int64_t kParts = 11;
  const int64_t parts = work.channels % work.lanes != 0 ? kParts : 0;
  if (work.is_straight()) return sums + std::max(work.activation, parts) < target.registers;
  return sums + on_the_way + masks(tile, work) < target.registers;
}

/// One group of staged channels an iteration; tiles with registers for a second group's inputs take
/// two, and four where all pixels, and the weights of a single block, lie within the reach of loads
/// of pairs from one address. A few channels are straight code where all their operands find
/// registers.
int64_t choose_unroll(const Tile& tile, const Work& work, const targets::Target& target) {
  constexpr int64_t kFew = 3;
  const int64_t operands = work.channels_in * (tile.x + tile.v);
  const bool straight =
      work.taps > 1 || tile.x * tile.v + operands + work.activation <= target.registers;
  if (work.stage == 1) return work.channels_in <= kFew && straight ? 0 : 1;
  if (work.channels_in <= work.lanes && work.taps == 1) return 0;
  const bool spare = tile.x * tile.v + 2 * tile.x + tile.v + masks(tile, work) <= target.registers;
  constexpr int64_t kMost = 8, kPairReach = 1008;
  const bool pairs = work.stage == 4 && work.taps == 1 && !work.converts && tile.v % 2 == 0 &&
                     work.channels <= spec::kChannelBlock &&
                     (tile.x - 1) * work.channels_in * 4 <= kPairReach;
  const int64_t four = 4 * work.stage;
  if (spare && pairs && work.channels_in % four == 0 && work.channels_in > four) return four;
  const int64_t unroll = std::min(spare ? 2 * work.stage : work.stage, kMost);
  if (work.channels_in % unroll == 0 && work.channels_in > unroll) return unroll;
  return work.channels_in > work.stage ? work.stage : 0;
}

/// Cycles of all tiles. A step is bound by FMAs, by the latency of an accumulator or by issue,
/// where a load is two operations with its address and an iteration has three of its own; one of
/// two groups of channels hides its loads. Starting, clamping and storing an accumulator is about
/// one cycle. Stores of part of a vector are a branch a lane.
double cycles(const Tile& tile, const Work& work, const targets::Target& target) {
  constexpr double kLatency = 4, kLoad = 2, kIteration = 3, kWait = 0.15;
  constexpr double kAccumulator = 1.2, kTile = 8, kPart = 12;
  const auto accumulators = static_cast<double>(tile.x * tile.v);
  const double inputs = static_cast<double>(tile.x) / static_cast<double>(work.stage);
  const int64_t unroll = choose_unroll(tile, work, target);
  const auto steps = static_cast<double>(unroll == 0 ? work.channels_in : unroll);
  const double operations =
      accumulators + kLoad * (static_cast<double>(tile.v) + inputs) + kIteration / steps;
  const bool paired = unroll > work.stage && work.taps == 1;
  const double step =
      std::max({accumulators * fma_cycles(4, target), kLatency, operations / target.core.issue}) +
      (paired ? 0 : kWait);
  const bool parts = work.channels % work.lanes != 0;
  const double tiles =
      static_cast<double>(ceil_div(work.width, tile.x) * ceil_div(work.channels, tile.width()));
  return tiles * (static_cast<double>(work.channels_in * work.taps) * step + kTile +
                  (parts ? kPart : kAccumulator) * accumulators);
}

Tile best_tile(const Work& work, const targets::Target& target, double most_repeated) {
  Tile best;
  for (int64_t v = 1; v <= 6; ++v) {
    for (int64_t x = 1; x <= std::min<int64_t>(work.width, 16); ++x) {
      Tile tile{x, v, work.lanes};
      if (!is_allowed(tile, work, target)) continue;
      if (repeated(work.width, x) * repeated(work.channels, tile.width()) > most_repeated) continue;
      tile.cycles = cycles(tile, work, target);
      if (tile.cycles < best.cycles) best = tile;
    }
  }
  return best;
}

/// Vectors of input channels where they divide; a strided dense window would load pixels between
/// its own, so it broadcasts from memory. So does a layer of a single vector that ends in an
/// exponential, whose registers a loop over channels leaves to the sum.
int64_t choose_stage(const spec::Stage& stage, int64_t channels_in, int64_t lanes) {
  if (stage.kind == spec::StageKind::conv2d && stage.window.stride[1] > 1) return 1;
  const bool pointwise = stage.kind == spec::StageKind::pointwise;
  if (pointwise && channels_in == lanes && spec::takes_exponential(stage.activation)) return 1;
  return channels_in % lanes == 0 ? lanes : 1;
}

/// Whether halves are converted once a tile, by the vector and with the zeros around them. Fewer
/// channels than fill a vector are converted one by one as they are broadcast.
bool converts_ahead(const Work& work, const spec::Layer& layer) {
  return layer.dtype != layer.accumulate && work.stage == 1 && work.channels_in >= work.lanes;
}

void choose_channels(Point& point, const spec::Layer& layer, size_t index,
                     const targets::Target& target) {
  const spec::Stage& stage = layer.stages[index];
  const TiledExtents extents = tiled_extents(layer, index);
  const std::string prefix = stage_prefix(layer, index);
  Work work{extents.width,
            extents.channels,
            extents.channels_in,
            stage.window.kernel[0] * stage.window.kernel[1],
            choose_stage(stage, extents.channels_in, sum_lanes(layer, target)),
            sum_lanes(layer, target)};
  work.converts = layer.dtype != layer.accumulate && work.stage > 1;
  work.activation = activation_registers(stage.activation);
  if (extents.border_x) work.padded = stage.window.padding[1] + stage.window.padding[3];
  Tile tile = best_tile(work, target, kMostRepeated);
  if (std::isinf(tile.cycles)) tile = best_tile(work, target, 1e9);
  if (prefix == "cv") {
    point["cv_taps"] = 0;
    const bool splits = extents.splits_columns(tile.x) && !extents.planar;
    point["cv_split"] = splits && !converts_ahead(work, layer) ? 2 : 0;
  }
  point[prefix + "_x"] = tile.x;
  point[prefix + "_v"] = tile.v;
  point[prefix + "_lanes"] = work.lanes;
  point[prefix + "_stage"] = work.stage;
  point[prefix + "_overlap"] = overlaps(tile, work) ? 1 : 0;
  point[prefix + "_unroll"] = choose_unroll(tile, work, target);
  // Weights that fit half of L1 are re-read for every pixel tile; larger ones go block by block. In
  // a fused nest a block of halves would be converted again for every step; the last stage of a
  // single step converts each block once, and its loop then finds weights and inputs in registers.
  const int64_t weights = work.channels_in * work.taps * work.channels * 4;
  const bool halves = layer.dtype != layer.accumulate && layer.stages.size() > 1;
  const bool last = index + 1 == layer.stages.size();
  const bool once = work.converts && halves && last && knob(point, "rows") >= extents.height;
  const bool blocks = weights > target.core.l1_bytes / 2 && !halves;
  point[prefix + "_order"] = once || blocks ? 1 : 0;
  choose_block(point, layer, target);
}

/// Channels whose operands find no registers are a loop, those of a window one by one. What halves
/// or a window's zeros take on their way leaves half of the registers to accumulators, in channels
/// that divide a packed block. Channels of a tile that does not begin where a packed block does
/// have an address each; loads of several steps from many of them would be held at once.
void choose_planar_channels(Point& point, const spec::Layer& layer, size_t stage,
                            const targets::Target& target) {
  choose_channel_tile(point, layer, stage, target);
  const std::string prefix = stage_prefix(layer, stage);
  const int64_t x = knob(point, prefix + "_x");
  int64_t& v = point[prefix + "_v"];
  const bool converts = stage == 0 && layer.dtype != layer.accumulate;
  if ((converts || prefix == "cv") && 2 * x * v > target.registers) {
    int64_t narrow = 1;
    while (4 * x * narrow <= target.registers) narrow *= 2;
    v = narrow;
  }
  const int64_t operands = tiled_extents(layer, stage).channels_in * (x + v);
  const int64_t channels = tiled_extents(layer, stage).channels;
  const bool copied = layer.dtype != layer.accumulate;
  const bool aligned = v == channels || (spec::kChannelBlock % v == 0 && channels % v == 0);
  int64_t& unroll = point[prefix + "_unroll"];
  if (!aligned && !copied && 2 * v >= target.registers) unroll = std::min<int64_t>(1, unroll);
  if (x * v + operands > target.registers) unroll = std::max<int64_t>(1, unroll);
  if (prefix == "cv") unroll = std::min<int64_t>(1, unroll);
}

/// What a step costs, in operations: those of the window's tiles, the last stage's multiply-adds,
/// which overlapping steps repeat, and a few to begin. Of a window along pixels, in rows: even
/// numbers of them share loads.
double step_operations(const spec::Layer& layer, int64_t rows, const targets::Target& target) {
  const auto stage = static_cast<size_t>(spec::depthwise_stage(layer));
  if (is_planar(layer, stage)) return static_cast<double>(rows) * (rows % 2 == 0 ? 1 : 1.1) + 0.5;
  constexpr double kStep = 10;
  const std::vector<spec::Shape> shapes = spec::shapes(layer);
  const spec::Shape& mid = shapes[shapes.size() - 2];
  const int64_t lanes = sum_lanes(layer, target);
  const int64_t products = rows * mid.w * mid.c * ceil_div(shapes.back().c, lanes);
  return (arm_window_operations(layer, stage, rows, target) + kStep) *
             static_cast<double>(ceil_div(mid.c, lanes)) +
         static_cast<double>(products);
}

/// The depthwise rows of a step stay in a quarter of L2.
int64_t arm_rows(const spec::Layer& layer, const targets::Target& target) {
  const std::vector<spec::Shape> shapes = spec::shapes(layer);
  const spec::Shape& out = shapes.back();
  const spec::Shape& mid = shapes[shapes.size() - 2];
  constexpr int64_t kOneStep = 8;
  if (out.h <= kOneStep) return out.h;
  const int64_t limit = std::max<int64_t>(1, target.core.l2_bytes / 4 / (mid.w * mid.c * 4));
  const int64_t most = layer.stages.size() == 3 ? 2 : 4;
  if (steps_divide(layer)) return largest_divisor(out.h, std::min(limit, most));
  int64_t best = 1;
  double best_cost = std::numeric_limits<double>::infinity();
  for (int64_t rows = 1; rows <= std::min(limit, most); ++rows) {
    const double cost =
        static_cast<double>(ceil_div(out.h, rows)) * step_operations(layer, rows, target);
    if (cost >= best_cost || repeated(out.h, rows) > 1.1) continue;
    best = rows;
    best_cost = cost;
  }
  return best;
}

/// Steps at the upper and lower border get a loop of their own where there is an interior.
void choose_rows_split(Point& point, const spec::Layer& layer, int64_t rows) {
  const auto depthwise = static_cast<size_t>(spec::depthwise_stage(layer));
  const TiledExtents extents = tiled_extents(layer, depthwise);
  const bool several = ceil_div(spec::output_shape(layer).h, rows) > 2;
  point["rows_split"] = several && extents.splits_rows(rows) ? 1 : 0;
}

}  // namespace

Point arm_heuristic(const spec::Layer& layer, const targets::Target& target) {
  Point point;
  int64_t rows = 0;
  if (layer.stages.size() > 1) {
    rows = arm_rows(layer, target);
    point["rows"] = rows;
    choose_rows_split(point, layer, rows);
  }
  for (size_t stage = 0; stage < layer.stages.size(); ++stage) {
    const bool depthwise = layer.stages[stage].kind == spec::StageKind::depthwise;
    if (is_planar(layer, stage)) {
      depthwise ? choose_arm_planar_window(point, layer, stage, rows, target)
                : choose_planar_channels(point, layer, stage, target);
    } else if (depthwise) {
      choose_arm_window(point, layer, stage, rows, target);
    } else {
      choose_channels(point, layer, stage, target);
    }
  }
  return point;
}

}  // namespace sepconv::schedules
