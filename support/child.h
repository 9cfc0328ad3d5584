// Support, private to process.cpp: one running child: its start, its pipes, its end.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "support/process.h"

namespace sepconv::support {

/// A started child. Plain data: it must reach finished() == true, which closes and reaps.
struct Child {
  pid_t pid = -1;
  size_t index = 0;  ///< of its command
  int out = -1, err = -1;
  ProcessLimits limits;
  std::chrono::steady_clock::time_point begin;
};

/// Forks and executes. On failure nothing runs and `outcome` says not_started and why.
[[nodiscard]] std::optional<Child> start(const Command& command, size_t index, Outcome& outcome);

/// Waits, at most 100 ms, until one of them wrote or may have ended.
void wait_for_any(const std::vector<Child>& children);

/// Reads what there is, enforces time and interruption; true once the child is dead, its group
/// killed and `outcome` complete.
[[nodiscard]] bool finished(Child& child, Outcome& outcome);

}  // namespace sepconv::support
