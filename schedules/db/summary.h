// Schedules, database: what a journal's trials say so far, before any winner is confirmed. Knows no
// file.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "schedules/db/database.h"
#include "schedules/db/record.h"

namespace sepconv::db {

/// The trials of one layer, target, machine class, thread count and versions.
struct Summary {
  std::string layer, target, machine;
  int threads = 1;
  Versions versions;
  int64_t trials = 0;
  std::array<int64_t, kOutcomeCount> outcomes{};  ///< indexed by TrialOutcome
  /// Points that ran, fastest first, with the median of all their samples as `us`. Nothing says
  /// that their order is beyond the noise.
  std::vector<Record> ranking;
};

/// Sorted by layer, target, machine, threads, versions.
[[nodiscard]] std::vector<Summary> summarise(const std::vector<Trial>& trials);

}  // namespace sepconv::db
