// Schedules: what a core cannot beat, from its data and a layer's cost. Knows no point.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "spec/layer.h"
#include "targets/target.h"

namespace sepconv::schedules {

/// Cycles of one core that a layer needs at least, whatever the schedule.
struct Bound {
  double flops_a_cycle = 0;  ///< of the target's code on this core
  std::string_view level;    ///< L1, L2, L3 or memory: the smallest that holds all bytes
  double bytes_a_cycle = 0;  ///< of that level
  double arithmetic = 0;     ///< cycles
  double bytes = 0;          ///< cycles
  [[nodiscard]] double cycles() const { return arithmetic > bytes ? arithmetic : bytes; }
  /// "arithmetic" or the level.
  [[nodiscard]] std::string_view limit() const { return arithmetic > bytes ? "arithmetic" : level; }
};
[[nodiscard]] Bound bound(const spec::Layer& layer, const targets::Target& target);

/// The smallest level of the core that holds `bytes`.
[[nodiscard]] std::string_view level_of(int64_t bytes, const targets::Core& core);

/// What makes a legal layer slow on this target, and what to do about it; a sentence each.
[[nodiscard]] std::vector<std::string> advisories(const spec::Layer& layer,
                                                  const targets::Target& target);

}  // namespace sepconv::schedules
