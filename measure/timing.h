// Measure: samples of callables taken in turn, and what they say. Knows no kernel.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace sepconv::measure {

/// Of samples in one unit. All zero without samples.
struct Statistics {
  double min = 0, median = 0, mean = 0, std = 0, max = 0, p95 = 0, p99 = 0;
  size_t samples = 0;
};
/// std with n - 1; percentiles by linear interpolation between order statistics.
[[nodiscard]] Statistics statistics(std::vector<double> samples);

/// What one sample says.
struct Sample {
  double us = 0;           ///< a call
  bool disturbed = false;  ///< the system gave a CPU to another process meanwhile
};

/// Something to time. `before` runs untimed before each timed call, e.g. to empty caches.
struct Timed {
  std::function<void()> run;
  std::function<void()> before;  ///< may be empty
  /// Calls per sample; 0: as many as fill about 20 us, so that the clock's own cost vanishes.
  size_t repeat = 0;
  /// Where another process runs it: takes a sample of that many calls. Then `run` is not used.
  std::function<Sample(size_t calls)> elsewhere;
  /// Most untimed calls before each sample; fewer of a long one. Where other turns' data passed the
  /// caches, a last cache that many cores share takes a few calls to hold a kernel's data again.
  size_t warm = 0;
};

/// Takes turns A B C A B C ... until `seconds` have passed and each has at least `least` samples.
/// `between` runs before each round. Microseconds per call, one list per callable.
/// Samples during which the system gave a CPU of this process to another one say nothing of the
/// callable and are left out where at least `least` others remain; for these it goes on for up to
/// four times `seconds`.
[[nodiscard]] std::vector<std::vector<double>> sample_in_turn(
    const std::vector<Timed>& timed, double seconds, size_t least,
    const std::function<void()>& between = {});

/// Like sample_in_turn, but pairs stay pairs: entry i of every list is of the same round, and a
/// round with a disturbed sample is left out as a whole. Every other round runs backwards, so that
/// none is always after the same one. At most `most` rounds.
[[nodiscard]] std::vector<std::vector<double>> sample_rounds(const std::vector<Timed>& timed,
                                                             double seconds, size_t least,
                                                             size_t most);

}  // namespace sepconv::measure
