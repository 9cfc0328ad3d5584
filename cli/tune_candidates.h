// Cli: the kernels of a tuning session: compiled when they are asked for or ahead of it, and those
// kept that are timed again. Knows no measurement and no journal.
#pragma once

#include <list>
#include <map>
#include <utility>
#include <vector>

#include "cli/tune_compile.h"
#include "tune/search.h"

namespace sepconv::cli {

/// Candidates by task and point. A class because kept ones and compilations under way live as long
/// as the session.
class Candidates {
 public:
  explicit Candidates(emit::CompileOptions options) : options_(std::move(options)) {}

  /// Starts to compile points, in a process of its own with so many workers.
  void announce(size_t task, const tune::Task& about, std::vector<schedules::Point> points,
                int workers);
  /// One Result a point, in order, of an announcement of just these points where there was one;
  /// fewer when the user interrupts.
  [[nodiscard]] std::vector<Result<Candidate>> compile(size_t task, const tune::Task& about,
                                                       const std::vector<schedules::Point>& points);
  /// The same, kept for the next call; all of them, or the errors of the first that fails. No
  /// errors: the user interrupts.
  [[nodiscard]] Result<std::vector<Candidate>> keep(size_t task, const tune::Task& about,
                                                    const std::vector<schedules::Point>& points);

 private:
  struct Announced {
    size_t task = 0;
    std::vector<schedules::Point> points;
    CandidatesAhead compiling;
  };
  emit::CompileOptions options_;
  std::map<std::pair<size_t, schedules::Point>, Candidate> kept_;
  std::list<Announced> announced_;  ///< in the order of evaluation
};

}  // namespace sepconv::cli
