// Schedules: the GPU nest, one for CUDA and OpenCL. Knows no heuristic.
//
// The last block of columns or rows overlaps its neighbour and computes the same values again: a
// guard would branch in every step of the sum, and the compiler would lose the tile's constant
// size. Funcs of a block lie in shared memory and Funcs of a thread in registers: the compiler does
// not check the other ways.
#include "schedules/gpu.h"

#include <algorithm>

#include "schedules/gpu_nest.h"

namespace sepconv::schedules {

using generators::as_int;
using generators::Chain;
using generators::StageFuncs;
using Halide::Func;
using Halide::MemoryType;
using Halide::RVar;
using Halide::TailStrategy;
using Halide::Var;
using spec::StageKind;

namespace {

/// Wider rows of taps than this stay a loop.
constexpr int64_t kUnrolledTaps = 11;

TailStrategy guard(int64_t extent, int64_t factor) {
  return extent % factor == 0 ? TailStrategy::RoundUp : TailStrategy::GuardWithIf;
}

TailStrategy overlap(int64_t extent, int64_t factor) {
  return extent % factor == 0 ? TailStrategy::RoundUp : TailStrategy::ShiftInwards;
}

/// Blocks, threads, pixels of threads. Channels are split by the caller.
void tile_pixels(Func result, const GpuTile& tile, const GpuLoops& loops, const Var& pixel,
                 const Var& thread_x, const Var& thread_y, const Var& block_y, const Chain& chain) {
  result
      .split(chain.x, loops.block, thread_x, as_int(tile.columns()),
             overlap(tile.width, tile.columns()))
      .split(thread_x, thread_x, pixel, as_int(tile.x))
      .split(chain.y, block_y, thread_y, as_int(tile.tile_y), overlap(tile.height, tile.tile_y));
}

}  // namespace

void compute_window_sum(StageFuncs& stage, const Halide::LoopLevel& at, const GpuTile& tile,
                        int64_t channels, const Chain& chain) {
  if (!stage.sum.has_update_definition()) return;  // one expression, inlined
  const RVar& kx = stage.taps.x;
  const RVar& ky = stage.taps.y;
  stage.sum.compute_at(at).store_in(MemoryType::Register).bound_extent(chain.x, as_int(tile.x));
  stage.sum.unroll(chain.x);
  stage.sum.update().reorder(chain.c, chain.x, kx, ky).unroll(chain.x);
  if (channels > 1) {
    stage.sum.bound_extent(chain.c, as_int(channels)).vectorize(chain.c);
    stage.sum.update().vectorize(chain.c);
  }
  if (stage.stage.window.kernel[1] <= kUnrolledTaps) stage.sum.update().unroll(kx);
  stage.sum.never_partition_all();
  stage.sum.update().never_partition_all();
}

void share(Func func, const Halide::LoopLevel& at, const GpuTile& tile, int64_t channels,
           const Var& serial, const Chain& chain) {
  Var thread("thread_c"), thread_x("thread_x"), pixel("pixel"), vector("vector"), lane("lane");
  func.compute_at(at)
      .store_in(MemoryType::GPUShared)
      .bound_storage(chain.c, as_int(channels))
      .bound_storage(chain.x, as_int(tile.columns()))
      .bound_storage(chain.y, as_int(tile.tile_y))
      .split(chain.c, vector, lane, as_int(tile.feed_v), TailStrategy::RoundUp)
      .split(vector, serial, thread, as_int(tile.c), guard(channels / tile.feed_v, tile.c))
      .split(chain.x, thread_x, pixel, as_int(tile.x), TailStrategy::GuardWithIf)
      .reorder(lane, pixel, serial, thread, thread_x, chain.y)
      .vectorize(lane)
      .unroll(pixel)
      .gpu_threads(thread, thread_x, chain.y)
      .never_partition_all();
}

GpuLoops tile_output(StageFuncs& stage, const GpuTile& tile, const Chain& chain) {
  GpuLoops loops;
  Var pixel("pixel"), thread_x("thread_x"), thread_y("thread_y"), block_y("block_y");
  Var channel("channel"), vector("vector"), lane("lane");
  Func result = stage.result;
  tile_pixels(result, tile, loops, pixel, thread_x, thread_y, block_y, chain);
  result
      .split(chain.c, loops.channel_block, channel, as_int(tile.block_channels()),
             guard(tile.channels, tile.block_channels()))
      .split(channel, loops.thread, channel, as_int(tile.v))
      .split(channel, vector, lane, as_int(tile.lanes()))
      .reorder(lane, vector, pixel, loops.thread, thread_x, thread_y, loops.channel_block,
               loops.block, block_y)
      .unroll(vector)
      .unroll(pixel);
  if (tile.channels % tile.block_channels() == 0) {
    result.vectorize(lane);
  } else {
    result.unroll(lane);  // OpenCL has no masked stores
  }
  if (tile.split) {
    result.gpu_blocks(loops.channel_block, loops.block, block_y);
  } else {
    result.gpu_blocks(loops.block, block_y);
  }
  result.gpu_threads(loops.thread, thread_x, thread_y).never_partition_all();
  return loops;
}

namespace {

void schedule_window(Chain& chain, const GpuTile& tile) {
  StageFuncs& stage = chain.stages.back();
  const GpuLoops loops;
  Var pixel("pixel"), thread_x("thread_x"), thread_y("thread_y"), block_y("block_y");
  tile_pixels(stage.result, tile, loops, pixel, thread_x, thread_y, block_y, chain);
  // The guard is of whole vectors: OpenCL has no masked stores.
  Var vector("vector"), lane("lane");
  stage.result.split(chain.c, vector, lane, as_int(tile.v), TailStrategy::RoundUp)
      .split(vector, loops.channel_block, loops.thread, as_int(tile.c),
             guard(tile.channels / tile.v, tile.c))
      .reorder(lane, pixel, loops.thread, thread_x, thread_y, loops.channel_block, loops.block,
               block_y)
      .vectorize(lane)
      .unroll(pixel)
      .gpu_blocks(loops.channel_block, loops.block, block_y)
      .gpu_threads(loops.thread, thread_x, thread_y)
      .never_partition_all();
  compute_window_sum(stage, Halide::LoopLevel(stage.result, loops.thread), tile, tile.v, chain);
}

/// x pixels by v channels of sums in a thread's registers.
void accumulate(StageFuncs& stage, Func feed, const Var& at, const GpuTile& tile,
                const Chain& chain) {
  Var vector("vector"), lane("lane");
  Func sum = stage.sum;
  sum.compute_at(stage.result, at)
      .store_in(MemoryType::Register)
      .bound_extent(chain.c, as_int(tile.v))
      .align_bounds(chain.c, as_int(tile.v))
      .bound_extent(chain.x, as_int(tile.x))
      .split(chain.c, vector, lane, as_int(tile.lanes()), TailStrategy::RoundUp)
      .reorder(lane, vector, chain.x)
      .vectorize(lane)
      .unroll(vector)
      .unroll(chain.x)
      .never_partition_all();
  RVar outer("channels_outer"), step("step");
  sum.update()
      .split(stage.taps[0], outer, step, as_int(tile.k))
      .split(chain.c, vector, lane, as_int(tile.lanes()), TailStrategy::RoundUp);
  std::vector<Halide::VarOrRVar> order{lane, vector, chain.x, step, outer};
  for (int i = 1; i < stage.taps.dimensions(); ++i) order.emplace_back(stage.taps[i]);
  sum.update()
      .reorder(order)
      .vectorize(lane)
      .unroll(vector)
      .unroll(chain.x)
      .unroll(step)
      .never_partition_all();
  if (tile.k == 1 || !feed.defined()) return;
  Func loads = feed.in(sum);
  // Four floats are one load; the compiler takes longer vectors apart.
  const Var channels = loads.args()[0];
  loads.compute_at(sum, outer)
      .store_in(MemoryType::Register)
      .split(channels, vector, lane, as_int(std::min<int64_t>(tile.k, 4)), TailStrategy::RoundUp)
      .vectorize(lane)
      .unroll(vector)
      .unroll(loads.args()[1])
      .never_partition_all();
}

void schedule_channels(Chain& chain, const GpuTile& tile) {
  StageFuncs& last = chain.stages.back();
  const GpuLoops loops = tile_output(last, tile, chain);
  const Halide::LoopLevel at(last.result, tile.split ? loops.channel_block : loops.block);
  const Var serial("channels_outer");
  Func feed;
  if (chain.stages.size() > 1) {
    StageFuncs& window = chain.stages[chain.stages.size() - 2];
    feed = window.result;
    share(feed, at, tile, tile.channels_in, serial, chain);
    compute_window_sum(window, Halide::LoopLevel(feed, serial), tile, tile.feed_v, chain);
  } else if (tile.staged) {
    Func staged = chain.input.in(last.sum);
    feed = staged;
    Chain names = chain;
    names.c = staged.args()[0], names.x = staged.args()[1], names.y = staged.args()[2];
    share(staged, at, tile, tile.channels_in, serial, names);
  } else if (last.stage.kind == StageKind::pointwise) {
    feed = chain.input;
  }
  accumulate(last, feed, loops.thread, tile, chain);
}

}  // namespace

void schedule_gpu(Chain& chain, const Point& point) {
  const GpuTile tile = gpu_tile(chain.layer, chain.phase, point);
  auto output = chain.output.output_buffer();
  output.dim(0).set_bounds(0, as_int(tile.channels));
  output.dim(1).set_bounds(0, as_int(tile.width));
  output.dim(2).set_bounds(0, as_int(tile.height));
  chain.output.bound(chain.c, 0, as_int(tile.channels))
      .bound(chain.x, 0, as_int(tile.width))
      .bound(chain.y, 0, as_int(tile.height));
  if (tile.hidden > 0) {
    schedule_hidden(chain, tile);
  } else if (tile.window) {
    schedule_window(chain, tile);
  } else {
    schedule_channels(chain, tile);
  }
}

}  // namespace sepconv::schedules
