// Cli: from the trials of a layer to the record of its database: finalists measured again, the
// winner judged. Knows no search strategy.
#include "cli/tune_confirm.h"

#include <algorithm>
#include <map>
#include <utility>

#include "schedules/schedule.h"
#include "spec/name.h"
#include "support/interrupt.h"

namespace sepconv::cli {
namespace {

using schedules::Point;

constexpr size_t kFinalists = 5;
constexpr size_t kPreliminary = 3;  ///< sessions that choose among the finalists
constexpr size_t kSessions = 9;     ///< that judge the winner
constexpr double kSecondsEach = 0.06;
constexpr size_t kKeptRounds = 12;  ///< of a session, in the journal

/// Samples of several points in several sessions.
struct Samples {
  std::vector<Point> points;
  std::vector<std::vector<std::vector<double>>> sessions;  ///< by session, point, round

  [[nodiscard]] std::vector<tune::Pairs> pairs(size_t candidate, size_t incumbent) const {
    std::vector<tune::Pairs> all;
    for (const auto& session : sessions) all.push_back({session[candidate], session[incumbent]});
    return all;
  }
  /// The first rounds of every session, one after the other.
  [[nodiscard]] std::vector<double> all(size_t point) const {
    std::vector<double> values;
    for (const auto& session : sessions) {
      const auto& from = session[point];
      const auto count = static_cast<std::ptrdiff_t>(std::min(from.size(), kKeptRounds));
      values.insert(values.end(), from.begin(), from.begin() + count);
    }
    return values;
  }
};

/// Sessions of all points, until enough or the first that fails.
Samples measure(Trials& trials, size_t task, std::vector<Point> points, size_t sessions) {
  Samples samples{std::move(points), {}};
  const double seconds = kSecondsEach * static_cast<double>(samples.points.size());
  while (samples.sessions.size() < sessions) {
    auto rounds =
        trials.together(task, samples.points, seconds, static_cast<int>(samples.sessions.size()));
    if (rounds.empty() || rounds.front().empty()) break;
    samples.sessions.push_back(std::move(rounds));
  }
  return samples;
}

/// The finalist with the best median of ratios to the incumbent.
Point fastest_of(const Samples& samples) {
  size_t best = 1;
  double lowest = 0;
  for (size_t i = 1; i < samples.points.size(); ++i) {
    const double ratio = tune::judge(samples.pairs(i, 0)).ratio;
    if (i == 1 || ratio < lowest) {
      best = i;
      lowest = ratio;
    }
  }
  return samples.points[best];
}

std::vector<Point> finalists(const tune::Search& search, const Point& incumbent) {
  std::vector<Point> points;
  for (const size_t index : search.fastest(kFinalists + 1)) {
    const Point& point = search.history()[index].proposal.point;
    if (point != incumbent && points.size() < kFinalists) points.push_back(point);
  }
  return points;
}

/// The record of point `chosen` of the samples, confirmed by a trial that goes into the journal.
std::optional<db::Record> confirm(Trials& trials, size_t task, const Samples& samples,
                                  size_t chosen, size_t heuristic, int64_t count, double noise) {
  const bool own = chosen == heuristic;
  db::Trial trial = trials.blank(task);
  trial.point = schedules::to_string(samples.points[chosen]);
  trial.outcome = db::TrialOutcome::ok;
  trial.origin = tune::kConfirmation;
  trial.samples_us = samples.all(chosen);
  trial.noise = noise;
  trial.number = count;
  if (!own) {
    trial.incumbent = schedules::to_string(samples.points[heuristic]);
    trial.incumbent_us = samples.all(heuristic);
  }
  if (!trials.write(trial)) return std::nullopt;
  db::Record record;
  record.layer = trial.layer;
  record.target = trial.target;
  record.machine = trial.machine;
  record.point = samples.points[chosen];
  record.us = db::median(trial.samples_us);
  record.heuristic_us = db::median(samples.all(heuristic));
  record.noise = noise;
  record.threads = trial.threads;
  record.predicted = trial.predicted;
  record.trials = count;
  record.halide = trial.versions.halide;
  record.space = trial.versions.space;
  record.provenance = db::trial_hash(trial);
  return record;
}

}  // namespace

Decision decide(Trials& trials, size_t task, const tune::Search& search,
                const std::optional<db::Record>& before) {
  Decision decision;
  const Point& heuristic = trials.bench(task).baseline;
  const Point incumbent = before ? before->point : heuristic;
  const auto count = static_cast<int64_t>(search.history().size());
  std::vector<Point> points{incumbent};
  for (Point& point : finalists(search, incumbent)) points.push_back(std::move(point));
  if (points.size() > 1) {
    const Samples preliminary = measure(trials, task, points, kPreliminary);
    if (preliminary.sessions.empty()) return decision;
    decision.winner = fastest_of(preliminary);
  }
  points = {incumbent};
  if (heuristic != incumbent) points.push_back(heuristic);
  const size_t at_heuristic = points.size() - 1;
  if (!decision.winner.empty() && decision.winner != heuristic) points.push_back(decision.winner);
  const size_t at_winner = decision.winner == heuristic ? at_heuristic : points.size() - 1;
  const Samples samples = measure(trials, task, points, kSessions);
  if (samples.sessions.size() < kSessions) return decision;
  double noise = trials.predicted() ? kModelNoise : tune::judge(samples.pairs(0, 0)).noise;
  if (!decision.winner.empty()) {
    decision.verdict = tune::judge(samples.pairs(at_winner, 0));
    if (trials.predicted()) {
      decision.verdict->noise = kModelNoise;
      decision.verdict->accepted &= decision.verdict->ratio < 1 - kModelNoise;
    }
    decision.accepted = decision.verdict->accepted;
    noise = decision.verdict->noise;
  }
  decision.record =
      confirm(trials, task, samples, decision.accepted ? at_winner : 0, at_heuristic, count, noise);
  return decision;
}

}  // namespace sepconv::cli
