// Schedules: which point of the CPU space an x86 core gets without tuning. Knows no Halide.
//
// Every choice minimises an estimate of cycles built from the register file, the FMA width, the
// cache sizes and the layer; no shape is named.
#include "schedules/x86.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "schedules/cpu_space.h"

namespace sepconv::schedules {

using spec::Shape;
using spec::Stage;

namespace {

int64_t ceil_div(int64_t value, int64_t factor) { return (value + factor - 1) / factor; }

/// Cycles an FMA of `lanes` floats occupies the core: both FMA pipes are 256 bits wide in effect,
/// SSE code issues two of 128 bits a cycle and has no FMA.
double fma_cycles(int64_t lanes, const targets::Target& target) {
  const double vector = lanes > 8 ? 1.0 : 0.5;
  return target.fma ? vector : 2 * vector;
}

struct ChannelChoice {
  int64_t x = 1, v = 1, lanes = 4, unroll = 1, order = 0;
  double cycles = std::numeric_limits<double>::infinity();
};

/// Cycles of one tile: the reduction is bound by FMAs, by two loads a cycle or by the latency of
/// one accumulator (4 cycles); then every accumulator is clamped and stored.
double tile_cycles(const ChannelChoice& tile, int64_t reduction, const targets::Target& target) {
  const double fmas = static_cast<double>(tile.x * tile.v) * fma_cycles(tile.lanes, target);
  const double loads = static_cast<double>(tile.x + tile.v) / 2;
  const double unroll =
      tile.unroll == 0 ? static_cast<double>(reduction) : static_cast<double>(tile.unroll);
  const double step = std::max({fmas, loads, 4.0}) + 0.5 / unroll;
  constexpr double kTileOverhead = 12;
  const double stores = 0.6 * static_cast<double>(tile.x * tile.v);
  return static_cast<double>(reduction) * step + stores + kTileOverhead;
}

/// The register tile with the fewest cycles for `width` pixels (repeated) by `channels`.
ChannelChoice choose_channel_tile(int64_t width, int64_t channels, int64_t reduction,
                                  const targets::Target& target) {
  ChannelChoice best;
  for (int64_t lanes = 4; lanes <= target.lanes(4); lanes *= 2) {
    for (int64_t v = 1; v <= 6; ++v) {
      if (!channel_tile_fits(channels, v * lanes)) continue;
      for (int64_t x = 1; x <= std::min<int64_t>(width, target.registers - 2); ++x) {
        if (!channel_tile_in_registers(x, v, target)) continue;
        ChannelChoice tile{x, v, lanes, 1, 0, 0};
        tile.cycles = tile_cycles(tile, reduction, target) *
                      static_cast<double>(ceil_div(width, x) * ceil_div(channels, v * lanes));
        if (tile.cycles < best.cycles) best = tile;
      }
    }
  }
  return best;
}

/// Small tiles amortise the loop's bookkeeping by unrolling; whole short reductions unroll.
int64_t choose_unroll(const ChannelChoice& tile, int64_t reduction) {
  const int64_t accumulators = tile.x * tile.v;
  if (reduction <= 32 && reduction * accumulators <= 256) return 0;
  for (const int64_t unroll : {4, 2}) {
    if (reduction % unroll == 0 && reduction > unroll && unroll * accumulators <= 112) {
      return unroll;
    }
  }
  return 1;
}

void set_channel_tile(Point& point, const std::string& prefix, const ChannelChoice& tile) {
  point[prefix + "_x"] = tile.x;
  point[prefix + "_v"] = tile.v;
  point[prefix + "_lanes"] = tile.lanes;
  point[prefix + "_unroll"] = tile.unroll;
  point[prefix + "_order"] = tile.order;
}

/// Weights that fit half of L1 are re-read for every pixel tile; larger ones go block by block.
int64_t choose_order(int64_t reduction, int64_t channels, const targets::Target& target) {
  return reduction * channels * 4 > target.core.l1_bytes / 2 ? 1 : 0;
}

void choose_pointwise(Point& point, const std::string& prefix, int64_t width, const Shape& in,
                      const Stage& stage, const targets::Target& target) {
  const int64_t taps = stage.window.kernel[0] * stage.window.kernel[1];
  ChannelChoice tile = choose_channel_tile(width, stage.channels_out, in.c * taps, target);
  tile.unroll = choose_unroll(tile, in.c);
  tile.order = choose_order(in.c * taps, stage.channels_out, target);
  set_channel_tile(point, prefix, tile);
}

int64_t widest_lanes(int64_t channels, const targets::Target& target) {
  int64_t lanes = target.lanes(4);
  while (lanes > channels) lanes /= 2;
  // An odd half vector costs less in narrow vectors than in an overlapping wide one.
  while (lanes > 8 && channels % lanes != 0 && channels % (lanes / 2) == 0) lanes /= 2;
  return lanes;
}

/// The largest divisor of `extent` up to `limit`.
int64_t largest_divisor(int64_t extent, int64_t limit) {
  for (int64_t i = std::min(extent, limit); i > 1; --i) {
    if (extent % i == 0) return i;
  }
  return 1;
}

/// Tile sizes up to `limit` by the work they do twice: the fewest computed pixels win, then the
/// larger.
int64_t least_waste(int64_t extent, int64_t limit) {
  int64_t best = 1;
  int64_t best_computed = extent;
  for (int64_t i = 2; i <= std::min(extent, limit); ++i) {
    const int64_t computed = ceil_div(extent, i) * i;
    if (computed <= best_computed) {
      best = i;
      best_computed = computed;
    }
  }
  return best;
}

void choose_depthwise(Point& point, const Shape& out, const Stage& stage, int64_t rows,
                      const targets::Target& target) {
  const auto& window = stage.window;
  const int64_t taps = window.kernel[0] * window.kernel[1];
  const int64_t budget = target.registers == 32 ? 16 : 8;
  const int64_t height = rows > 0 ? rows : out.h;
  int64_t x = 1;
  int64_t y = 1;
  if (out.w * out.h <= 2 * target.registers - 4 && taps * out.w * out.h <= kUnrollBudget &&
      rows == 0) {
    x = out.w;
    y = out.h;
  } else if (taps > 9) {
    x = least_waste(out.w, 14);
  } else if (window.stride[0] > 1 || window.stride[1] > 1) {
    x = least_waste(out.w, 2);
    y = largest_divisor(height, 2);
  } else {
    x = least_waste(out.w, out.w <= 14 ? 7 : 4);
    y = largest_divisor(height, budget / x);
  }
  point["dw_x"] = x;
  point["dw_y"] = y;
  point["dw_v"] = 1;
  point["dw_lanes"] = widest_lanes(out.c, target);
  point["dw_order"] = 0;
  point["dw_unroll"] = taps <= 16                                  ? 3
                       : taps * x * y <= kUnrollBudget             ? 0
                       : window.kernel[1] * x * y <= kUnrollBudget ? 1
                                                                   : 2;
  point["dw_split"] = 0;
}

/// Rows a step of a fused nest: the depthwise rows stay in half of L2, the projection's weights are
/// streamed once a step, so steps are as high as fits; small maps are one step.
int64_t choose_rows(const spec::Layer& layer, const std::vector<Shape>& shapes,
                    const targets::Target& target) {
  const Shape& out = shapes.back();
  const Shape& mid = shapes[shapes.size() - 2];
  const int64_t row_bytes = mid.w * mid.c * 4;
  const int64_t limit = std::max<int64_t>(1, target.core.l2_bytes / 4 / row_bytes);
  if (out.h <= 8) return out.h;
  const int64_t most = std::min<int64_t>(limit, layer.stages.size() == 3 ? 2 : out.h <= 14 ? 7 : 4);
  return largest_divisor(out.h, most);
}

}  // namespace

Point x86_heuristic(const spec::Layer& layer, const targets::Target& target) {
  Point point;
  const std::vector<Shape> shapes = spec::shapes(layer);
  const Shape& out = shapes.back();
  const Stage& last = layer.stages.back();
  switch (layer.op) {
    case spec::Op::pointwise:
      choose_pointwise(point, "pw", out.h * out.w, shapes[0], last, target);
      break;
    case spec::Op::depthwise:
      choose_depthwise(point, out, last, 0, target);
      break;
    case spec::Op::conv2d:
      point["rows"] = 1;
      choose_pointwise(point, "cv", out.w, shapes[0], last, target);
      break;
    case spec::Op::depthwise_separable:
    case spec::Op::inverted_residual: {
      const size_t dw = layer.stages.size() - 2;
      const int64_t rows = choose_rows(layer, shapes, target);
      point["rows"] = rows;
      choose_pointwise(point, "pw", out.w, shapes[dw + 1], last, target);
      choose_depthwise(point, shapes[dw + 1], layer.stages[dw], rows, target);
      if (dw == 1) choose_pointwise(point, "ex", shapes[1].w, shapes[0], layer.stages[0], target);
      break;
    }
  }
  return point;
}

}  // namespace sepconv::schedules
