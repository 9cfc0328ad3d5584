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
constexpr double kStoreCycles = 0.6;  // clamping and storing a sum
constexpr double kTileCycles = 10;
constexpr double kTestCycles = 0.5;  // asking whether a load lies on padding
constexpr double kOverlap = 0.25;    // of the cheaper of arithmetic and traffic, that adds up

double covers(double extent, double tile) { return std::ceil(extent / std::max(tile, 1.0)); }

struct Stage {
  const spec::Stage& stage;
  spec::Shape in, out;
  const targets::Target& target;
  bool planar = false;
  bool flat = false;  ///< all pixels are one row
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

/// A pointwise or dense stage's tiles: how many, and what one step of their sums reads.
struct ChannelTiles {
  double lanes = 1, x = 1, v = 1;
  double across = 1, channels = 1;  ///< tiles of pixels, of channels

  [[nodiscard]] double sums() const { return x * v; }
};

/// Tiles lie along rows; of a lone pointwise stage all pixels are one row.
ChannelTiles channel_tiles(const Stage& s, const Knobs& knob) {
  ChannelTiles tiles;
  tiles.lanes = knob("_lanes", s.target.lanes(4));
  tiles.x = knob("_x", 4);
  tiles.v = knob("_v", 2);
  const auto rows = static_cast<double>(s.flat ? 1 : s.out.h);
  const auto width = static_cast<double>(s.flat ? s.out.h * s.out.w : s.out.w);
  const auto channels = static_cast<double>(s.out.c);
  tiles.across = rows * covers(width, s.planar ? tiles.x * tiles.lanes : tiles.x);
  tiles.channels = covers(channels, s.planar ? tiles.v : tiles.v * tiles.lanes);
  return tiles;
}

/// Cycles of one step of a tile's sums: multiply-adds, two loads a cycle, the latency of a sum, or
/// weights that no L1 holds.
double channel_step(const Stage& s, const ChannelTiles& tiles, double reduction, double block) {
  const double fmas = tiles.sums() * fma_cost(tiles.lanes, s.target);
  const double waits = kFmaLatency * (s.target.fma ? 1 : 2);
  const bool far = block > static_cast<double>(s.target.core.l1_bytes) / 2;
  const double weights = far ? block / reduction / kL2BytesACycle : 0;
  double step = std::max({fmas, (tiles.x + tiles.v) / kLoadsACycle, waits, weights});
  // A full register file leaves the compiler no room to load ahead.
  const double vectors = s.planar ? tiles.x : tiles.v;
  if (tiles.sums() + vectors >= s.target.registers) step *= 1.04;
  return step;
}

double channel_cycles(const Stage& s, const Knobs& knob) {
  const ChannelTiles tiles = channel_tiles(s, knob);
  const double unroll = knob("_unroll", 1);
  const auto channels = static_cast<double>(s.out.c);
  const auto& kernel = s.stage.window.kernel;
  const double sum = static_cast<double>(s.in.c * kernel[0] * kernel[1]);
  const double block = 4 * sum * channels / tiles.channels;
  const bool tests = s.stage.window.padded() && knob("_split", 0) != 2;
  const double step = channel_step(s, tiles, sum, block) + (tests ? kTestCycles * tiles.x : 0);
  const double loop = 1 / std::max(1.0, unroll == 0 ? sum : unroll);
  const double compute = tiles.across * tiles.channels *
                         (sum * (step + loop) + kStoreCycles * tiles.sums() + kTileCycles) *
                         s.repeat;
  const double weights = 4 * sum * channels;
  const double inputs = 4 * static_cast<double>(s.in.h * s.in.w * s.in.c);
  const bool channels_outside = knob("_order", 0) == 1;
  const double of_block = knob("_block", 0);
  // Steps of a fused nest, or blocks of tiles.
  const double parts = of_block > 0 ? covers(tiles.across, of_block) : s.steps;
  const double streamed = channels_outside
                              ? traffic(inputs / parts, tiles.channels * parts, s.target) +
                                    traffic(weights, parts, s.target)
                              : traffic(weights, tiles.across, s.target);
  return std::max(compute, streamed) + kOverlap * std::min(compute, streamed);
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
  const double tests = window.padded() && knob("_split", 0) == 0 ? kTestCycles * sums * taps : 0;
  const double waits = taps * kFmaLatency;
  const double spills = std::max(0.0, sums - s.target.registers + 2) * taps;
  const double compute =
      tiles * (std::max({fmas, loads / kLoadsACycle, waits}) + tests + spills + 2 * sums + 10) *
      s.repeat;
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
  // With `rows` 0 the last stage stands apart, after whole maps.
  const bool steps = found != point.end() && found->second > 0;
  const double rows = steps ? static_cast<double>(found->second) : height;
  std::vector<double> cycles;
  for (size_t i = 0; i < layer.stages.size(); ++i) {
    Stage stage{layer.stages[i],
                shapes[i],
                shapes[i + 1],
                target,
                layer.layout == spec::Layout::nchw,
                layer.op == spec::Op::pointwise};
    if (rows < height) {
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
