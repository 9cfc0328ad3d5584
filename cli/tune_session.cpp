// Cli: the verb tune at work: a session on real kernels or on a journal, and its winners' records.
// Knows no flag's spelling and no output format.
#include "cli/tune_session.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <numeric>
#include <utility>

#include "cli/progress.h"
#include "cli/tune_folder.h"
#include "support/interrupt.h"

namespace sepconv::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kCompileSeconds = 20;  ///< most kernels take one; a slow one holds up its batch
constexpr double kLastSeconds = 15;     ///< that confirmations may take after an interruption

/// Says how far a session is.
struct Teller {
  const TuneRequest& request;
  const tune::SessionOptions& options;
  const std::vector<size_t>& places;  ///< of the session's tasks among the planned ones
  Progress progress{"tune"};
  Clock::time_point begin = Clock::now();

  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(Clock::now() - begin).count();
  }

  void say(const tune::Session& session, size_t task) {
    std::vector<const tune::Search*> searches;
    for (const auto& search : session.searches) searches.push_back(search.get());
    const size_t trials = std::accumulate(
        searches.begin(), searches.end(), size_t{0},
        [](size_t sum, const tune::Search* search) { return sum + search->history().size(); });
    const tune::Search& search = *session.searches[task];
    const double elapsed = seconds();
    std::string text = fmt::format(
        "best {:.3f} {}, {:.1f}/s", search.best_of_first(search.history().size()),
        request.planned[places[task]].layer, static_cast<double>(trials) / std::max(elapsed, 1e-3));
    const std::string failures = failures_text(searches);
    if (!failures.empty()) text += ", failed: " + failures;
    if (options.budget.seconds > 0) {
      text += fmt::format(", {:.0f} s left", std::max(0.0, options.budget.seconds - elapsed));
    }
    const size_t wanted = static_cast<size_t>(options.budget.trials) * searches.size();
    progress.step(trials, std::max(wanted, trials), text);
  }
};

std::vector<Bench> benches(const TuneRequest& request) {
  std::vector<Bench> all;
  for (const PlannedTask& planned : request.planned) {
    all.push_back({&planned.task, planned.heuristic, planned.known, 0, planned.versions});
  }
  return all;
}

/// What a layer may still gain: its time times the share that its best point wins.
double gain(const TuneRow& row) {
  if (row.search == nullptr) return 0;
  const double best = row.search->best_of_first(row.search->history().size());
  return static_cast<double>(row.count) * row.heuristic_us * (1 - best);
}

/// Nothing was tried that the database's record does not know of.
bool is_settled(const PlannedTask& planned, const TuneRow& row, const Trials& trials) {
  return trials.made() == 0 && planned.before &&
         planned.before->trials == static_cast<int64_t>(row.search->history().size());
}

/// Confirms winners, where most is to be gained first; after an interruption for a short time only.
void confirm_all(const TuneRequest& request, Trials& trials, Teller& teller, TuneOutcome& outcome) {
  if (outcome.interrupted) support::clear_interrupt();  // a second one ends the process
  std::vector<size_t> order(outcome.rows.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return gain(outcome.rows[a]) > gain(outcome.rows[b]);
  });
  const double begin = teller.seconds();
  size_t done = 0;
  for (const size_t i : order) {
    TuneRow& row = outcome.rows[i];
    ++done;
    if (row.search == nullptr || is_settled(request.planned[i], row, trials)) continue;
    if (outcome.interrupted &&
        (teller.seconds() - begin > kLastSeconds || row.search->history().empty())) {
      continue;
    }
    teller.progress.step(done, order.size(), "confirming " + row.layer);
    row.decision = decide(trials, i, *row.search, request.planned[i].before);
  }
  if (outcome.interrupted) support::interrupt();
}

Errors update_database(const TuneRequest& request, const TuneOutcome& outcome) {
  std::vector<db::Record> records;
  for (const TuneRow& row : outcome.rows) {
    if (row.decision.record) records.push_back(*row.decision.record);
  }
  if (records.empty()) return {};
  const auto updated = db::update(request.flags.db, records);
  return updated ? Errors{} : updated.error();
}

/// Tasks whose baseline works, and where they are among the planned ones.
std::vector<tune::Task> working_tasks(const TuneRequest& request, const Trials& trials,
                                      std::vector<size_t>& places) {
  std::vector<tune::Task> tasks;
  for (size_t i = 0; i < request.planned.size(); ++i) {
    const double us = trials.bench(i).baseline_us;
    if (us <= 0) continue;
    tasks.push_back(request.planned[i].task);
    tasks.back().weight = us * static_cast<double>(request.planned[i].count);
    places.push_back(i);
  }
  return tasks;
}

