// Bench: one kernel's samples, taken in a child process. Knows no compiler and no output format.
#pragma once

#include <string>

#include "bench/rows.h"
#include "measure/kernel.h"
#include "measure/timing.h"

namespace sepconv::bench {

struct RowTimes {
  measure::Statistics hot, cold;  ///< microseconds a call
  double peak_gflops = 0;         ///< median of bursts between the samples
  std::string failure;            ///< not empty: a crash, a hang or a status
};

/// Times a kernel that was checked before: hot, then cold after evicting every cache. Bursts at the
/// peak lie between the samples, so that a drift of the clock meets both.
[[nodiscard]] RowTimes time_row(const spec::Layer& layer, const targets::Target& target,
                                const measure::Kernel& kernel, const BenchOptions& options);

}  // namespace sepconv::bench
