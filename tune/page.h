// Tune: what a session found as one self-contained HTML page. Knows no file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tune/acceptance.h"
#include "tune/search.h"

namespace sepconv::tune {

/// One layer of a page.
struct PageRow {
  std::string layer, target;
  double heuristic_us = 0;
  const Search* search = nullptr;
  schedules::Space space;
  std::string chosen;  ///< the point that the database holds now
  std::optional<Verdict> verdict;
};

/// How much a knob matters: for each of its values the median of relative times.
struct Influence {
  std::string knob;
  struct Value {
    int64_t value = 0;
    size_t trials = 0;
    double median = 1, best = 1;
  };
  std::vector<Value> values;  ///< ascending, those that were tried with success
  double spread = 1;          ///< largest over smallest median, of values with at least two trials
};
/// Most influential first.
[[nodiscard]] std::vector<Influence> influences(const schedules::Space& space,
                                                const std::vector<Entry>& history);

/// For each layer the curve of the best so far, every trial as a dot, and each knob's influence.
/// Loads nothing; `command` made it.
[[nodiscard]] std::string page(const std::vector<PageRow>& rows, const std::string& command);

}  // namespace sepconv::tune