/// Searches to their rows; rows without one say why.
void attach(TuneOutcome& outcome, const std::vector<size_t>& places, const char* otherwise) {
  for (TuneRow& row : outcome.rows) row.reason = otherwise;
  for (size_t i = 0; i < places.size(); ++i) {
    outcome.rows[places[i]].search = outcome.session.searches[i].get();
    outcome.rows[places[i]].reason.clear();
  }
}

void append(Errors& to, const Errors& from) { to.insert(to.end(), from.begin(), from.end()); }

emit::CompileOptions compile_into(const TuneFlags& flags, const TuneFolder& folder) {
  emit::CompileOptions compile = compile_options(flags);
  compile.cache.use = true;
  compile.cache.directory = folder.path() / "cache";
  compile.limits.seconds = kCompileSeconds;
  return flags.predicted ? with_assembly(std::move(compile)) : compile;
}

}  // namespace

std::vector<TuneRow> planned_rows(const TuneRequest& request) {
  std::vector<TuneRow> all;
  for (const PlannedTask& planned : request.planned) {
    TuneRow row;
    row.task = &planned.task;
    row.layer = planned.layer;
    row.count = planned.count;
    row.size = planned.size;
    all.push_back(std::move(row));
  }
  return all;
}

TuneOutcome tune_kernels(const TuneRequest& request, const tune::SessionOptions& options) {
  TuneOutcome outcome;
  outcome.rows = planned_rows(request);
  auto folder = TuneFolder::make();
  if (!folder) {
    outcome.errors = folder.error();
    return outcome;
  }
  const TuneFlags& flags = request.flags;
  Trials trials(
      {flags.threads, flags.machine, flags.seed, compile_into(flags, *folder), request.judges},
      benches(request), *request.journal);
  append(outcome.errors, trials.begin());
  std::vector<size_t> places;
  outcome.tasks = working_tasks(request, trials, places);
  Teller teller{request, options, places};
  const auto evaluate = [&](size_t task, const std::vector<tune::Proposal>& proposals) {
    return trials.evaluate(places[task], proposals);
  };
  outcome.session = tune::run(
      outcome.tasks, options, evaluate, [&] { return teller.seconds(); },
      [&](const tune::Session& session, size_t task) { teller.say(session, task); },
      [&](size_t task, const std::vector<tune::Proposal>& proposals) {
        trials.announce(places[task], proposals);
      });
  attach(outcome, places, "its heuristic's kernel could not be measured");
  for (const size_t place : places) {
    outcome.rows[place].heuristic_us = trials.bench(place).baseline_us;
  }
  outcome.interrupted = support::interrupted();
  append(outcome.errors, trials.errors());
  if (trials.errors().empty()) confirm_all(request, trials, teller, outcome);
  append(outcome.errors, update_database(request, outcome));
  outcome.made = trials.made();
  outcome.replayed = trials.replayed();
  return outcome;
}

TuneOutcome replay(const TuneRequest& request, const tune::SessionOptions& options) {
  TuneOutcome outcome;
  outcome.rows = planned_rows(request);
  std::vector<size_t> places;
  for (size_t i = 0; i < request.planned.size(); ++i) {
    const PlannedTask& planned = request.planned[i];
    for (const auto& [text, trial] : planned.known) {
      const tune::Result result = tune::result_of(trial);
      if (result.outcome != db::TrialOutcome::ok) continue;
      double& best = outcome.rows[i].best_known;
      best = best == 0 ? result.relative : std::min(best, result.relative);
    }
    if (planned.known.empty()) continue;
    outcome.tasks.push_back(planned.task);
    places.push_back(i);
  }
  const auto evaluate = [&](size_t task, const std::vector<tune::Proposal>& proposals) {
    std::vector<tune::Result> results;
    for (const tune::Proposal& proposal : proposals) {
      const auto& known = request.planned[places[task]].known;
      results.push_back(tune::result_of(known.at(schedules::to_string(proposal.point))));
    }
    outcome.replayed += static_cast<int64_t>(results.size());
    return results;
  };
  outcome.session = tune::run(outcome.tasks, options, evaluate, [] { return 0.0; });
  attach(outcome, places, "the journal has no trial of it");
  return outcome;
}

}  // namespace sepconv::cli
