// Schedules, private to the GPU nests: the parts that they share. Knows no point.
#pragma once

#include "generators/stages.h"
#include "schedules/gpu_space.h"

namespace sepconv::schedules {

/// The loops of a launch that stages attach to.
struct GpuLoops {
  Halide::Var block{"block_x"}, channel_block{"block_c"}, thread{"thread_c"};
};

/// Splits the last stage's result among blocks and threads; channels of a block are one pass of its
/// threads.
GpuLoops tile_output(generators::StageFuncs& stage, const GpuTile& tile,
                     const generators::Chain& chain);

/// A tile of a block in shared memory, computed by the threads of the block: those along channels
/// stride over vectors of them, in the loop `serial`.
void share(Halide::Func func, const Halide::LoopLevel& at, const GpuTile& tile, int64_t channels,
           const Halide::Var& serial, const generators::Chain& chain);

/// The sums of a window's taps in a thread's registers, so many channels at once: rows of taps
/// roll, columns unroll.
void compute_window_sum(generators::StageFuncs& stage, const Halide::LoopLevel& at,
                        const GpuTile& tile, int64_t channels, const generators::Chain& chain);

/// An inverted residual in one launch.
void schedule_hidden(generators::Chain& chain, const GpuTile& tile);

}  // namespace sepconv::schedules
