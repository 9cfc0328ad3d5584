// Bench: one kernel's samples, taken in a child process. Knows no compiler and no output format.
#pragma once

#include <string>
#include <vector>

#include "bench/rows.h"
#include "measure/kernel.h"
#include "measure/timing.h"

namespace sepconv::bench {

/// A rival on the row's layer.
struct PeerTimes {
  std::string name, implementation;
  std::string problem;            ///< not empty: it has no times
  std::string cold_problem;       ///< not empty: it can have no cold times
  measure::Statistics hot, cold;  ///< cold without samples where it has no such times
  bool agrees = false;            ///< whether its output equals ours
};

struct RowTimes {
  measure::Statistics hot, cold;   ///< microseconds a call
  measure::Statistics one_thread;  ///< hot; only of a row on several threads
  double peak_gflops = 0;          ///< median of bursts between the samples
  double one_thread_peak_gflops = 0;
  std::vector<PeerTimes> peers;  ///< one per rival asked for
  std::string failure;           ///< not empty: a crash, a hang or a status
};

/// Times a kernel that was checked before: hot, then cold as inside a network (measure/evict.h).
/// Bursts at the peak and the samples of rivals lie between its own, so that a drift of the clock
/// meets all.
[[nodiscard]] RowTimes time_row(const spec::Layer& layer, const targets::Target& target,
                                const measure::Kernel& kernel, const BenchOptions& options);

}  // namespace sepconv::bench
