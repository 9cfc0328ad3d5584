// Schedules, database: the lock file of tuned schedules, one sorted line per layer, target and
// machine class; the only result of tuning that generate reads. Knows no search.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "schedules/db/record.h"
#include "schedules/space.h"
#include "spec/layer.h"
#include "support/error.h"
#include "targets/target.h"

namespace sepconv::db {

/// The accepted point of one layer on one target, also where the heuristic's stayed best. Times are
/// medians in microseconds, kept to the nanosecond.
struct Record {
  std::string layer;    ///< canonical name
  std::string target;   ///< canonical name
  std::string machine;  ///< class of the machine that was measured; see valid_machine
  schedules::Point point;
  double us = 0;
  double heuristic_us = 0;  ///< of the heuristic's point, interleaved with `us`; 0: not measured
  double noise = 0;         ///< noise floor of the confirmation, as in Trial
  int threads = 1;
  int64_t trials = 0;      ///< how many stand behind the choice
  bool predicted = false;  ///< from a model, not from a clock
  std::string halide;
  int space = 0;
  std::string provenance;  ///< trial_hash of the confirming trial, 16 hexadecimal digits

  bool operator==(const Record&) const = default;
};

/// One line without its newline; the last word is a checksum of the others.
[[nodiscard]] std::string to_line(const Record& record);
/// The inverse. Kind input, message = the reason.
[[nodiscard]] Result<Record> parse_record(std::string_view line);

/// Records sorted by layer, target, machine, no two with equal keys, and the file's comments.
struct Database {
  std::vector<Record> records;
  std::vector<std::string> comments;  ///< `#` lines after the first, as they stand, without newline
};

/// The text of the file: format line, comments, records.
[[nodiscard]] std::string to_text(const Database& database);
/// All errors at once, each with `path` and the line in `field`. Two records of one key are an
/// error, as are lines that are damaged or of another format.
[[nodiscard]] Result<Database> parse_database(std::string_view text, const std::string& path);
/// Likewise, but records of one key are joined as merge() does: for what a version control system
/// merged line by line.
[[nodiscard]] Result<Database> parse_unmerged(std::string_view text, const std::string& path);

/// Reads a file. Kind input when it is missing, a folder, too large or wrong.
[[nodiscard]] Result<Database> load(const std::filesystem::path& path);
/// Writes atomically. Kind environment.
[[nodiscard]] Result<void> save(const std::filesystem::path& path, const Database& database);
/// Replaces the records of equal keys and adds the others, under a lock, atomically; a missing file
/// is made. For tuners, which know that theirs is the better one; but what was measured is never
/// replaced by what is predicted.
[[nodiscard]] Result<void> update(const std::filesystem::path& path,
                                  const std::vector<Record>& records);

/// All records of exactly this layer and target, for every machine class, sorted by it.
[[nodiscard]] std::vector<Record> find(const Database& database, std::string_view layer,
                                       std::string_view target);
/// Likewise for one machine class: at most one.
[[nodiscard]] std::vector<Record> find(const Database& database, std::string_view layer,
                                       std::string_view target, std::string_view machine);

/// A record of a similar layer.
struct Neighbour {
  Record record;
  double distance = 0;  ///< sum over the extents of |log2(ratio)|, plus 0.5 for another core
};
/// Records of the same op, dtype, layout, kernel, stride and dilation on the same instruction set,
/// nearest first (then in the database's order), at most `limit`. Exact matches have distance 0.
[[nodiscard]] std::vector<Neighbour> nearest(const Database& database, const spec::Layer& layer,
                                             const targets::Target& target, size_t limit);

/// Two records of one key of which one had to go.
struct Conflict {
  Record kept, dropped;
  std::string reason;
};
struct Merged {
  Database database;
  std::vector<Conflict> conflicts;  ///< where the points differ
};
/// Joins databases. The order of the inputs does not matter: of equal keys stay the later space,
/// the later compiler, measured before predicted, fewer threads, the shorter time, more trials.
[[nodiscard]] Merged merge(const std::vector<Database>& inputs);

/// Why a record may not be used by this program; empty: it may. Another compiler or space, a point
/// outside the space, a layer or target that does not parse.
[[nodiscard]] std::string unusable(const Record& record);

struct Change {
  Record before, after;
};
struct Difference {
  std::vector<Record> added, removed;
  std::vector<Change> changed;  ///< equal keys, anything else different
};
[[nodiscard]] Difference diff(const Database& before, const Database& after);

}  // namespace sepconv::db
