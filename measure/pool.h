// Measure: threads for parallel_for, as an app would supply them. Knows no kernel.
#pragma once

#include <cstdint>
#include <memory>

#include "sepconv/sepconv.h"

namespace sepconv::measure {

/// A fixed number of threads, the caller's among them. Waiting threads spin shortly before they
/// sleep, so that back-to-back calls do not pay for waking. Not for use from two threads at once;
/// not to be carried over a fork.
class Pool {
 public:
  explicit Pool(int threads);
  Pool(Pool&&) noexcept;
  Pool& operator=(Pool&&) noexcept;
  ~Pool();

  [[nodiscard]] int threads() const;
  /// sepconv_call::parallel_for with this as sepconv_call::parallel_context.
  static void parallel_for(void* pool, uint32_t count, sepconv_body body, void* body_context);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A sepconv_parallel_for that runs the pieces on the caller's thread, last first: it shows up
/// pieces that need an earlier one. Takes no context.
void run_reversed(void* unused, uint32_t count, sepconv_body body, void* body_context);

}  // namespace sepconv::measure
