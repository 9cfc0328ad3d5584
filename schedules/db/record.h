// Schedules, database: one trial of the tuner as a value and as a line of text. Knows no search and
// no file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "support/error.h"

namespace sepconv::db {

/// How a trial ended. Only `ok` has samples that say how fast the point is.
enum class TrialOutcome {
  ok,
  compile_failed,       ///< the compiler refused the point
  compile_timeout,      ///< it exceeded its time limit
  crash,                ///< the kernel died of a signal other than those below
  hang,                 ///< it exceeded its time limit
  out_of_memory,        ///< compiler or kernel exceeded its memory limit
  illegal_instruction,  ///< the kernel holds code that the machine does not execute
  wrong_result,         ///< it differs from the reference, or wrote where it must not
  unstable,             ///< two runs on the same data differ
  no_result,            ///< the worker ended well and said nothing
  output_flood,         ///< the worker wrote more than its limit
};
inline constexpr size_t kOutcomeCount = static_cast<size_t>(TrialOutcome::output_flood) + 1;
[[nodiscard]] const char* word(TrialOutcome outcome);
[[nodiscard]] bool parse_outcome(std::string_view word, TrialOutcome& outcome);

/// What decides whether a point still means the same code.
struct Versions {
  std::string tool;    ///< sepconv's, e.g. "0.1.0"; for information
  std::string halide;  ///< the compiler's, e.g. "21.0.0"
  int space = 0;       ///< schedules::Space::version of the layer and target

  bool operator==(const Versions&) const = default;
};
/// Of this program, with the given version of the space.
[[nodiscard]] Versions current_versions(int space);

/// Layout of a journal's line; a reader refuses a larger one.
inline constexpr int kJournalSchema = 1;

/// One trial. Times in microseconds for one call with the layer's own batch.
struct Trial {
  std::string layer;    ///< canonical name
  std::string target;   ///< canonical name, never "native"
  std::string machine;  ///< class of the machine that ran it; see valid_machine
  int threads = 1;
  std::string point;  ///< as schedules::to_string writes it; empty where the space has no knobs
  TrialOutcome outcome = TrialOutcome::no_result;
  std::string detail;              ///< what a failure said, one line
  std::vector<double> samples_us;  ///< raw, in the order taken; empty unless ok
  /// Where the trial confirms a winner: the incumbent's point and its samples, interleaved with
  /// `samples_us`; else both are empty.
  std::string incumbent;
  std::vector<double> incumbent_us;
  bool predicted = false;  ///< times come from a model of the machine, not from a clock
  double noise = 0;        ///< noise floor: half the width of A/A ratios around 1, e.g. 0.01
  uint64_t seed = 0;       ///< of the search
  int64_t number = 0;      ///< of the trial in its search, from 0
  std::string origin;      ///< who proposed the point: "heuristic", "nearest", "random", ..
  double seconds = 0;      ///< wall time that the trial took, compilation included
  Versions versions;
  std::string time;  ///< UTC, "2026-01-31T23:59:59Z"

  bool operator==(const Trial&) const = default;
};

/// A word [a-z0-9][a-z0-9._-]*, at most 64 characters, such as "zen4" or "skylake-x-2c".
[[nodiscard]] bool valid_machine(std::string_view word);

/// The trial as one line of JSON without the newline; its last field, "sum", is the checksum.
[[nodiscard]] std::string to_line(const Trial& trial);
/// The inverse. Kind input, message = the reason, when the checksum or a field is wrong.
[[nodiscard]] Result<Trial> parse_trial(std::string_view line);
/// The schema that an intact line declares, 0 when the line is not intact.
[[nodiscard]] int line_schema(std::string_view line);

/// 16 hexadecimal digits that name the trial: the checksum of its line.
[[nodiscard]] std::string trial_hash(const Trial& trial);

/// Median; 0 of nothing.
[[nodiscard]] double median(std::vector<double> samples);

}  // namespace sepconv::db
