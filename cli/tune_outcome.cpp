// Cli: what became of a candidate, from the words of emit and measure to those of the journal.
// Knows no search.
#include "cli/tune_outcome.h"

#include <algorithm>
#include <csignal>

#include "emit/limits.h"

namespace sepconv::cli {
namespace {

using db::TrialOutcome;

TrialOutcome of_signal(int signal) {
  switch (signal) {
    case SIGILL:
      return TrialOutcome::illegal_instruction;
    case SIGXFSZ:
      return TrialOutcome::output_flood;
    case SIGXCPU:
      return TrialOutcome::hang;
    default:
      return TrialOutcome::crash;
  }
}

std::optional<TrialOutcome> of_end(const measure::Outcome& outcome) {
  switch (outcome.end) {
    case measure::End::threw:
      return TrialOutcome::crash;
    case measure::End::out_of_memory:
      return TrialOutcome::out_of_memory;
    case measure::End::crashed:
      return of_signal(outcome.signal);
    case measure::End::timed_out:
      return TrialOutcome::hang;
    case measure::End::silent:
    case measure::End::returned:
      return TrialOutcome::no_result;
    case measure::End::not_run:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::optional<TrialOutcome> outcome_of(const measure::TrialResult& result) {
  switch (result.verdict) {
    case measure::Verdict::ok:
      return TrialOutcome::ok;
    case measure::Verdict::differs:
      return TrialOutcome::unstable;
    case measure::Verdict::wrong:
      return TrialOutcome::wrong_result;
    case measure::Verdict::unusable:
      return TrialOutcome::no_result;
    case measure::Verdict::died:
      return of_end(result.outcome);
  }
  return std::nullopt;
}

db::TrialOutcome outcome_of(const Errors& errors) {
  for (const Error& error : errors) {
    if (error.field == emit::kTimeLimit) return TrialOutcome::compile_timeout;
    if (error.field == emit::kMemoryLimit) return TrialOutcome::out_of_memory;
  }
  return TrialOutcome::compile_failed;
}

std::string one_line(const std::string& text) {
  std::string line = text.substr(0, 300);
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c > 0x7e; }, ' ');
  return line;
}

}  // namespace sepconv::cli
