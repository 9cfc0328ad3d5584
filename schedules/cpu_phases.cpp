// Schedules: how a legal point cuts a layer into phases and tasks. Knows no Halide.
#include <algorithm>
#include <cmath>

#include "schedules/bound.h"
#include "schedules/cpu_space.h"
#include "spec/dtype.h"
#include "support/integers.h"

namespace sepconv::schedules {
namespace {

/// Cycles of work that make up for another thread. Starting and joining one that waits in a spin
/// takes 0.3 to 0.6 us, some 1500 cycles, and then it reads tensors out of another core's cache.
constexpr double kLeastCycles = 8000;

/// Cycles that a range costs for each stage beside its tasks and what it repeats: its call, and
/// loads that no step before has brought into a cache. A cut took 0.1 us of one stage, 0.3 to 3 us
/// of nests of two or three.
constexpr double kRangeCycles = 1500;

/// How many times a range's work is what it costs. The runtime cuts a share of s ranges' work into
/// two from s = 4 on and into log2(s) from 8 on, so what equal cores lose to the cuts is
/// 1 / (4 * kRangeWork) of their time at most, 1.6 %; unequal ones end within a range of each
/// other.
constexpr double kRangeWork = 16;

/// Threads that a phase should keep busy alike.
constexpr int64_t kThreads[] = {2, 4, 8};

/// How much better the balance of a less natural axis must be.
constexpr double kWorthwhile = 1.2;

/// Steps that a depthwise multiply-add takes where a pointwise one takes one.
constexpr double kDepthwiseSteps = 3;

/// A phase's output cut along an axis in tiles.
struct Cut {
  Axis axis = Axis::rows;
  int64_t extent = 1, grain = 1;
  double repeated = 0;  ///< share of the work that every range of tasks does again

