// Cli: the verb tune at work: a session on real kernels or on a journal, and its winners' records.
// Knows no flag's spelling and no output format.
#pragma once

#include <vector>

#include "cli/tune_report.h"
#include "cli/tune_request.h"
#include "tune/session.h"

namespace sepconv::cli {

/// What became of a session.
struct TuneOutcome {
  std::vector<tune::Task> tasks;  ///< of the session
  tune::Session session;
  std::vector<TuneRow> rows;  ///< one per planned task, pointing into session and request
  Errors errors;
  bool interrupted = false;
  int64_t made = 0, replayed = 0;  ///< trials
};

/// One row per planned task, before anything is measured. The rows point into the request.
[[nodiscard]] std::vector<TuneRow> planned_rows(const TuneRequest& request);

/// Measures, confirms and updates the database. The request must outlive the outcome.
[[nodiscard]] TuneOutcome tune_kernels(const TuneRequest& request,
                                       const tune::SessionOptions& options);

/// The same search on recorded trials; measures and writes nothing.
[[nodiscard]] TuneOutcome replay(const TuneRequest& request, const tune::SessionOptions& options);

}  // namespace sepconv::cli
