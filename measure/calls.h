// Measure: calls of several kernels of one layer on the same values in the same memory. Knows no
// clock.
#pragma once

#include <memory>
#include <vector>

#include "measure/check.h"
#include "measure/kernel.h"
#include "measure/pool.h"
#include "measure/tensors.h"

namespace sepconv::measure {

/// Calls and the memory that they share, so that no kernel has better addresses than another. The
/// pool stays the caller's. Not to be carried over a fork.
struct Calls {
  TensorBuffer input, residual, output;
  GuardedBuffer packed, workspace;
  std::vector<Kernel> kernels;
  std::vector<sepconv_call> calls;  ///< one per kernel

  [[nodiscard]] sepconv_status run(size_t index) const { return kernels[index].run(calls[index]); }
};

/// Calls of the layer's own batch; the first kernel packs the weights. Kind internal with the
/// reason when a kernel refuses, kind environment when there is no memory. The pool serves kernels
/// where it has more than one thread.
[[nodiscard]] Result<std::unique_ptr<Calls>> make_calls(const Case& values,
                                                        std::vector<Kernel> kernels, Pool& pool);

}  // namespace sepconv::measure
