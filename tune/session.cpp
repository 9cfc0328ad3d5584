// Tune: the searches of many layers under one budget: who gets the next trials, and when it is
// enough. Knows no compiler, no clock but the one it is given, and no file.
#include "tune/session.h"

#include <algorithm>
#include <optional>

namespace sepconv::tune {
namespace {

constexpr double kGain = 0.005;     ///< relative; less than that is no progress
constexpr size_t kRecent = 12;      ///< trials whose gain says what the next ones may bring
constexpr double kOptimism = 0.25;  ///< gain that a task without history is thought to have

/// Trials since the last gain.
int64_t fruitless(const Search& search) {
  const size_t count = search.history().size();
  const double best = search.best_of_first(count);
  for (size_t i = count; i > 0; --i) {
    if (search.best_of_first(i - 1) > best * (1 + kGain)) {
      return static_cast<int64_t>(count - i);
    }
  }
  return static_cast<int64_t>(count);
}

/// Share of the baseline's time that the next trial may win.
double promise(const Search& search) {
  const size_t count = search.history().size();
  const auto trials = static_cast<double>(count);
  const double unknown = kOptimism / ((trials + 4) * (trials + 4));
  if (count < kRecent) return std::max(unknown, kOptimism / 100);
  const double gained = search.best_of_first(count - kRecent) - search.best_of_first(count);
  return std::max(gained / static_cast<double>(kRecent), unknown);
}

/// A session under way.
struct Runner {
  const std::vector<Task>& tasks;
  const SessionOptions& options;
  Session session;
  std::vector<bool> exhausted;

  [[nodiscard]] bool is_done(size_t task) const {
    const Search& search = *session.searches[task];
    const auto trials = static_cast<int64_t>(search.history().size());
    const Budget& budget = options.budget;
    return exhausted[task] || (budget.trials > 0 && trials >= budget.trials) ||
           (budget.patience > 0 && trials >= budget.patience &&
            fruitless(search) >= budget.patience);
  }

  [[nodiscard]] std::optional<size_t> next() const {
    std::optional<size_t> best;
    double highest = 0;
    bool best_is_fresh = false;
    for (size_t i = 0; i < tasks.size(); ++i) {
      if (is_done(i)) continue;
      const Search& search = *session.searches[i];
      const bool fresh = search.history().empty();
      const double priority = tasks[i].weight * promise(search);
      if (best && (best_is_fresh > fresh || (best_is_fresh == fresh && priority <= highest))) {
        continue;
      }
      best = i;
      highest = priority;
      best_is_fresh = fresh;
    }
    return best;
  }

  [[nodiscard]] size_t batch(size_t task) const {
    if (options.budget.trials == 0) return options.batch;
    const auto done = session.searches[task]->history().size();
    return std::min(options.batch, static_cast<size_t>(options.budget.trials) - done);
  }
};

}  // namespace

Session run(const std::vector<Task>& tasks, const SessionOptions& options, const Evaluate& evaluate,
            const std::function<double()>& elapsed, const OnBatch& on_batch) {
  Runner runner{tasks, options, {}, std::vector<bool>(tasks.size(), false)};
  for (size_t i = 0; i < tasks.size(); ++i) {
    runner.session.searches.push_back(
        std::make_unique<Search>(tasks[i], options.strategy, options.seed + i));
  }
  while (options.budget.seconds <= 0 || elapsed() < options.budget.seconds) {
    const auto task = runner.next();
    if (!task) break;
    Search& search = *runner.session.searches[*task];
    const auto proposals = search.propose(runner.batch(*task));
    if (proposals.empty()) {
      runner.exhausted[*task] = true;
      continue;
    }
    const auto results = evaluate(*task, proposals);
    for (size_t i = 0; i < results.size(); ++i) search.tell(proposals[i], results[i]);
    if (on_batch) on_batch(runner.session, *task);
    if (results.size() < proposals.size()) {
      runner.session.interrupted = true;
      break;
    }
  }
  return std::move(runner.session);
}

}  // namespace sepconv::tune
