// Tune: recorded trials as answers to proposals, for resuming and for replays. Knows no file.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "schedules/db/record.h"
#include "tune/search.h"

namespace sepconv::tune {

/// What a trial must have been made under to count for a task.
struct Conditions {
  std::string layer, target, machine;  ///< an empty machine: any
  int threads = 1;
  db::Versions versions;   ///< the tool's own is not compared
  std::string baseline;    ///< the point that trials were timed beside; empty: any
  bool predicted = false;  ///< by a model instead of a clock
};

/// Points and what became of them, in the order of the journal.
using Recorded = std::map<std::string, db::Trial>;

/// The trials that count. Of several with one point the first; confirmations are none of them.
[[nodiscard]] Recorded recorded(const std::vector<db::Trial>& trials, const Conditions& conditions);

/// Its time over the baseline's, of the lower quartiles of samples taken in turn (of few, the
/// minima); outcome and 0 where it failed.
[[nodiscard]] Result result_of(const db::Trial& trial);

inline constexpr const char* kConfirmation = "confirmation";  ///< origin of confirming trials

}  // namespace sepconv::tune
