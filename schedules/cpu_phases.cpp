// Schedules: how a legal point cuts a layer into phases and tasks. Knows no Halide.
#include <algorithm>

#include "schedules/cpu_space.h"

namespace sepconv::schedules {
namespace {

/// Fewer tasks along an axis than this and another axis is tried.
constexpr int64_t kEnoughTasks = 4;

int64_t tile_pixels(const Point& point, const std::string& prefix, bool planar) {
  return knob(point, prefix + "_x") * (planar ? knob(point, prefix + "_lanes") : 1);
}

int64_t tile_channels(const Point& point, const std::string& prefix, bool planar) {
  return knob(point, prefix + "_v") * (planar ? 1 : knob(point, prefix + "_lanes"));
}

/// Tasks of whole rows unless they are too few and channel blocks give more. A fused nest repeats
/// its depthwise stage for every range of channels.
Phase rows_or_channels(int last, int64_t height, int64_t row_grain, int64_t channels,
                       int64_t channel_grain) {
  Phase phase{0, last, Axis::rows, std::min(row_grain, height), false};
  const int64_t row_tasks = height / phase.grain;
  if (row_tasks < kEnoughTasks && channels / channel_grain > row_tasks) {
    phase.axis = Axis::channels;
    phase.grain = channel_grain;
  }
  return phase;
}

Phase pointwise_phase(const Point& point, const TiledExtents& extents) {
  const int64_t pixels = tile_pixels(point, "pw", extents.planar);
  const int64_t channels = tile_channels(point, "pw", extents.planar);
  Phase phase{0, 0, Axis::pixels, pixels, false};
  const int64_t pixel_tasks = extents.width / pixels;
  if (pixel_tasks < 2 * kEnoughTasks && extents.channels / channels > pixel_tasks) {
    phase.axis = Axis::channels;
    phase.grain = channels;
    phase.flat_channels = true;
  }
  return phase;
}

Phase whole_chain(const spec::Layer& layer, const Point& point) {
  const spec::Shape out = spec::output_shape(layer);
  const int last = static_cast<int>(layer.stages.size()) - 1;
  const bool planar = is_planar(layer, layer.stages.size() - 1);
  switch (layer.op) {
    case spec::Op::pointwise:
      return pointwise_phase(point, tiled_extents(layer, 0));
    case spec::Op::depthwise:
      return rows_or_channels(last, out.h, knob(point, "dw_y"), out.c,
                              tile_channels(point, "dw", planar));
    case spec::Op::conv2d:
      return Phase{0, 0, Axis::rows, 1, false};
    case spec::Op::depthwise_separable:
      return rows_or_channels(last, out.h, knob(point, "rows"), out.c,
                              tile_channels(point, "pw", planar));
    case spec::Op::inverted_residual:
      return Phase{0, last, Axis::rows, knob(point, "rows"), false};
  }
  return {};
}

}  // namespace

std::vector<Phase> cpu_phases(const spec::Layer& layer, const Point& point) {
  Phase phase = whole_chain(layer, point);
  const int depthwise = spec::depthwise_stage(layer);
  phase.inline_taps = knob(point, "dw_unroll") == kExpression && depthwise >= 0;
  const bool planar = is_planar(layer, static_cast<size_t>(std::max(depthwise, 0)));
  phase.likely_loads = !planar && (knob(point, "dw_split") != 0 || knob(point, "rows_split") != 0 ||
                                   knob(point, "cv_split") == 2);
  return {phase};
}

}  // namespace sepconv::schedules
