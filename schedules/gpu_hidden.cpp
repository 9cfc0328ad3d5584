// Schedules: the GPU nest of an inverted residual in one launch: hidden channels in blocks. Knows
// no heuristic.
//
// For each block of hidden channels, the threads of a block expand what their tile needs, run the
// window over it, and add its share to the projection's sums. All three lie in shared memory: the
// sums live longer than the loop over hidden blocks that the threads walk together, and the
// compiler keeps no registers across it.
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

namespace {

/// Loops over a definition of the projection's sums, threads outside.
struct SumLoops {
  Var block{"sum_block"}, thread{"sum_thread"}, channel{"sum_channel"}, vector{"sum_vector"},
      lane{"sum_lane"}, thread_x{"sum_x"}, pixel{"sum_pixel"};
};

void split_sum(Halide::Stage stage, const SumLoops& loops, const GpuTile& tile,
               const Chain& chain) {
  stage.split(chain.c, loops.block, loops.channel, as_int(tile.block_channels()))
      .split(loops.channel, loops.thread, loops.channel, as_int(tile.v))
      .split(loops.channel, loops.vector, loops.lane, as_int(tile.lanes()))
      .split(chain.x, loops.thread_x, loops.pixel, as_int(tile.x));
}

void unroll_sum(Halide::Stage stage, const SumLoops& loops, const Chain& chain) {
  stage.vectorize(loops.lane)
      .unroll(loops.vector)
      .unroll(loops.pixel)
      .gpu_threads(loops.thread, loops.thread_x, chain.y);
}

/// Threads stride over a region whose size depends on the border.
void expand(StageFuncs& stage, Func consumer, const RVar& at, const GpuTile& tile,
            const Chain& chain) {
  Var serial_c("serial_c"), serial_x("serial_x"), serial_y("serial_y"), lane("lane");
  Var thread_c("thread_c"), thread_x("thread_x"), thread_y("thread_y");
  stage.result.compute_at(consumer, at)
      .store_in(MemoryType::GPUShared)
      .bound_storage(chain.c, as_int(tile.hidden))
      .bound_storage(chain.x, as_int(tile.input_columns))
      .bound_storage(chain.y, as_int(tile.input_rows))
      .split(chain.c, thread_c, lane, 4, TailStrategy::RoundUp)
      .split(thread_c, serial_c, thread_c, as_int(tile.c), TailStrategy::GuardWithIf)
      .split(chain.x, serial_x, thread_x, as_int(tile.tile_x), TailStrategy::GuardWithIf)
      .split(chain.y, serial_y, thread_y, as_int(tile.tile_y), TailStrategy::GuardWithIf)
      .reorder(lane, serial_c, serial_x, serial_y, thread_c, thread_x, thread_y)
      .unroll(lane)
      .gpu_threads(thread_c, thread_x, thread_y)
      .never_partition_all();
  stage.sum.compute_at(stage.result, serial_c)
      .store_in(MemoryType::Register)
      .bound_extent(chain.c, 4)
      .align_bounds(chain.c, 4)
      .vectorize(chain.c)
      .never_partition_all();
  stage.sum.update()
      .reorder(chain.c, chain.x, stage.taps[0])
      .vectorize(chain.c)
      .never_partition_all();
}

}  // namespace

void schedule_hidden(Chain& chain, const GpuTile& tile) {
  StageFuncs &first = chain.stages[0], &window = chain.stages[1], &last = chain.stages[2];
  const GpuLoops loops = tile_output(last, tile, chain);
  const SumLoops sum_loops;
  Func sum = last.sum;
  sum.compute_at(last.result, tile.split ? loops.channel_block : loops.block)
      .store_in(MemoryType::GPUShared)
      .bound_storage(chain.c, as_int(tile.split ? tile.block_channels() : tile.channels))
      .bound_storage(chain.x, as_int(tile.columns()))
      .bound_storage(chain.y, as_int(tile.tile_y));
  split_sum(sum, sum_loops, tile, chain);
  sum.reorder(sum_loops.lane, sum_loops.vector, sum_loops.pixel, sum_loops.block, sum_loops.thread,
              sum_loops.thread_x, chain.y);
  unroll_sum(sum, sum_loops, chain);
  sum.never_partition_all();

  RVar block("hidden_block"), inner("hidden_inner"), step("step");
  split_sum(sum.update(), sum_loops, tile, chain);
  sum.update()
      .split(last.taps[0], block, inner, as_int(tile.hidden))
      .split(inner, inner, step, as_int(tile.k))
      .reorder(sum_loops.lane, sum_loops.vector, sum_loops.pixel, step, inner, sum_loops.block,
               sum_loops.thread, sum_loops.thread_x, chain.y, block)
      .unroll(step)
      .never_partition_all();
  unroll_sum(sum.update(), sum_loops, chain);

  const Var serial("channels_outer");
  share(window.result, Halide::LoopLevel(sum, block), tile, tile.hidden, serial, chain);
  compute_window_sum(window, Halide::LoopLevel(window.result, serial), tile, 1, chain);
  expand(first, sum, block, tile, chain);
}

}  // namespace sepconv::schedules
