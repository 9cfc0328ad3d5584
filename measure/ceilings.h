// Measure: what a machine can do at best: arithmetic peak and bandwidths, measured now. Knows no
// kernel.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "measure/machine.h"
#include "targets/target.h"

namespace sepconv::measure {

/// Where data lies while it is worked on.
enum class Level { l1d, l2, l3, dram };
inline constexpr int kLevels = 4;
[[nodiscard]] const char* word(Level level);  ///< L1d, L2, L3 or DRAM

/// Bytes of the data caches that a run of `threads` threads has; 0 where there is none.
struct CacheSizes {
  std::array<int64_t, 3> bytes{};  ///< L1d, L2, L3
};
/// Private levels count once per thread.
[[nodiscard]] CacheSizes cache_sizes(const Machine& machine, int threads);
/// The smallest level that holds `bytes`.
[[nodiscard]] Level level_of(int64_t bytes, const CacheSizes& sizes);

/// Bandwidths of one level for growing shares of reads in all bytes moved.
struct Bandwidth {
  std::vector<double> read_share;  ///< ascending, 0 to 1
  std::vector<double> gbs;         ///< 10^9 bytes per second, reads and writes together
  /// Linear in time per byte between the measured shares.
  [[nodiscard]] double at(double share) const;
};

struct Ceilings {
  int threads = 1;
  CacheSizes sizes;
  std::array<Bandwidth, kLevels> levels;  ///< of a missing level: those of the next one
};

/// Bandwidths of every level on `threads` threads, best of several short repetitions. Takes about
/// two seconds.
[[nodiscard]] Ceilings measure_bandwidths(const Machine& machine, int threads);

/// GFLOP/s of independent multiply-adds in the target's widest vectors (without FMA: multiplies and
/// adds) on `threads` threads. Precondition: the machine runs the target's code. 0 where its
/// architecture has no loop for the target.
[[nodiscard]] double peak_gflops(const Machine& machine, const targets::Target& target, int threads,
                                 double seconds);

}  // namespace sepconv::measure
