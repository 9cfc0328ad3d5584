// Tune: the searches of many layers under one budget: who gets the next trials, and when it is
// enough. Knows no compiler, no clock but the one it is given, and no file.
#include "tune/session.h"

#include <algorithm>
#include <optional>

#include "schedules/db/database.h"

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

/// Proposals that wait for their evaluation.
struct Batch {
  size_t task = 0;
  std::vector<Proposal> proposals;
};

/// A session under way.
struct Runner {
  const std::vector<Task>& tasks;
  const SessionOptions& options;
  Session session;
  std::vector<bool> exhausted;
  std::vector<size_t> proposed;  ///< of each task

  [[nodiscard]] bool is_done(size_t task) const {
    const Search& search = *session.searches[task];
    const auto trials = static_cast<int64_t>(search.history().size());
    const Budget& budget = options.budget;
    return exhausted[task] ||
           (budget.trials > 0 && static_cast<int64_t>(proposed[task]) >= budget.trials) ||
           (budget.patience > 0 && trials >= budget.patience &&
            fruitless(search) >= budget.patience);
  }

  [[nodiscard]] std::optional<size_t> next() const {
    std::optional<size_t> best;
    double highest = 0;
    bool best_is_fresh = false;
    for (size_t i = 0; i < tasks.size(); ++i) {
      if (is_done(i)) continue;
      const bool fresh = proposed[i] == 0;
      const double priority = tasks[i].weight * promise(*session.searches[i]);
      if (best && (best_is_fresh > fresh || (best_is_fresh == fresh && priority <= highest))) {
        continue;
      }
      best = i;
      highest = priority;
      best_is_fresh = fresh;
    }
    return best;
  }

  [[nodiscard]] size_t batch_size(size_t task) const {
    if (options.budget.trials == 0) return options.batch;
    return std::min(options.batch, static_cast<size_t>(options.budget.trials) - proposed[task]);
  }

  /// The best points so far of the layers most like a task's, nearest first.
  [[nodiscard]] std::vector<Point> similar(size_t task) const {
    constexpr size_t kSimilar = 3;
    db::Database bests;
    for (size_t i = 0; i < tasks.size(); ++i) {
      const auto best = session.searches[i]->best();
      if (i == task || !best) continue;
      db::Record record;
      record.layer = tasks[i].layer.name;
      record.target = tasks[i].target.name;
      record.point = session.searches[i]->history()[*best].proposal.point;
      bests.records.push_back(std::move(record));
    }
    std::vector<Point> points;
    for (const auto& near : db::nearest(bests, tasks[task].layer, tasks[task].target, kSimilar)) {
      points.push_back(near.record.point);
    }
    return points;
  }

  /// The next batch; one without proposals when nothing is left to try.
  [[nodiscard]] Batch propose() {
    while (const auto task = next()) {
      Batch batch{*task, session.searches[*task]->propose(batch_size(*task), similar(*task))};
      proposed[*task] += batch.proposals.size();
      if (!batch.proposals.empty()) return batch;
      exhausted[*task] = true;
    }
    return {};
  }
};

}  // namespace

Session run(const std::vector<Task>& tasks, const SessionOptions& options, const Evaluate& evaluate,
            const std::function<double()>& elapsed, const OnBatch& on_batch,
            const Announce& announce) {
  Runner runner{tasks,
                options,
                {},
                std::vector<bool>(tasks.size(), false),
                std::vector<size_t>(tasks.size(), 0)};
  for (size_t i = 0; i < tasks.size(); ++i) {
    runner.session.searches.push_back(
        std::make_unique<Search>(tasks[i], options.strategy, options.seed + i));
  }
  const auto prepare = [&] {
    Batch batch = runner.propose();
    if (announce && !batch.proposals.empty()) announce(batch.task, batch.proposals);
    return batch;
  };
  Batch batch = prepare();
  while (!batch.proposals.empty() &&
         (options.budget.seconds <= 0 || elapsed() < options.budget.seconds)) {
    Batch after = prepare();
    const auto results = evaluate(batch.task, batch.proposals);
    Search& search = *runner.session.searches[batch.task];
    for (size_t i = 0; i < results.size(); ++i) search.tell(batch.proposals[i], results[i]);
    if (on_batch) on_batch(runner.session, batch.task);
    if (results.size() < batch.proposals.size()) {
      runner.session.interrupted = true;
      break;
    }
    // What the results say may be more to try.
    batch = after.proposals.empty() ? prepare() : std::move(after);
  }
  return std::move(runner.session);
}

}  // namespace sepconv::tune
