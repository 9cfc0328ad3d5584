// Schedules, private to the CPU nests: planes, padded copies of the rows that windows read along
// pixels. Knows no point, no heuristic and no instruction set.
#pragma once

#include "schedules/cpu_tiles.h"

namespace sepconv::schedules {

/// Stores the padded rows that the body of a loop reads of a stage's input, in vectors of `lanes`.
void compute_planes_at(const generators::StageFuncs& stage, const Halide::LoopLevel& at, int lanes,
                       const generators::Chain& chain);

/// The same for pixels of a few channels, each of which becomes a plane: a step's rows at a time.
void split_planes_at(const generators::StageFuncs& stage, Halide::Func consumer,
                     const Halide::Var& step, int lanes, const generators::Chain& chain);

/// tile_window() and, where the phase reads planes of an input that is planar already, these
/// planes. `rows`: of the result at a time.
void tile_padded_window(generators::StageFuncs& stage, int64_t rows, const WindowTile& tile,
                        const Tails& tails, const generators::Chain& chain);

}  // namespace sepconv::schedules
