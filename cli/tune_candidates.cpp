// Cli: the kernels of a tuning session: compiled when they are asked for or ahead of it, and those
// kept that are timed again. Knows no measurement and no journal.
#include "cli/tune_candidates.h"

#include <algorithm>

#include "support/interrupt.h"

namespace sepconv::cli {

void Candidates::announce(size_t task, const tune::Task& about,
                          std::vector<schedules::Point> points, int workers) {
  emit::CompileOptions options = options_;
  if (options.jobs == 0) options.jobs = workers;
  auto compiling = CandidatesAhead::start(about.layer, about.target, points, options);
  if (compiling) announced_.push_back({task, std::move(points), std::move(*compiling)});
}

std::vector<Result<Candidate>> Candidates::compile(size_t task, const tune::Task& about,
                                                   const std::vector<schedules::Point>& points) {
  if (points.empty()) return {};
  const auto announced = std::find_if(announced_.begin(), announced_.end(), [&](const auto& one) {
    return one.task == task && one.points == points;
  });
  std::vector<Result<Candidate>> candidates;
  if (announced != announced_.end()) {
    candidates = announced->compiling.take();
    announced_.erase(announced);
  }
  if (!candidates.empty() || support::interrupted()) return candidates;
  return compile_candidates(about.layer, about.target, points, options_);
}

Result<std::vector<Candidate>> Candidates::keep(size_t task, const tune::Task& about,
                                                const std::vector<schedules::Point>& points) {
  std::vector<schedules::Point> missing;
  for (const schedules::Point& point : points) {
    if (!kept_.contains({task, point})) missing.push_back(point);
  }
  const auto made = compile(task, about, missing);
  if (made.size() < missing.size()) return fail(Errors{});
  for (size_t i = 0; i < made.size(); ++i) {
    if (!made[i]) return fail(made[i].error());
    kept_.emplace(std::make_pair(task, missing[i]), *made[i]);
  }
  std::vector<Candidate> candidates;
  for (const schedules::Point& point : points) candidates.push_back(kept_.at({task, point}));
  return candidates;
}

}  // namespace sepconv::cli
