// Support: child processes with limits, one or many at once. Knows nothing of what they compute.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "support/error.h"

namespace sepconv::support {

/// What a child may use; 0 means unlimited.
struct ProcessLimits {
  double seconds = 0;        ///< wall time; then the whole process group is killed
  int64_t memory_bytes = 0;  ///< address space of each process (RLIMIT_AS)
  int64_t file_bytes = 0;    ///< of any one file it writes (RLIMIT_FSIZE)
  int64_t output_bytes =
      1 << 20;  ///< kept of stdout and of stderr each; the rest is read and dropped
};

/// A program call. Never through a shell.
struct Command {
  std::vector<std::string> argv;  ///< argv[0] is searched on PATH when it has no slash
  std::filesystem::path folder;   ///< working folder; empty: the caller's
  std::map<std::string, std::string> environment;  ///< on top of the caller's
  std::string input;                               ///< its stdin, at most 64 KiB
  ProcessLimits limits;
};

/// How a child ended and what it said.
struct Outcome {
  enum class End {
    exited,       ///< by itself; `code` is its exit status
    signalled,    ///< by signal `code`
    timed_out,    ///< killed at limits.seconds
    interrupted,  ///< killed, or never started, because interrupted() became true
    not_started,  ///< the program is missing or refused; `message` says why
  };
  End end = End::not_started;
  int code = 0;
  std::string out, err;    ///< captured stdout and stderr
  bool truncated = false;  ///< one of them was longer than limits.output_bytes
  std::string message;     ///< for not_started
  double seconds = 0;      ///< wall time

  [[nodiscard]] bool ok() const { return end == End::exited && code == 0; }
};

/// Runs one child and waits. It gets a process group of its own, which is killed when the child
/// ends or exceeds a limit, and dies with this process. No core files.
[[nodiscard]] Outcome run(const Command& command);

/// Runs all, at most `jobs` at once (0: the number of cores); outcomes in the order of the
/// commands. `on_end` is called on the caller's thread after each end, in order of ending. When
/// interrupted() becomes true, running children are killed and the others are not started.
std::vector<Outcome> run_all(const std::vector<Command>& commands, int jobs,
                             const std::function<void(size_t index, const Outcome&)>& on_end = {});

/// "ended with exit code 3", "was killed by signal 11 (Segmentation fault)", "ran longer than 300
/// s".
[[nodiscard]] std::string describe(const Outcome& outcome, const ProcessLimits& limits);

/// The first of `names` that is an executable file on PATH, as a path; empty when there is none.
[[nodiscard]] std::filesystem::path find_program(const std::vector<std::string>& names);

/// The path of this process's own executable.
[[nodiscard]] std::filesystem::path own_executable();

/// Cores this process may use, at least 1.
[[nodiscard]] int core_count();

}  // namespace sepconv::support
