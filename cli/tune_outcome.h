// Cli: what became of a candidate, from the words of emit and measure to those of the journal.
// Knows no search.
#pragma once

#include <optional>
#include <string>

#include "measure/trial.h"
#include "schedules/db/record.h"
#include "support/error.h"

namespace sepconv::cli {

/// Of a trial that ran; none where the user or the system kept it from running.
[[nodiscard]] std::optional<db::TrialOutcome> outcome_of(const measure::TrialResult& result);

/// Of a candidate that did not compile.
[[nodiscard]] db::TrialOutcome outcome_of(const Errors& errors);

/// A text as a journal's detail: one line, at most 300 characters.
[[nodiscard]] std::string one_line(const std::string& text);

}  // namespace sepconv::cli
