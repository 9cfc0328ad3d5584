// Measure: runs a check in a child process, so that a crash or a hang is a result. Knows no kernel.
#pragma once

#include <functional>
#include <string>

namespace sepconv::measure {

enum class Status { passed, failed, mistrusted, skipped };
[[nodiscard]] const char* word(Status status);

/// How the process of a check ended.
enum class End {
  returned,       ///< the check came to an end
  threw,          ///< an exception
  out_of_memory,  ///< an allocation was refused, or the system killed it
  crashed,        ///< by a signal
  timed_out,
  silent,   ///< the process exited without a result
  not_run,  ///< interrupted, or refused by the system
};

/// What a check found.
struct Outcome {
  Status status = Status::passed;
  double max_error = 0;  ///< at the output that comes nearest to its bound, or exceeds it most
  double bound = 0;      ///< of that output; 0 where the result must be exact
  std::string reason;    ///< empty when passed
  End end = End::returned;
  int signal = 0;  ///< of a crash
};

/// Says what the check is doing now; a crash is reported with it. At most 200 characters count.
void note(const std::string& activity);

/// Forks, runs the check in the child and waits at most `seconds` of wall time. Signals, faults in
/// guarded buffers (with the buffer's name), timeouts and silent ends are failed outcomes with the
/// reason. Skipped when the user interrupts or the system refuses a process.
[[nodiscard]] Outcome isolated(double seconds, const std::function<Outcome()>& check);

}  // namespace sepconv::measure
