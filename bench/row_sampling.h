// Bench: samples of one kernel and its rivals, taken in turn. Knows no process of its own and no
// output format.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bench/peers/session.h"
#include "bench/row_call.h"
#include "bench/rows.h"
#include "measure/timing.h"

namespace sepconv::bench {

/// What one row needs where it is sampled.
struct Sampled {
  const targets::Target& target;
  const measure::Kernel& kernel;
  const BenchOptions& options;
  RowCall& call;
};

/// Plain data: it crosses from one process to another in shared memory.
struct Samples {
  static constexpr size_t kMaxPeers = 8;
  struct Peer {
    measure::Statistics hot, cold;
    bool agrees;
    char implementation[160], problem[160], cold_problem[160];
  };
  measure::Statistics hot, cold;
  measure::Statistics one_thread;              ///< hot; only of a row on several threads
  double peak_gflops, one_thread_peak_gflops;  ///< medians of bursts between the samples
  Peer peers[kMaxPeers];
};

/// Hot, with bursts at the peak in turn, then cold. Sessions of rivals end with it.
void sample_row(const Sampled& row, std::vector<Session> sessions, Samples& samples);
/// The same on a device: many runs with all data there between two waits, hot only. Says why there
/// are no samples, or nothing.
[[nodiscard]] std::string sample_device_row(const Sampled& row, std::vector<Session> sessions,
                                            Samples& samples);

}  // namespace sepconv::bench
