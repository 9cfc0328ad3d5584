// Cli: from the trials of a layer to the record of its database: finalists measured again, the
// winner judged. Knows no search strategy.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/tune_trials.h"
#include "schedules/db/database.h"
#include "tune/acceptance.h"
#include "tune/search.h"

namespace sepconv::cli {

/// What is known of a layer at the end.
struct Decision {
  std::optional<db::Record> record;      ///< none: interrupted, or nothing could be measured
  std::optional<tune::Verdict> verdict;  ///< none where no other point came near the incumbent
  schedules::Point winner;               ///< of the finalists; empty without any
  bool accepted = false;                 ///< the winner replaces the incumbent
};

/// Measures the five fastest points again beside the incumbent, then the fastest of them in several
/// fresh processes; it replaces the incumbent only beyond the noise. Writes a confirming trial.
/// `before` is the usable record that the database has, if any: its point is the incumbent, else
/// the heuristic's is.
[[nodiscard]] Decision decide(Trials& trials, size_t task, const tune::Search& search,
                              const std::optional<db::Record>& before);

}  // namespace sepconv::cli
