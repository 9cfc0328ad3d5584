// Tune: what a point costs by arithmetic alone: instructions, repeated work and bytes moved. Knows
// no measurement.
#include "tune/estimate.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "schedules/gpu_cost.h"

namespace sepconv::tune {
namespace {

using spec::StageKind;

constexpr double kLoadsACycle = 2;
constexpr double kFmaLatency = 4;  // cycles until an accumulator can be used again
constexpr double kL2BytesACycle = 32;
constexpr double kMemoryBytesACycle = 8;

double covers(double extent, double tile) { return std::ceil(extent / std::max(tile, 1.0)); }

struct Stage {
  const spec::Stage& stage;
  spec::Shape in, out;
  const targets::Target& target;
  bool planar = false;
  double steps = 1;   ///< of a fused nest
  double repeat = 1;  ///< rows computed over rows needed, in a fused nest
};

/// Knobs of a stage, with what stands for a missing one.
struct Knobs {
  const schedules::Point& point;
  std::string prefix;

  double operator()(const char* name, double otherwise) const {
    const auto found = point.find(prefix + name);
    return found == point.end() ? otherwise : static_cast<double>(found->second);
  }
};

/// Cycles that an FMA of so many lanes occupies one of the core's pipes, shared among them.
double fma_cost(double lanes, const targets::Target& target) {
  const double wide = std::max(1.0, lanes / std::max(1, target.core.fma_lanes));
  return wide / std::max(1, target.core.fma_pipes) * (target.fma ? 1 : 2);
}

/// Bytes read again and again from a level that holds them.
double traffic(double bytes, double times, const targets::Target& target) {
  if (bytes <= static_cast<double>(target.core.l1_bytes)) return 0;
  const bool in_l2 = bytes <= static_cast<double>(target.core.l2_bytes);
  return bytes * times / (in_l2 ? kL2BytesACycle : kMemoryBytesACycle);
}

double channel_cycles(const Stage& s, const Knobs& knob) {
  const double lanes = knob("_lanes", s.target.lanes(4));
  const double x = knob("_x", 4);
  const double v = knob("_v", 2);
  const double unroll = knob("_unroll", 1);
  const double pixels = static_cast<double>(s.out.h * s.out.w);
  const double channels = static_cast<double>(s.out.c);
  const auto& kernel = s.stage.window.kernel;
  const double taps = static_cast<double>(kernel[0] * kernel[1]);
  const double sum = static_cast<double>(s.in.c) * taps;
  const double tiles = s.planar ? covers(pixels, x * lanes) * covers(channels, v)
                                : covers(pixels, x) * covers(channels, v * lanes);
  const double fmas = x * v * fma_cost(lanes, s.target);
  const double waits = kFmaLatency * (s.target.fma ? 1 : 2);
  const double loop = 1 / std::max(1.0, unroll == 0 ? sum : unroll);
  const double step = std::max({fmas, (x + v) / kLoadsACycle, waits});
  const double compute = tiles * (sum * (step + loop) + 2 * x * v + 10) * s.repeat;
  const double weights = 4 * sum * channels;
  const double inputs = 4 * static_cast<double>(s.in.h * s.in.w * s.in.c);
  const double pixel_blocks = covers(pixels, s.planar ? x * lanes : x);
  const double channel_blocks = covers(channels, s.planar ? v : v * lanes);
  const bool channels_outside = knob("_order", 0) == 1;
  const double streamed = channels_outside
                              ? traffic(inputs / s.steps, channel_blocks * s.steps, s.target)
                              : traffic(weights, pixel_blocks, s.target);
  return std::max(compute, streamed);
}

double window_cycles(const Stage& s, const Knobs& knob) {
  const double lanes = knob("_lanes", s.target.lanes(4));
  const double x = knob("_x", 4);
  const double y = knob("_y", 1);
  const double v = knob("_v", 1);
  const auto& window = s.stage.window;
  const double taps = static_cast<double>(window.kernel[0] * window.kernel[1]);
  const double width = s.planar ? x * lanes : x;
  const double depth = s.planar ? v : v * lanes;
  const double tiles = covers(static_cast<double>(s.out.w), width) *
                       covers(static_cast<double>(s.out.h), y) *
                       covers(static_cast<double>(s.out.c), depth);
  const double sums = x * y * v;
  // Neighbouring outputs share inputs where the tile's taps are one expression.
  const double shared = knob("_unroll", 0) == 3 ? 0.6 : 1;
  const double loads = sums * taps * shared + taps * v;
  const double fmas = sums * taps * fma_cost(lanes, s.target);
  const double waits = taps * kFmaLatency;
  const double spills = std::max(0.0, sums - s.target.registers + 2) * taps;
  const double compute =
      tiles * (std::max({fmas, loads / kLoadsACycle, waits}) + spills + 2 * sums + 10) * s.repeat;
  const double inputs = 4 * static_cast<double>(s.in.h * s.in.w * s.in.c);
  return compute + traffic(inputs / s.steps, s.steps, s.target);
}

std::string prefix_of(const spec::Layer& layer, size_t index) {
  if (layer.stages[index].kind == StageKind::depthwise) return "dw";
  if (layer.stages[index].kind == StageKind::conv2d) return "cv";
  return index + 1 < layer.stages.size() ? "ex" : "pw";
}

/// Rows computed over rows needed. The last step of two stages overlaps the one before where rows
/// do not divide the height; three stages keep what they computed.
double repeated(const spec::Layer& layer, double rows, double height) {
  return layer.stages.size() == 2 ? covers(height, rows) * rows / height : 1;
}

}  // namespace

std::vector<double> stage_cycles(const spec::Layer& layer, const targets::Target& target,
                                 const schedules::Point& point) {
  const auto shapes = spec::shapes(layer);
  const auto found = point.find("rows");
  const auto height = static_cast<double>(shapes.back().h);
  const double rows = found == point.end() ? height : static_cast<double>(found->second);
  std::vector<double> cycles;
  for (size_t i = 0; i < layer.stages.size(); ++i) {
    Stage stage{layer.stages[i], shapes[i], shapes[i + 1], target,
                layer.layout == spec::Layout::nchw};
    if (found != point.end() && rows < height) {
      stage.steps = covers(height, rows);
      stage.repeat = repeated(layer, rows, height);
    }
    const Knobs knobs{point, prefix_of(layer, i)};
    const bool window = layer.stages[i].kind == StageKind::depthwise;
    cycles.push_back(window ? window_cycles(stage, knobs) : channel_cycles(stage, knobs));
  }
  return cycles;
}

double estimate(const spec::Layer& layer, const targets::Target& target,
                const schedules::Point& point) {
  if (target.device != targets::Device::cpu) {
    return schedules::gpu_microseconds(layer, target.gpu, point);
  }
  double sum = 0;
  for (const double cycles : stage_cycles(layer, target, point)) sum += cycles;
  return sum;
}

}  // namespace sepconv::tune