  [[nodiscard]] int64_t tasks() const { return spec::task_count(extent, grain); }
};

/// The largest share of the work that one of `threads` gets: ranges as the runtime cuts them, to
/// the nearest task, in whole tiles.
double largest_share(const Cut& cut, int64_t threads) {
  const int64_t pieces = std::min(threads, cut.tasks());
  int64_t begin = 0;
  int64_t most = 0;
  for (int64_t piece = 1; piece <= pieces; ++piece) {
    const double exact = static_cast<double>(cut.extent * piece) / static_cast<double>(pieces);
    const int64_t task = std::llround(exact / static_cast<double>(cut.grain));
    const int64_t end = piece == pieces ? cut.extent : std::min(task, cut.tasks()) * cut.grain;
    most = std::max(most, (end - begin + cut.grain - 1) / cut.grain);
    begin = end;
  }
  const int64_t tiles = (cut.extent + cut.grain - 1) / cut.grain;
  const double share = static_cast<double>(most) / static_cast<double>(tiles);
  return cut.repeated + (1 - cut.repeated) * share;
}

/// The mean share of time for which threads have work.
double balance(const Cut& cut) {
  double sum = 0;
  for (const int64_t threads : kThreads) {
    sum += 1 / (static_cast<double>(threads) * largest_share(cut, threads));
  }
  return sum / static_cast<double>(std::size(kThreads));
}

const Cut& better(const Cut& natural, const Cut& other) {
  return balance(other) > kWorthwhile * balance(natural) ? other : natural;
}

Phase phase_of(int first, int last, const Cut& cut) {
  return Phase{first, last, cut.axis, std::min(cut.grain, cut.extent)};
}

int64_t tile_pixels(const Point& point, const std::string& prefix, bool planar) {
  return knob(point, prefix + "_x") * (planar ? knob(point, prefix + "_lanes") : 1);
}

int64_t tile_channels(const Point& point, const std::string& prefix, bool planar) {
  return knob(point, prefix + "_v") * (planar ? 1 : knob(point, prefix + "_lanes"));
}

/// Pixels or channels of a pointwise stage: channels where there are more bytes of weights than of
/// pixels, since each range of pixels reads all weights and each range of channels all pixels.
Phase pointwise_phase(const spec::Layer& layer, const Point& point) {
  const auto stage = layer.stages.size() - 1;
  const TiledExtents extents = tiled_extents(layer, stage);
  const int64_t width = extents.width * extents.height;
  const Cut pixels{Axis::pixels, width, tile_pixels(point, "pw", extents.planar)};
  const Cut channels{Axis::channels, extents.channels, tile_channels(point, "pw", extents.planar)};
  const Cut& best = extents.channels > width ? better(channels, pixels) : better(pixels, channels);
  Phase phase = phase_of(static_cast<int>(stage), static_cast<int>(stage), best);
  phase.flat_channels = best.axis == Axis::channels;
  return phase;
}

/// Multiply-adds of stages in steps of a pointwise one.
double steps(const spec::Layer& layer, int first, int last) {
  const auto shapes = spec::shapes(layer);
  double sum = 0;
  for (int i = first; i <= last; ++i) {
    const auto stage = static_cast<size_t>(i);
    const spec::Shape& out = shapes[stage + 1];
    const spec::Window& window = layer.stages[stage].window;
    const bool depthwise = layer.stages[stage].kind == spec::StageKind::depthwise;
    const auto taps = static_cast<double>(window.kernel[0] * window.kernel[1]);
    sum += static_cast<double>(out.h * out.w * out.c) * taps *
           (depthwise ? kDepthwiseSteps : static_cast<double>(shapes[stage].c));
  }
  return sum;
}

/// A first stage with a window: tiles of whole rows, or channels where few rows leave threads
/// without work.
Phase window_phase(const spec::Layer& layer, const Point& point, const std::string& prefix,
                   int64_t tile_rows) {
  const spec::Shape out = spec::shapes(layer)[1];
  const Cut rows{Axis::rows, out.h, tile_rows};
  // Ranges of channels begin at whole packed blocks, where a vector of copies may not.
  if (odd_copies(layer, 0) > 1) return phase_of(0, 0, rows);
  const Cut channels{Axis::channels, out.c, tile_channels(point, prefix, is_planar(layer, 0))};
  return phase_of(0, 0, better(rows, channels));
}

Phase depthwise_phase(const spec::Layer& layer, const Point& point) {
  return window_phase(layer, point, "dw", knob(point, "dw_y"));
}

/// The same for a fused nest, which repeats its depthwise stage for every range of channels.
Phase separable_phase(const spec::Layer& layer, const Point& point) {
  const spec::Shape out = spec::output_shape(layer);
  const Cut rows{Axis::rows, out.h, knob(point, "rows")};
  const Cut channels{Axis::channels, out.c, tile_channels(point, "pw", is_planar(layer, 1)),
                     steps(layer, 0, 0) / steps(layer, 0, 1)};
  return phase_of(0, 1, better(rows, channels));
}

/// Everything before the last stage: blocks of hidden channels go through expansion and window.
/// Ranges of rows expand some again, but leave each thread whole pixels for the last stage; of few
/// rows that would be too many. Tiles overlap where they do not divide a range.
Phase hidden_phase(const spec::Layer& layer, const Point& point) {
  if (layer.stages.size() == 2) return depthwise_phase(layer, point);
  constexpr int64_t kFewRows = 8;
  const int64_t rows = spec::shapes(layer)[2].h;
  if (rows > kFewRows) return Phase{0, 1, Axis::rows, 1};
  return Phase{0, 1, Axis::channels, tile_channels(point, "ex", false)};
}

std::vector<Phase> cut(const spec::Layer& layer, const Point& point) {
  const bool apart = layer.stages.size() > 1 && knob(point, "rows") == 0;
  if (apart) return {hidden_phase(layer, point), pointwise_phase(layer, point)};
  switch (layer.op) {
    case spec::Op::pointwise:
      return {pointwise_phase(layer, point)};
    case spec::Op::depthwise:
      return {depthwise_phase(layer, point)};
    case spec::Op::conv2d:
      return {window_phase(layer, point, "cv", 1)};
    case spec::Op::depthwise_separable:
      return {separable_phase(layer, point)};
    case spec::Op::inverted_residual:
      return {Phase{0, 2, Axis::rows, knob(point, "rows")}};
  }
  return {};
}

int64_t task_count(const spec::Layer& layer, const Phase& phase) {
  const spec::Shape out = spec::shapes(layer)[static_cast<size_t>(phase.last_stage) + 1];
  return spec::task_count(spec::axis_extent(phase.axis, out), phase.grain);
}

/// A task's part of the layer's least cycles, which are shared out among its phases.
double task_cycles(const spec::Layer& layer, const targets::Target& target, const Phase& phase) {
  const int last = static_cast<int>(layer.stages.size()) - 1;
  const double share = steps(layer, phase.first_stage, phase.last_stage) / steps(layer, 0, last);
  return share * bound(layer, target).cycles() / static_cast<double>(task_count(layer, phase));
}

/// Steps that every range of tasks does again: all before a phase's last stage for a range of
/// channels, but of blocks of hidden ones; for a range of rows those expanded rows that its first
/// window shares with the window above.
double repeated_steps(const spec::Layer& layer, const Phase& phase) {
  const int last = static_cast<int>(layer.stages.size()) - 1;
  if (phase.first_stage == phase.last_stage) return 0;
  if (phase.axis == Axis::channels) return phase.last_stage == last ? steps(layer, 0, last - 1) : 0;
  if (last < 2) return 0;
  const spec::Window& window = layer.stages[1].window;
  const int64_t rows = window.span(0, 1) - window.stride[0];
  const auto height = static_cast<double>(spec::shapes(layer)[1].h);
  return steps(layer, 0, 0) * static_cast<double>(std::max<int64_t>(rows, 0)) / height;
}

/// Tasks that are worth a thread.
int64_t least_tasks(const spec::Layer& layer, const targets::Target& target, const Phase& phase) {
  return std::max<int64_t>(1, std::llround(kLeastCycles / task_cycles(layer, target, phase)));
}

/// Tasks that are worth a range.
int64_t range_tasks(const spec::Layer& layer, const targets::Target& target, const Phase& phase) {
  const double task = steps(layer, phase.first_stage, phase.last_stage) /
                      static_cast<double>(task_count(layer, phase));
  const double call = kRangeCycles * (phase.last_stage - phase.first_stage + 1);
  const double cost =
      repeated_steps(layer, phase) / task + call / task_cycles(layer, target, phase);
  return std::max<int64_t>(1, std::llround(std::ceil(kRangeWork * cost)));
}

/// Tasks that a range must have: rows of a window's tile, which overlaps the one before within it.
int64_t tile_tasks(const spec::Layer& layer, const Point& point, const Phase& phase) {
  const bool hidden = layer.stages.size() == 3 && phase.last_stage == 1;
  return hidden && phase.axis == Axis::rows ? knob(point, "dw_y") : 1;
}

/// Whether addresses of rows save a depthwise tile additions. An offset from a register reaches
/// 4095 vectors on ARM, beyond which every page of 4096 bytes takes an addition; a row stride that
/// is no constant takes one for each row.
bool frees_row_stride(const spec::Layer& layer, const targets::Target& target, const Point& point) {
  constexpr int64_t kPage = 4096, kVectors = 4095;
  const bool lone = layer.op == spec::Op::depthwise && !is_planar(layer, 0);
  if (!target.lane_fma || !lone || knob(point, "dw_unroll") != kAllTaps) return false;
  const spec::Window& window = layer.stages[0].window;
  const spec::Shape in = spec::shapes(layer).front();
  const int64_t rows = window.span(0, knob(point, "dw_y"));
  const int64_t channels = layer.input_pixel_stride > 0 ? layer.input_pixel_stride : in.c;
  const int64_t pixel = channels * spec::traits(layer.dtype).bytes;
  const int64_t columns = std::min(window.span(1, knob(point, "dw_x")), in.w);
  const int64_t near = kVectors * target.vector_bits / 8 / (pixel * in.w);
  const int64_t pages = std::min(columns, support::ceil_div(columns * pixel, kPage));
  return (rows - std::min(near, rows)) * pages > rows;
}

/// Whether a stage of the phase reads planes.
bool windows_read_planes(const spec::Layer& layer, const Phase& phase) {
  for (int i = phase.first_stage; i <= phase.last_stage; ++i) {
    if (reads_planes(layer, static_cast<size_t>(i))) return true;
  }
  return false;
}

}  // namespace

std::vector<Phase> cpu_phases(const spec::Layer& layer, const targets::Target& target,
                              const Point& point) {
  std::vector<Phase> phases = cut(layer, point);
  const int depthwise = spec::depthwise_stage(layer);
  const bool planar = is_planar(layer, static_cast<size_t>(std::max(depthwise, 0)));
  for (Phase& phase : phases) {
    const bool windows = depthwise >= phase.first_stage && depthwise <= phase.last_stage;
    phase.inline_taps = windows && knob(point, "dw_unroll") == kExpression;
    phase.likely_loads =
        !planar && (knob(point, "dw_split") != 0 || knob(point, "rows_split") != 0 ||
                    knob(point, "cv_split") == 2);
    phase.padded_planes = windows_read_planes(layer, phase);
    phase.free_row_stride = frees_row_stride(layer, target, point);
    const int64_t tile = tile_tasks(layer, point, phase);
    phase.least = std::max(tile, least_tasks(layer, target, phase));
    phase.range = std::max(tile, range_tasks(layer, target, phase));
  }
  return phases;
}

}  // namespace sepconv::schedules
