// Schedules: the knobs of a layer's CPU nests and their values. Knows no Halide and no heuristic.
#include "schedules/cpu_space.h"
#include "spec/bits.h"
#include "spec/cost.h"
#include "support/integers.h"

#include <algorithm>
#include <utility>

namespace sepconv::schedules {

using spec::Stage;
using spec::StageKind;

namespace {

std::vector<int64_t> range(int64_t first, int64_t last) {
  std::vector<int64_t> values;
  for (int64_t i = first; i <= last; ++i) values.push_back(i);
  return values;
}

std::vector<int64_t> powers_of_two(int64_t first, int64_t last) {
  std::vector<int64_t> values;
  for (int64_t i = first; i <= last; i *= 2) values.push_back(i);
  return values;
}

/// Unrolled input channels: divisors, so that the loop has no tail; 0 unrolls a short reduction.
std::vector<int64_t> unrolls(const TiledExtents& extents, int64_t most,
                             const targets::Target& target) {
  const int64_t channels_in = extents.channels_in;
  std::vector<int64_t> values{1};
  for (int64_t u = 2; u <= most; u *= 2) {
    if (channels_in % u == 0 && channels_in > u) values.push_back(u);
  }
  if (channels_in <= 64 && !sums_in_scalars(extents, target)) values.insert(values.begin(), 0);
  return values;
}

/// Whole vectors of input channels.
std::vector<int64_t> stages(int64_t channels_in) {
  std::vector<int64_t> values{1};
  for (const int64_t width : {2, 4, 8}) {
    if (channels_in % width == 0) values.push_back(width);
  }
  return values;
}

/// Channel vectors may be narrow where full ones would waste lanes on odd counts, and reach into
/// the zeros of the last packed block. Pixel vectors must lie inside the row.
void add_channel_knobs(Space& space, const std::string& prefix, const TiledExtents& extents,
                       int64_t lanes, const targets::Target& target) {
  const int64_t budget = target.registers - 2;
  if (extents.planar) {
    space.knobs.push_back({prefix + "_x", "vectors of pixels of the register tile", range(1, 8)});
    space.knobs.push_back({prefix + "_v", "channels of the register tile",
                           range(1, std::min(extents.channels, budget))});
    space.knobs.push_back(
        {prefix + "_lanes", "pixels a vector", powers_of_two(1, std::min(lanes, extents.width))});
  } else {
    space.knobs.push_back(
        {prefix + "_x", "pixels of the register tile", range(1, std::min(extents.width, budget))});
    space.knobs.push_back({prefix + "_v", "vectors of channels of the register tile", range(1, 8)});
    space.knobs.push_back({prefix + "_lanes", "channels a vector", powers_of_two(4, lanes)});
  }
  const bool staged = target.lane_fma && !extents.planar;
  if (staged) {
    space.knobs.push_back({prefix + "_stage", "input channels a load, broadcast from its lanes",
                           stages(extents.channels_in)});
    space.knobs.push_back(
        {prefix + "_overlap", "1: the last tile of channels overlaps the one before", {0, 1}});
  }
  space.knobs.push_back({prefix + "_unroll", "input channels a loop iteration, 0 all",
                         unrolls(extents, staged ? 16 : 8, target)});
  space.knobs.push_back({prefix + "_order", "0 pixels outside, 1 channel blocks outside", {0, 1}});
}

void add_block_knob(Space& space) {
  space.knobs.push_back({"pw_block",
                         "tiles of pixels that all channels pass before the next; 0: all",
                         {0, 2, 4, 8, 16, 32, 64}});
}

void add_dense_knobs(Space& space) {
  space.knobs.push_back({"cv_taps", "tap loops unrolled: 0 none, 1 a row, 2 all", {0, 1, 2}});
  space.knobs.push_back({"cv_split",
                         "1: border columns in a loop of their own; 2: also rows of zeros skipped",
                         {0, 1, 2}});
}

/// Powers of two times what a vector holds multiples of.
std::vector<int64_t> lane_counts(const TiledExtents& extents, int64_t vector_extent, int64_t most) {
  std::vector<int64_t> values;
  for (const int64_t lanes : powers_of_two(1, most)) {
    if (lanes * extents.copies <= vector_extent) values.push_back(lanes * extents.copies);
  }
  return values;
}

void add_window_knobs(Space& space, const spec::Layer& layer, const TiledExtents& extents,
                      const targets::Target& target) {
  const int64_t budget = target.registers - 2;
  const int64_t vector_extent = extents.planar ? extents.width : extents.channels;
  if (extents.planar) {
    space.knobs.push_back({"dw_x", "vectors of columns of the tile", range(1, 4)});
    space.knobs.push_back(
        {"dw_v", "channels of the tile", powers_of_two(1, std::min<int64_t>(4, extents.channels))});
  } else {
    space.knobs.push_back(
        {"dw_x", "columns of the tile", range(1, std::min(extents.width, 2 * budget))});
    const std::vector<int64_t> one{1}, several{1, 2, 4};
    space.knobs.push_back(
        {"dw_v", "vectors of channels of the tile", extents.copies > 1 ? one : several});
  }
  space.knobs.push_back({"dw_y", "rows of the tile", range(1, std::min(extents.height, budget))});
  space.knobs.push_back({"dw_lanes", extents.planar ? "columns a vector" : "channels a vector",
                         lane_counts(extents, vector_extent, sum_lanes(layer, target))});
  space.knobs.push_back(
      {"dw_order", "tile loops, outer to inner: 0 yxc, 1 ycx, 2 cyx, 3 cxy", {0, 1, 2, 3}});
  // The order of an expression's additions depends on the pixel's place in the tile.
  std::vector<int64_t> taps{kAllTaps, kRowOfTaps, kNoTaps};
  if (!spec::promises_bits(layer)) taps.push_back(kExpression);
  space.knobs.push_back(
      {"dw_unroll", "taps: 0 all unrolled, 1 a row, 2 none, 3 one expression", std::move(taps)});
  space.knobs.push_back({"dw_split", "borders apart: bit 0 columns, bit 1 rows", {0, 1, 2, 3}});
}

/// Whether the window of some output along `axis` (0 rows, 1 columns) reaches beyond the input, so
/// that splitting it off pays: a window of one reads one value, inside or not.
bool reads_padding(const spec::Window& window, int axis, int64_t in, int64_t out) {
  if (window.kernel[axis] == 1) return false;
  const int64_t before = window.padding[axis];
  return before > 0 || window.span(axis, out) - before > in;
}

std::vector<int64_t> step_rows(const spec::Layer& layer) {
  const int64_t height = spec::output_shape(layer).h;
  std::vector<int64_t> values =
      range(may_stand_apart(layer) ? 0 : 1, std::min<int64_t>(height, 16));
  if (height > 16) values.push_back(height);
  return values;
}

}  // namespace

bool TiledExtents::splits_columns(int64_t tile) const { return border_x && tile < width; }

bool TiledExtents::splits_rows(int64_t tile) const { return border_y && tile < height; }

int64_t sum_lanes(const spec::Layer& layer, const targets::Target& target) {
  return target.lanes(static_cast<int>(spec::traits(layer.accumulate).bytes));
}

int64_t knob(const Point& point, const std::string& name) {
  const auto found = point.find(name);
  return found == point.end() ? 0 : found->second;
}

std::string stage_prefix(const spec::Layer& layer, size_t index) {
  const Stage& stage = layer.stages[index];
  if (stage.kind == StageKind::depthwise) return "dw";
  if (stage.kind == StageKind::conv2d) return "cv";
  return index + 1 < layer.stages.size() ? "ex" : "pw";
}

bool splits_planes(const spec::Layer& layer, size_t stage) {
  constexpr int64_t kFewChannels = 3;
  const Stage& narrow = layer.stages[stage];
  return layer.layout == spec::Layout::nhwc && layer.op == spec::Op::depthwise_separable &&
         narrow.kind == StageKind::depthwise && narrow.multiplier == 1 &&
         narrow.channels_out <= kFewChannels;
}

bool may_stand_apart(const spec::Layer& layer) {
  const auto depthwise = static_cast<size_t>(std::max(spec::depthwise_stage(layer), 0));
  return layer.stages.size() > 1 && !is_planar(layer, depthwise);
}

bool goes_by_blocks(const spec::Layer& layer) {
  return layer.op == spec::Op::pointwise && layer.layout == spec::Layout::nhwc;
}

bool is_planar(const spec::Layer& layer, size_t stage) {
  if (layer.layout == spec::Layout::nchw || splits_planes(layer, stage)) return true;
  const bool dense = layer.input_pixel_stride == 0 && layer.output_pixel_stride == 0;
  return layer.op == spec::Op::depthwise && layer.stages[0].channels_out == 1 && dense;
}

bool reads_planes(const spec::Layer& layer, size_t stage) {
  const Stage& windowed = layer.stages[stage];
  const spec::Window& window = windowed.window;
  if (windowed.kind == StageKind::pointwise || !is_planar(layer, stage)) return false;
  if (splits_planes(layer, stage)) return true;
  if (!window.padded() || windowed.kind == StageKind::conv2d) return window.padded();
  // Gathering takes about 14 columns' time of copying, for every tap of the two border tiles.
  constexpr int64_t kGathered = 14;
  const int64_t copied = window.stride[0] * window.stride[1] * spec::shapes(layer)[stage + 1].w;
  return window.kernel[0] * window.kernel[1] * kGathered >= copied;
}

int64_t odd_copies(const spec::Layer& layer, size_t stage) {
  constexpr int64_t kMost = 63;
  const int64_t odd = support::odd_part(layer.stages[stage].multiplier);
  const bool shuffles = !is_planar(layer, stage) && spec::shapes(layer)[stage].c > 1;
  return shuffles && odd <= kMost ? odd : 1;
}

bool sums_in_scalars(const TiledExtents& extents, const targets::Target& target) {
  return extents.channels == 1 && extents.channels_in > 1 && !extents.planar && !target.lane_fma;
}

bool is_narrow(int64_t lanes, const targets::Target& target) { return 2 * lanes < target.lanes(4); }

int64_t ring_rows(const spec::Window& window, int64_t rows) {
  int64_t ring = 1;
  while (ring < window.span(0, rows)) ring *= 2;
  return ring;
}

bool steps_divide(const spec::Layer& layer) {
  if (layer.stages.size() < 3) return false;
  const auto& padding = layer.stages[1].window.padding;
  return padding[0] == 0 && padding[2] == 0;
}

TiledExtents tiled_extents(const spec::Layer& layer, size_t stage) {
  const auto shapes = spec::shapes(layer);
  const spec::Shape& in = shapes[stage];
  const spec::Shape& out = shapes[stage + 1];
  const spec::Window& window = layer.stages[stage].window;
  TiledExtents extents{out.w,
                       out.h,
                       out.c,
                       in.c,
                       in.w,
                       is_planar(layer, stage),
                       reads_planes(layer, stage),
                       odd_copies(layer, stage)};
  // A window that sees only padding loads nothing, so no border can be split from it.
  const bool reads = spec::inside_taps(window, 0, in.h, out.h) > 0 &&
                     spec::inside_taps(window, 1, in.w, out.w) > 0;
  if (!extents.planes && reads) {
    extents.border_x = reads_padding(window, 1, in.w, out.w);
    extents.border_y = reads_padding(window, 0, in.h, out.h);
  }
  if (layer.op == spec::Op::pointwise) {
    extents.width *= extents.height;
    extents.height = 1;
  }
  return extents;
}

Space cpu_space(const spec::Layer& layer, const targets::Target& target) {
  Space space;
  if (layer.stages.size() > 1) {
    space.knobs.push_back(
        {"rows", "output rows a step; the whole height is one step; 0: the last stage apart",
         step_rows(layer)});
    if (target.lane_fma) {
      space.knobs.push_back({"rows_split", "1: border steps in a loop of their own", {0, 1}});
    }
  }
  for (size_t i = 0; i < layer.stages.size(); ++i) {
    const std::string prefix = stage_prefix(layer, i);
    const TiledExtents extents = tiled_extents(layer, i);
    if (prefix == "dw") {
      add_window_knobs(space, layer, extents, target);
    } else {
      add_channel_knobs(space, prefix, extents, sum_lanes(layer, target), target);
      if (prefix == "cv") add_dense_knobs(space);
      if (prefix == "pw" && goes_by_blocks(layer)) add_block_knob(space);
    }
  }
  return space;
}

}  // namespace sepconv::schedules
