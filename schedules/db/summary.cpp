// Schedules, database: a journal's trials grouped and ranked. Knows no file.
#include "schedules/db/summary.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "schedules/space.h"

namespace sepconv::db {
namespace {

using Key = std::tuple<std::string, std::string, std::string, int, std::string, int>;

/// All samples of one point.
struct Point {
  std::vector<double> samples;
  const Trial* last = nullptr;
};

struct Group {
  Summary summary;
  std::map<std::string, Point> points;
  std::string heuristic;  ///< its point, where it was tried
  bool has_heuristic = false;
};

void add(const Trial& trial, Group& group) {
  ++group.summary.trials;
  ++group.summary.outcomes[static_cast<size_t>(trial.outcome)];
  if (trial.outcome != TrialOutcome::ok) return;
  Point& point = group.points[trial.point];
  point.samples.insert(point.samples.end(), trial.samples_us.begin(), trial.samples_us.end());
  point.last = &trial;
  if (trial.origin != "heuristic") return;
  group.heuristic = trial.point;
  group.has_heuristic = true;
}

Record record(const Group& group, const Point& point) {
  const Trial& trial = *point.last;
  Record record;
  record.layer = trial.layer;
  record.target = trial.target;
  record.machine = trial.machine;
  if (!trial.point.empty()) record.point = *schedules::parse_point(trial.point);
  record.us = median(point.samples);
  if (group.has_heuristic) record.heuristic_us = median(group.points.at(group.heuristic).samples);
  record.noise = trial.noise;
  record.threads = trial.threads;
  record.trials = group.summary.trials;
  record.predicted = trial.predicted;
  record.halide = trial.versions.halide;
  record.space = trial.versions.space;
  record.provenance = trial_hash(trial);
  return record;
}

}  // namespace

std::vector<Summary> summarise(const std::vector<Trial>& trials) {
  std::map<Key, Group> groups;
  for (const Trial& trial : trials) {
    Group& group = groups[{trial.layer, trial.target, trial.machine, trial.threads,
                           trial.versions.halide, trial.versions.space}];
    Summary& summary = group.summary;
    summary.layer = trial.layer;
    summary.target = trial.target;
    summary.machine = trial.machine;
    summary.threads = trial.threads;
    summary.versions = trial.versions;
    add(trial, group);
  }
  std::vector<Summary> list;
  for (auto& [key, group] : groups) {
    for (const auto& [text, point] : group.points) {
      group.summary.ranking.push_back(record(group, point));
    }
    std::stable_sort(group.summary.ranking.begin(), group.summary.ranking.end(),
                     [](const Record& one, const Record& other) { return one.us < other.us; });
    list.push_back(std::move(group.summary));
  }
  return list;
}

}  // namespace sepconv::db
