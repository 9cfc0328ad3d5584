// Tune: the searches of many layers under one budget: who gets the next trials, and when it is
// enough. Knows no compiler, no clock but the one it is given, and no file.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "tune/search.h"

namespace sepconv::tune {

/// When to stop; 0 means no limit.
struct Budget {
  double seconds = 0;    ///< of the whole session
  int64_t trials = 0;    ///< of each task
  int64_t patience = 0;  ///< trials of a task without a gain of half a percent
};

struct SessionOptions {
  Strategy strategy = Strategy::guided;
  Budget budget;
  uint64_t seed = 0;
  size_t batch = 4;  ///< trials proposed at once, so that they compile side by side
};

/// Tries proposals of a task, in order. Fewer results than proposals: the user wants to stop.
using Evaluate =
    std::function<std::vector<Result>(size_t task, const std::vector<Proposal>& proposals)>;

/// Says which proposals are evaluated after those at hand, so that they may be compiled meanwhile.
using Announce = std::function<void(size_t task, const std::vector<Proposal>& proposals)>;

/// What a session found out: one search per task.
struct Session {
  std::vector<std::unique_ptr<Search>> searches;
  bool interrupted = false;
};

/// Called after each batch.
using OnBatch = std::function<void(const Session& session, size_t task)>;

/// Runs until the budget is spent or nothing is left to try. `elapsed` gives seconds since the
/// session's begin. Trials go where weight times the gain that the last ones promise is largest;
/// every task gets a batch first. A batch is proposed and announced before the one ahead of it is
/// evaluated, on every machine, so that the order depends on seed and results alone. The tasks must
/// outlive the session.
[[nodiscard]] Session run(const std::vector<Task>& tasks, const SessionOptions& options,
                          const Evaluate& evaluate, const std::function<double()>& elapsed,
                          const OnBatch& on_batch = {}, const Announce& announce = {});

}  // namespace sepconv::tune
