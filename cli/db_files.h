// Cli: the tuner's files as the verb db sees them: databases and journals, filtered, as JSON and
// CSV. Knows no verb.
#pragma once

#include <string>
#include <vector>

#include "cli/options.h"
#include "cli/output.h"
#include "schedules/db/database.h"
#include "schedules/db/journal.h"
#include "schedules/db/summary.h"

namespace sepconv::cli {

/// One file; of a journal `journal` is filled, else `database`.
struct TunerFile {
  std::string path;
  bool is_journal = false;
  db::Database database;
  db::JournalContent journal;
};

/// Which records and trials a command is about; what is empty selects everything.
struct Filter {
  std::vector<std::string> layers;   ///< canonical names
  std::vector<std::string> targets;  ///< canonical names
  std::string machine;
};
/// From names or --layers (both may be missing), --target and --machine.
[[nodiscard]] Result<Filter> read_filter(const Options& options);
[[nodiscard]] bool selects(const Filter& filter, const std::string& layer,
                           const std::string& target, const std::string& machine);

/// Reads a database or a journal, whichever it is. With `unmerged` a database may hold conflict
/// markers and several records of one key. Kind input.
[[nodiscard]] Result<TunerFile> read_tuner_file(const std::string& path, bool unmerged = false);
/// Removes what the filter does not select.
void apply(const Filter& filter, TunerFile& file);
/// The records of a database; of a journal the fastest point of each summary.
[[nodiscard]] std::vector<db::Record> records(const TunerFile& file);

[[nodiscard]] Json record_json(const db::Record& record);
[[nodiscard]] Json trial_json(const db::Trial& trial);
/// Lines that are no trials: [{"line","offset","reason"}].
[[nodiscard]] Json lines_json(const std::vector<db::JournalLine>& lines);
/// Says on stderr which lines of a journal were passed over.
void warn_of_damage(const TunerFile& file);

/// "45.21 us, 1.06 times as fast as the heuristic's point".
[[nodiscard]] std::string figures_text(const db::Record& record);

/// With a heading line; fields with commas or quotes are quoted.
[[nodiscard]] std::string csv(const TunerFile& file);

}  // namespace sepconv::cli
