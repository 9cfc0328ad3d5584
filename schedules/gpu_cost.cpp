// Schedules: what a launch of a GPU tile is predicted to cost on a named GPU. Knows no Halide and
// no search.
//
// A multiprocessor has four parts. Each issues one instruction a cycle to one of its own warps and
// multiplies and adds with a quarter of the lanes, so fewer than four warps leave parts idle. First
// cache and shared memory answer one line of 128 bytes a cycle. A step of a warp takes at least the
// wait for its loads and then its own instructions; other warps of its part fill the wait.
// Instruction counts are those of the generated code: CUDA's assembler shows 10 to 20 beside the
// loads and multiply-adds of a step of the channel loop, and for each load of a window two to three
// that find its address and test the border.
#include "schedules/gpu_cost.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

namespace sepconv::schedules {
namespace {

constexpr double kParts = 4, kLine = 128, kWarp = 32;
constexpr double kFmaWait = 4;       // cycles until a sum takes the next product
constexpr double kPort = 64;         // bytes a cycle from the second cache to a multiprocessor
constexpr double kStepWait = 250;    // cycles: loads that mostly hit the first or second cache
constexpr double kWindowWait = 500;  // loads that mostly come from the second cache or memory
constexpr double kHeldLoads = 96;    // registers for sums and loads of a step
constexpr double kFloat = sizeof(float);

/// Work of one thread of a block.
struct Work {
  double fma = 0, instructions = 0;
  double lines = 0;  ///< of the first cache or shared memory, for the thread's warp
  double step = 0;   ///< parts that each wait for loads once
  double chain = 0;  ///< multiply-adds that wait for each other
};

Work sum(const Work& a, const Work& b) {
  return {a.fma + b.fma, a.instructions + b.instructions, a.lines + b.lines, a.step + b.step,
          a.chain + b.chain};
}

Work times(const Work& work, double count) {
  return {work.fma * count, work.instructions * count, work.lines * count, work.step * count,
          work.chain * count};
}

/// Of things that go on at the same time: the longest, and a part of the others, since overlap is
/// not full.
double together(std::initializer_list<double> all) {
  double longest = 0, sum = 0;
  for (const double one : all) longest = std::max(longest, one), sum += one;
  return longest + 0.1 * (sum - longest);
}

double parts(int64_t extent, int64_t size) {
  return static_cast<double>(support::ceil_div(extent, size));
}

/// Rows or columns of input under `outputs` of output; without overlap no more than the taps.
double span(const spec::Window& window, int axis, double outputs) {
  const auto taps = static_cast<double>(window.kernel[axis]);
  const double overlapping = (outputs - 1) * static_cast<double>(window.stride[axis]) +
                             (taps - 1) * static_cast<double>(window.dilation[axis]) + 1;
  return std::min(outputs * taps, overlapping);
}

/// Lines that a warp's load or store of so many floats a thread touches: threads of other pixels
/// are elsewhere.
double lines_of(double floats, const GpuTile& tile) {
  return std::max(floats, kWarp / static_cast<double>(tile.c));
}

/// The taps of a thread's pixels in `vector` channels, and where the result goes.
Work window_work(const spec::Window& window, const GpuTile& tile, int64_t channels) {
  const auto pixels = static_cast<double>(tile.x), vector = static_cast<double>(channels);
  const auto rows = static_cast<double>(window.kernel[0]);
  const double taps = rows * static_cast<double>(window.kernel[1]);
  const double inputs = rows * span(window, 1, pixels);
  const double loads = inputs + taps;
  Work work;
  work.fma = pixels * taps * vector;
  work.instructions = work.fma + 3.5 * loads + pixels + 20;
  work.lines = (inputs + pixels) * lines_of(vector, tile) + taps * vector;
  work.step = taps_at_once(window, tile.x, channels) ? 1 : rows;
  return work;
}

/// All steps of the channel loop for one pass over a block's channels.
Work channel_work(const spec::Stage& stage, const GpuTile& tile) {
  const auto x = static_cast<double>(tile.x), v = static_cast<double>(tile.v);
  const auto k = static_cast<double>(tile.k), c = static_cast<double>(tile.c);
  const auto taps = static_cast<double>(stage.window.kernel[0] * stage.window.kernel[1]);
  const bool scalar = stage.kind == spec::StageKind::conv2d;  // its input is not loaded in vectors
  const double inputs = x * (scalar ? k : parts(tile.k, 4));
  const double border = scalar ? 2.5 * inputs : 0;
  const double weights = k * parts(tile.v, 4);
  // Threads of other pixels in a warp load other inputs. Threads of 8 channels leave every other
  // vector of weights out, so a load touches twice the lines.
  const double groups = std::max(1.0, kWarp / c);
  Work step;
  step.fma = x * v * k;
  step.instructions = step.fma + inputs + border + weights + 6 + 1.5 * x;
  step.lines = inputs * groups + weights * std::min(c, kWarp) * v * kFloat / kLine;
  // Loads from beyond the first cache that registers do not hold at once wait again.
  const double ahead = k * v + (tile.staged ? 0 : x * k);
  step.step = std::ceil(ahead / (kHeldLoads - x * v));
  step.chain = k;
  return times(step, taps * static_cast<double>(tile.channels_in) / k);
}

/// Blocks of hidden channels that a launch with the expansion inside takes one after the other.
double hidden_rounds(const GpuTile& tile) {
  return tile.hidden > 0 ? parts(tile.channels_in, tile.hidden) : 1;
}

/// Expanding what the window needs of a hidden block: each thread one pixel by four channels at a
/// time, in a loop over the input channels that loads an input and four weights a step, which the
/// compiler unrolls by four. These loads wait less than a window's.
Work expand_work(int64_t channels_in, const GpuTile& tile) {
  constexpr double kVector = 4, kUnrolled = 4;
  const auto steps = static_cast<double>(channels_in), c = static_cast<double>(tile.c);
  Work pixel;
  pixel.fma = kVector * steps;
  pixel.instructions = pixel.fma + 3 * steps + 30;
  pixel.lines = steps * (std::max(1.0, kWarp / c) + std::min(c, kWarp) * kVector * kFloat / kLine);
  pixel.step = std::ceil(steps / kUnrolled) * kStepWait / kWindowWait;
  pixel.chain = steps;
  return times(pixel, parts(tile.hidden, tile.c * 4) * parts(tile.input_columns, tile.tile_x) *
                          parts(tile.input_rows, tile.tile_y));
}

/// A hidden block's share of the sums, which live in shared memory between the blocks.
Work keep_sums(const GpuTile& tile, double passes) {
  Work work;
  work.lines = 2 * passes * static_cast<double>(tile.x * tile.v);
  work.instructions = 2 * passes * static_cast<double>(tile.x) * parts(tile.v, 4);
  return work;
}

/// Filling the tile in shared memory.
Work feed_work(const spec::Layer& layer, const Phase& phase, const GpuTile& tile, double passes) {
  if (!tile.staged) return {};
  if (tile.hidden > 0) {
    const Work window = times(window_work(layer.stages[1].window, tile, tile.feed_v),
                              parts(tile.hidden, tile.c * tile.feed_v));
    const Work block =
        sum(sum(expand_work(spec::shapes(layer).front().c, tile), window), keep_sums(tile, passes));
    return times(block, hidden_rounds(tile));
  }
  const double serial = parts(tile.channels_in, tile.c * tile.feed_v);
  if (phase.last_stage > phase.first_stage) {
    const auto& window = layer.stages[static_cast<size_t>(phase.last_stage) - 1].window;
    return times(window_work(window, tile, tile.feed_v), serial);
  }
  Work copy;
  const auto x = static_cast<double>(tile.x), vector = static_cast<double>(tile.feed_v);
  copy.instructions = 5 * x + 10;
  copy.lines = x * (lines_of(vector, tile) + vector);
  copy.step = 1;
  return times(copy, serial);
}

/// Fitted to what CUDA's assembler reports: sums, the loads of a step that it issues ahead, and
/// addresses.
void estimate_registers(const spec::Layer& layer, const Phase& phase, const GpuTile& tile,
                        GpuCost& cost) {
  constexpr int64_t kCap = 128, kAddresses = 28;
  const auto window = [&](int64_t pixels, int64_t vector, int stage) {
    const auto& taps = layer.stages[static_cast<size_t>(stage)].window;
    const int64_t rows = taps_at_once(taps, pixels, vector) ? taps.kernel[0] : 1;
    const auto loads = static_cast<int64_t>(span(taps, 1, static_cast<double>(pixels)));
    cost.held = std::max(cost.held, pixels * vector + kAddresses);
    cost.registers = std::max(cost.registers, (pixels + rows * loads + 1) * vector + kAddresses);
  };
  if (tile.window) {
    window(tile.x, tile.v, phase.last_stage);
  } else {
    const int64_t loads = std::min<int64_t>(tile.x * tile.k, 40) * 9 / 8;
    cost.held = cost.registers = tile.x * tile.v + loads + tile.k * tile.v * tile.v / 16 + 24;
    if (phase.last_stage > phase.first_stage) window(tile.x, tile.feed_v, phase.last_stage - 1);
  }
  cost.registers = std::min(kCap, cost.registers);
}

/// Bytes that all blocks together ask of the second cache.
double l2_bytes(const spec::Layer& layer, const Phase& phase, const GpuTile& tile, double passes) {
  double rows = static_cast<double>(tile.tile_y), columns = static_cast<double>(tile.columns());
  // The second cache sends sectors of 8 floats.
  auto channels = static_cast<double>(tile.window ? std::max<int64_t>(tile.block_channels(), 8)
                                                  : tile.channels_in);
  double weights = 0;
  const bool expands = tile.hidden > 0;
  const auto channels_of_input = static_cast<double>(spec::shapes(layer).front().c);
  for (int i = phase.first_stage; i <= phase.last_stage; ++i) {
    const spec::Stage& stage = layer.stages[static_cast<size_t>(i)];
    const auto taps = static_cast<double>(stage.window.kernel[0] * stage.window.kernel[1]);
    const bool depthwise = stage.kind == spec::StageKind::depthwise;
    if (i == phase.last_stage && !tile.window) {
      weights += taps * channels * passes * static_cast<double>(tile.block_channels());
    } else if (expands && i == phase.first_stage) {
      weights += channels * channels_of_input;
    } else {
      weights += taps * channels;
    }
    if (stage.kind != spec::StageKind::pointwise) {
      rows = span(stage.window, 0, rows), columns = span(stage.window, 1, columns);
    }
    if (depthwise) channels /= static_cast<double>(stage.multiplier);
  }
  const double output = static_cast<double>(tile.columns() * tile.tile_y) * passes *
                        static_cast<double>(tile.block_channels());
  // What is not staged is read again in every pass or for every hidden block; the first cache keeps
  // small tiles.
  const double input = rows * columns * (expands ? channels_of_input : channels);
  const bool again = (!tile.staged || expands) && !tile.window && input * kFloat > 32 * 1024;
  const double times_read = !again ? 1 : expands ? hidden_rounds(tile) : passes;
  return static_cast<double>(blocks(tile)) * kFloat * (input * times_read + weights + output);
}

/// Bytes of the launch's input, output and weights, once each.
double once_bytes(const spec::Layer& layer, const Phase& phase) {
  const auto shapes = spec::shapes(layer);
  double floats = static_cast<double>(shapes[static_cast<size_t>(phase.first_stage)].elements()) +
                  static_cast<double>(shapes[static_cast<size_t>(phase.last_stage) + 1].elements());
  for (const spec::Parameter& parameter : spec::parameters(layer)) {
    const bool here = parameter.stage >= phase.first_stage && parameter.stage <= phase.last_stage;
    if (here) floats += static_cast<double>(parameter.bytes) / kFloat;
  }
  return floats * kFloat;
}

/// Cycles in which so many warps of a multiprocessor do the same work side by side.
double cycles(const Work& work, double warps, double wait, const targets::Multiprocessor& one) {
  if (work.step == 0) return 0;
  const double lanes = static_cast<double>(one.fma_lanes) / kParts;
  const double busy = std::max(work.fma * kWarp / lanes, work.instructions);
  const double alone = wait * work.step + std::max(busy, kFmaWait * work.chain);
  return together({alone, std::ceil(warps / kParts) * busy, warps * work.lines});
}

}  // namespace

double GpuCost::us() const { return together({multiprocessor_us, l2_us, dram_us}); }

const char* GpuCost::bound() const {
  if (dram_us > std::max(multiprocessor_us, l2_us)) return "memory";
  return l2_us > multiprocessor_us ? "the second cache" : "the multiprocessors";
}

GpuCost gpu_cost(const spec::Layer& layer, const Phase& phase, const GpuTile& tile,
                 const targets::Gpu& gpu) {
  const targets::Multiprocessor& one = targets::multiprocessor(gpu.sm);
  const double passes = tile.channels_first() ? 1 : parts(tile.channels, tile.block_channels());
  const spec::Stage& last = layer.stages[static_cast<size_t>(phase.last_stage)];
  Work loop = tile.window ? window_work(last.window, tile, tile.v)
                          : times(channel_work(last, tile), passes);
  GpuCost cost;
  cost.fma_share = loop.fma / loop.instructions;
  loop.instructions += 60 + 2 * static_cast<double>(tile.x * tile.v) * passes;
  loop.step += passes;  // biases
  const Work feed = feed_work(layer, phase, tile, passes);
  estimate_registers(layer, phase, tile, cost);
  cost.resident = targets::resident_blocks(one, tile.threads(), cost.registers, shared_bytes(tile));
  cost.occupancy =
      static_cast<double>(cost.resident * tile.threads()) / static_cast<double>(one.threads);
  if (cost.resident == 0) return cost;
  // Of the multiprocessor with most blocks: rounds of as many as it holds at once, and the rest.
  const int64_t mine = static_cast<int64_t>(parts(blocks(tile), gpu.multiprocessors));
  const auto round = [&](int64_t resident) {
    const double warps = static_cast<double>(resident) * parts(tile.threads(), 32);
    return cycles(feed, warps, kWindowWait, one) +
           cycles(loop, warps, tile.window ? kWindowWait : kStepWait, one);
  };
  const int64_t full = mine / cost.resident;
  double all = static_cast<double>(full) * round(cost.resident);
  if (mine % cost.resident > 0) all += round(mine % cost.resident);
  cost.multiprocessor_us = all / (gpu.clock_ghz * 1e3);
  cost.l2_bytes = l2_bytes(layer, phase, tile, passes);
  const double ports = kPort * static_cast<double>(std::min(blocks(tile), gpu.multiprocessors));
  cost.l2_us = cost.l2_bytes / (std::min(gpu.l2_bytes_a_cycle, ports) * gpu.clock_ghz * 1e3);
  const double once = once_bytes(layer, phase);
  cost.dram_bytes = once > static_cast<double>(gpu.l2_bytes) ? once : 0;
  cost.dram_us = cost.dram_bytes / (gpu.dram_gbs * 1e3);
  return cost;
}

double gpu_microseconds(const spec::Layer& given, const targets::Gpu& gpu, const Point& point) {
  const spec::Layer layer = spec::along_columns(given);
  double sum = 0;
  for (const Phase& phase : gpu_phases(layer, point)) {
    sum += gpu_cost(layer, phase, gpu_tile(layer, phase, point), gpu).us();
  }
  return sum;
}

}  // namespace sepconv::schedules
