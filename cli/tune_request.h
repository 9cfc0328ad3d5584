// Cli: the verb tune before its work: flags checked, files read, tasks planned. Knows no
// measurement.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/tune_judges.h"
#include "cli/tune_tasks.h"
#include "schedules/db/database.h"
#include "schedules/db/journal.h"
#include "tune/session.h"

namespace sepconv::cli {

/// What the verb works with.
struct TuneRequest {
  TuneFlags flags;
  std::optional<db::Journal> journal;  ///< none in a replay
  std::vector<db::Trial> trials;
  std::vector<PlannedTask> planned;
  Judges judges;
};

/// Checks all that can be wrong before anything is compiled. Kind usage for flags, input for files,
/// environment for a target that cannot run here and for a journal that cannot be written.
[[nodiscard]] Result<TuneRequest> read_request(TuneFlags flags);

[[nodiscard]] tune::SessionOptions session_options(const TuneFlags& flags);

/// Says on stderr how large the space is and what the budget allows.
void print_plan(const TuneRequest& request, const tune::SessionOptions& options);

}  // namespace sepconv::cli
