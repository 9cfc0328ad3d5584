// Schedules: the arithmetic behind a point, line by line. Knows no Halide and no heuristic.
#include <fmt/core.h>

#include <algorithm>

#include "schedules/bound.h"
#include "schedules/cpu_space.h"
#include "schedules/gpu_space.h"

namespace sepconv::schedules {

using spec::Shape;
using spec::Stage;
using spec::StageKind;

namespace {

std::string kib(int64_t bytes) {
  return fmt::format("{:.1f} KiB", static_cast<double>(bytes) / 1024);
}

std::string tile_text(const Point& point, const std::string& prefix, bool planar) {
  const int64_t x = knob(point, prefix + "_x");
  const int64_t v = knob(point, prefix + "_v");
  const int64_t lanes = knob(point, prefix + "_lanes");
  if (planar) return fmt::format("{} vectors of {} pixels by {} channels", x, lanes, v);
  return fmt::format("{} pixels by {} vectors of {} channels", x, v, lanes);
}

/// What holds a register tile back: `fmas` of them take `loads` from the first cache and go to
/// `chains` independent sums. Cores here load two vectors a cycle, and a sum waits four cycles.
std::string tile_limit(int64_t fmas, int64_t loads, int64_t chains, const targets::Target& target) {
  constexpr double kLoads = 2, kLatency = 4;
  const double lanes = target.lanes(4);
  const double pipes = std::min<double>(target.core.fma_pipes, target.core.fma_lanes / lanes);
  const double pipe_cycles = static_cast<double>(fmas) / pipes;
  const double load_cycles = static_cast<double>(loads) / kLoads;
  const double latency_cycles =
      kLatency * static_cast<double>(fmas) / static_cast<double>(std::max<int64_t>(chains, 1));
  const double cycles = std::max({pipe_cycles, load_cycles, latency_cycles});
  const char* limit = cycles <= pipe_cycles   ? "the multiply-add pipes"
                      : cycles <= load_cycles ? "loads"
                                              : "the latency of its few sums";
  return fmt::format("{:.0f} % of the peak at most, limited by {}", 100 * pipe_cycles / cycles,
                     limit);
}

/// A pointwise or dense stage: x*v accumulators, v vectors of weights, a broadcast.
void explain_channels(std::vector<std::string>& lines, const Stage& stage,
                      const TiledExtents& extents, const Point& point, const std::string& prefix,
                      const targets::Target& target, int64_t weight_bytes) {
  const int64_t x = knob(point, prefix + "_x");
  const int64_t v = knob(point, prefix + "_v");
  const int64_t lanes = knob(point, prefix + "_lanes");
  const int64_t vectors = extents.planar ? x : v;
  const int64_t taps = stage.window.kernel[0] * stage.window.kernel[1];
  const int64_t steps = taps * extents.channels_in;
  lines.push_back(
      fmt::format("{}: register tile of {}", prefix, tile_text(point, prefix, extents.planar)));
  // Staged inputs take a register a pixel and serve several steps.
  const int64_t staged = std::max<int64_t>(1, knob(point, prefix + "_stage"));
  const std::string inputs = staged > 1 ? fmt::format("{} inputs", x) : "1 broadcast";
  lines.push_back(fmt::format("{}: {} accumulators + {} vectors + {} of {} registers", prefix,
                              x * v, vectors, inputs, target.registers));
  const int64_t fmas = x * v * staged;
  const int64_t loads = staged > 1 ? v * staged + x : x + v;
  const std::string group = staged > 1 ? fmt::format("in {} steps", staged) : "a step";
  lines.push_back(fmt::format(
      "{}: {} FMAs of {} lanes for {} loads {}, {} steps a tile: {:.2f} FMAs a load", prefix, fmas,
      lanes, loads, group, steps, static_cast<double>(fmas) / static_cast<double>(loads)));
  lines.push_back(fmt::format("{}: {}", prefix, tile_limit(fmas, loads, x * v, target)));
  const int64_t block = steps * v * (extents.planar ? 1 : lanes) * weight_bytes;
  const int64_t all = steps * extents.channels * weight_bytes;
  const bool outside = knob(point, prefix + "_order") == 1;
  lines.push_back(fmt::format(
      "{}: {} outside: {} of weights ({}) stay while {} stream past", prefix,
      outside ? "channel blocks" : "pixels", kib(outside ? block : all),
      level_of(outside ? block : all, target.core), outside ? "all pixels" : "a tile's pixels"));
  const int64_t pixels = knob(point, prefix + "_block") * x;
  if (pixels == 0) return;
  const int64_t input_bytes = pixels * extents.channels_in * weight_bytes;
  lines.push_back(fmt::format("{}: {} pixels at a time, {} of input ({}), pass all {} channels",
                              prefix, pixels, kib(input_bytes), level_of(input_bytes, target.core),
                              extents.channels));
}

void explain_window(std::vector<std::string>& lines, const Stage& stage,
                    const TiledExtents& extents, const Point& point) {
  const int64_t x = knob(point, "dw_x") * (extents.planar ? knob(point, "dw_lanes") : 1);
  const int64_t y = knob(point, "dw_y");
  const auto& window = stage.window;
  const int64_t in_x = window.span(1, x), in_y = window.span(0, y);
  const int64_t taps = window.kernel[0] * window.kernel[1];
  lines.push_back(
      fmt::format("dw: tile of {} by {} rows", tile_text(point, "dw", extents.planar), y));
  lines.push_back(fmt::format(
      "dw: {} taps, {}; {}x{} inputs for {}x{} outputs: {:.2f} FMAs an input", taps,
      knob(point, "dw_unroll") == kExpression ? "one expression" : "a reduction", in_x, in_y, x, y,
      static_cast<double>(taps * x * y) / static_cast<double>(in_x * in_y)));
  if (extents.planes) {
    lines.emplace_back("dw: its input's rows are copied to planes, between the padding's zeros");
  }
  if (extents.copies > 1) {
    lines.push_back(fmt::format(
        "dw: a vector of {} channels holds {} copies of each input channel, out of one load",
        knob(point, "dw_lanes"), std::min(stage.multiplier, knob(point, "dw_lanes"))));
  }
}

/// What the first stage's multiply-adds broadcast, where it is stored in a narrower type than sums.
void explain_conversion(std::vector<std::string>& lines, const spec::Layer& layer,
                        const Point& point, const targets::Target& target) {
  const std::string prefix = stage_prefix(layer, 0);
  const TiledExtents extents = tiled_extents(layer, 0);
  if (layer.dtype == layer.accumulate || prefix == "dw" || knob(point, prefix + "_stage") > 1)
    return;
  const spec::Window& window = layer.stages[0].window;
  const int64_t tile = knob(point, prefix + "_x");
  const int64_t columns = window.span(1, tile);
  const int64_t elements = extents.planar ? knob(point, prefix + "_v") * extents.channels_in *
                                                window.kernel[0] * window.kernel[1]
                                          : columns * window.kernel[0] * extents.channels_in;
  const int64_t bytes = elements * spec::traits(layer.accumulate).bytes;
  lines.push_back(fmt::format("{}: {} converted to {} once a tile: {} ({})", prefix,
                              extents.planar ? "weights" : "inputs", spec::word(layer.accumulate),
                              kib(bytes), level_of(bytes, target.core)));
}

/// What a step of a fused nest keeps between the stages.
void explain_step(std::vector<std::string>& lines, const spec::Layer& layer,
                  const std::vector<Shape>& shapes, const Point& point,
                  const targets::Target& target) {
  const int64_t rows = knob(point, "rows");
  const Shape& mid = shapes[shapes.size() - 2];
  const int64_t element = spec::traits(layer.accumulate).bytes;
  const int64_t bytes = rows * mid.w * mid.c * element;
  if (rows == 0) {
    const int64_t whole = mid.h * mid.w * mid.c * element;
    lines.push_back(fmt::format("the whole map between depthwise and pointwise: {} ({})",
                                kib(whole), level_of(whole, target.core)));
    if (layer.stages.size() < 3) return;
    const int64_t block = knob(point, "ex_v") * knob(point, "ex_lanes");
    lines.push_back(fmt::format("expanded channels live: {} of {}, each computed once: {}", block,
                                shapes[1].c, kib(shapes[1].h * shapes[1].w * block * element)));
    return;
  }
  lines.push_back(fmt::format(
      "steps of {} of {} rows: {} between depthwise and pointwise ({}), of {} whole", rows, mid.h,
      kib(bytes), level_of(bytes, target.core), kib(mid.h * mid.w * mid.c * element)));
  if (layer.stages.size() < 3) return;
  const auto& window = layer.stages[1].window;
  const int64_t live = std::min(shapes[1].h, window.span(0, rows));
  lines.push_back(fmt::format("expanded rows live in a step: {} of {}, each computed once: {}",
                              live, shapes[1].h, kib(live * shapes[1].w * shapes[1].c * element)));
}

void explain_tasks(std::vector<std::string>& lines, const spec::Layer& layer,
                   const targets::Target& target, const Point& point) {
  constexpr std::string_view kAxis[] = {"rows", "channels", "pixels"};
  for (const Phase& phase : cpu_phases(layer, target, point)) {
    lines.push_back(
        fmt::format("one loop nest for stages {} to {}; tasks of {} output {}, of which a thread "
                    "gets {} or more and a range has {} or more",
                    phase.first_stage, phase.last_stage, phase.grain,
                    kAxis[static_cast<int>(phase.axis)], phase.least, phase.range));
  }
}

}  // namespace

std::vector<std::string> explain(const spec::Layer& given, const targets::Target& target,
                                 const Point& point) {
  const spec::Layer layer = nest(given, target);
  std::vector<std::string> lines;
  if (layer.input.n != given.input.n) {
    lines.push_back(fmt::format("{} images of {} pixels, computed as rows of one", given.input.n,
                                given.input.h * given.input.w));
  } else if (layer != given) {
    lines.push_back(fmt::format("one column of {} rows, computed as one row of {} columns",
                                given.input.h, layer.input.w));
  }
  if (target.device != targets::Device::cpu) {
    for (std::string& line : gpu_explain(layer, target.gpu, point)) {
      lines.push_back(std::move(line));
    }
    return lines;
  }
  const std::vector<Shape> shapes = spec::shapes(layer);
  explain_tasks(lines, layer, target, point);
  if (layer.stages.size() > 1) explain_step(lines, layer, shapes, point, target);
  explain_conversion(lines, layer, point, target);
  for (size_t i = 0; i < layer.stages.size(); ++i) {
    const std::string prefix = stage_prefix(layer, i);
    const TiledExtents extents = tiled_extents(layer, i);
    if (prefix == "dw") {
      explain_window(lines, layer.stages[i], extents, point);
    } else {
      explain_channels(lines, layer.stages[i], extents, point, prefix, target,
                       spec::traits(layer.dtype).bytes);
    }
  }
  return lines;
}

}  // namespace sepconv::schedules
