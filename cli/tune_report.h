// Cli: what the verb tune says at the end: JSON, words, a page. Knows no measurement.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/output.h"
#include "cli/tune_confirm.h"
#include "tune/domain.h"
#include "tune/search.h"

namespace sepconv::cli {

/// One layer on one target, as the verb reports it.
struct TuneRow {
  const tune::Task* task = nullptr;
  std::vector<std::string> files;  ///< as typed; empty for a canonical name
  std::string layer;               ///< its first name in the files
  int64_t count = 1;               ///< of all layers with this canonical name
  tune::Size size;
  const tune::Search* search = nullptr;
  double heuristic_us = 0;  ///< alone, before the search
  Decision decision;
  std::string reason;     ///< why it was not tuned; empty: it was
  double best_known = 0;  ///< smallest relative time in a replayed journal; 0: no replay
};

/// Failures by kind, those that happened.
[[nodiscard]] Json failures_json(const tune::Search& search);
/// "crash 2, hang 1"; empty without failures.
[[nodiscard]] std::string failures_text(const std::vector<const tune::Search*>& searches);

[[nodiscard]] Json to_json(const TuneRow& row);
/// A line for each row.
void print(const std::vector<TuneRow>& rows);

[[nodiscard]] std::string tune_page(const std::vector<TuneRow>& rows, const std::string& command);

}  // namespace sepconv::cli
