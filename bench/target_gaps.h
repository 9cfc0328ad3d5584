// Bench: one target's shares of the roofline beside another's of the same run. Knows no clock.
#pragma once

#include <string>
#include <vector>

#include "bench/rows.h"

namespace sepconv::bench {

/// An op of a file (or the file: op "total") on a target beside the base: over the layers that both
/// timed.
struct TargetGap {
  std::string file, op, target, base;
  int64_t layers = 0;
  double of_roofline = 0, base_of_roofline = 0;  ///< each target's own, weighted by its time
  double most_points = 0;                        ///< of the layer that loses most
  std::string most_layer;
  double time_ratio = 1;  ///< sum of medians over the base's
  /// Percentage points of the roofline that the target loses.
  [[nodiscard]] double points() const { return 100 * (base_of_roofline - of_roofline); }
};

/// Every other target beside the one with the widest vectors, the first of those. Empty with one
/// target.
[[nodiscard]] std::vector<TargetGap> target_gaps(const BenchReport& report);

/// A table for people; empty without gaps.
[[nodiscard]] std::string gaps_table(const std::vector<TargetGap>& gaps);

}  // namespace sepconv::bench
