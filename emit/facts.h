// Emit, private: what a lowered function allocates and executes. Knows stages by their Funcs' names
// only.
#pragma once

#include <Halide.h>

#include <array>
#include <cstdint>

#include "emit/job.h"

namespace sepconv::emit {

/// Adds one lowered function's numbers to `facts`, whose vectors have one entry per stage.
///
/// Scratch: heap blocks alive at once along the nesting, each rounded up to 64 bytes, plus every
/// stack block that Halide moves to the heap; the maximum over the functions of a kernel.
/// Allocations: of Funcs `result_<stage>`, heap or stack; `pad_<stage>` of a later stage counts as
/// an intermediate too. Executed MACs: float multiplications inside the produce nodes of
/// `sum_<stage>`, times their lanes and the trips of the loops around them, for the whole output;
/// where the job says that a sum is inlined, the elements stored of `result_<stage>` or of the
/// output, times its MACs. A branch whose condition depends on data counts as taken.
///
/// Loops: every one in the order of their beginnings, with how often its body runs likewise.
///
/// Kind internal when a block that needs the heap has no constant size.
[[nodiscard]] Result<void> add_facts(const Halide::Internal::LoweredFunc& function, const Job& job,
                                     size_t phase, KernelFacts& facts);

}  // namespace sepconv::emit
