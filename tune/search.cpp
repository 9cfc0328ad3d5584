// Tune: the search of one layer on one target: which points to try next, from what became of the
// others. Knows no clock, no compiler and no file.
#include "tune/search.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tune/estimate.h"
#include "tune/forest.h"

namespace sepconv::tune {
namespace {

constexpr size_t kInitial = 12;    ///< points before the model is asked
constexpr int kDescent = 60;       ///< changes tried on an initial point
constexpr size_t kSampled = 192;   ///< random points of which the estimate picks initial ones
constexpr size_t kElites = 8;      ///< best points so far, which are changed and crossed
constexpr size_t kCentres = 2;     ///< of these, those of which every neighbour is a candidate
constexpr size_t kMutations = 14;  ///< of each elite
constexpr size_t kCrossings = 24;
constexpr size_t kStrangers = 24;  ///< random points in a pool, and as many that the estimate picks
constexpr double kFailure = 0.7;   ///< log of time that a failure counts as, beyond the slowest
constexpr double kCuriosity = 0.6;  ///< spreads below the mean
constexpr double kExplore = 0.15;   ///< share of proposals that the model does not choose
constexpr int kPatience = 64;       ///< draws in a row that give nothing new

bool faster(const Entry& a, const Entry& b) { return a.result.relative < b.result.relative; }
bool ok(const Entry& entry) { return entry.result.outcome == db::TrialOutcome::ok; }

/// What the model learns: the logarithm of relative times, failures beyond the slowest.
std::vector<double> targets_of(const std::vector<Entry>& history) {
  double slowest = 0;
  for (const Entry& entry : history) {
    if (ok(entry)) slowest = std::max(slowest, std::log(entry.result.relative));
  }
  std::vector<double> values;
  for (const Entry& entry : history) {
    values.push_back(ok(entry) ? std::min(std::log(entry.result.relative), 1.0)
                               : std::min(slowest, 1.0) + kFailure);
  }
  return values;
}

/// How the measured times follow the estimated ones: a line through their logarithms.
struct Trend {
  double slope = 0, centre = 0;

  [[nodiscard]] double at(double log_cycles) const { return slope * (log_cycles - centre); }
};

Trend trend_of(const std::vector<double>& log_cycles, const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  Trend trend;
  double mean = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    trend.centre += log_cycles[i] / count;
    mean += values[i] / count;
  }
  double together = 0;
  double alone = 1e-9;
  for (size_t i = 0; i < values.size(); ++i) {
    const double offset = log_cycles[i] - trend.centre;
    together += offset * (values[i] - mean);
    alone += offset * offset;
  }
  trend.slope = std::clamp(together / alone, 0.0, 1.0);
  return trend;
}

}  // namespace

Search::Search(const Task& task, Strategy strategy, uint64_t seed)
    : task_(task), strategy_(strategy), seed_(seed), random_(seed) {
  if (strategy != Strategy::exhaustive) return;
  list_ = all_points(task.domain);
  random_.shuffle(list_);
}

bool Search::add(std::vector<Proposal>& to, std::optional<Point> point, const char* origin) {
  if (!point || !proposed_.insert(*point).second) return false;
  to.push_back({std::move(*point), origin});
  return true;
}

std::vector<Proposal> Search::propose(size_t count, const std::vector<Point>& similar) {
  std::vector<Proposal> proposals;
  while (proposals.size() < count && first_ < task_.first.size()) {
    const Proposal& next = task_.first[first_++];
    add(proposals, next.point, next.origin.c_str());
  }
  if (strategy_ == Strategy::exhaustive) {
    while (proposals.size() < count && !list_.empty()) {
      add(proposals, std::move(list_.back()), "list");
      list_.pop_back();
    }
    return proposals;
  }
  if (strategy_ == Strategy::guided && proposals.size() < count) {
    if (proposed_.size() < kInitial || history_.empty()) {
      add_initial(proposals, count, similar);
    } else {
      add_guided(proposals, count, similar);
    }
  }
  add_random(proposals, count);
  return proposals;
}

/// Random points of which the estimate thinks well, in random order: the rest is pruned unmeasured.
std::vector<Point> Search::estimated(size_t sampled, size_t count) {
  std::vector<std::pair<double, Point>> points;
  for (size_t i = 0; i < sampled; ++i) {
    if (auto point = random_point(task_.domain, random_)) {
      points.emplace_back(estimate(task_.layer, task_.target, *point), std::move(*point));
    }
  }
  std::sort(points.begin(), points.end());
  std::vector<Point> best;
  for (size_t i = 0; i < std::min(points.size(), count); ++i) {
    best.push_back(std::move(points[i].second));
  }
  // The very first ones resemble each other.
  random_.shuffle(best);
  return best;
}

/// Follows the estimate downhill for some steps.
Point Search::descended(Point point) {
  double cycles = estimate(task_.layer, task_.target, point);
  for (int i = 0; i < kDescent; ++i) {
    auto next = mutated(task_.domain, point, random_);
    if (!next) break;
    const double other = estimate(task_.layer, task_.target, *next);
    if (other >= cycles) continue;
    cycles = other;
    point = std::move(*next);
  }
  return point;
}

void Search::add_initial(std::vector<Proposal>& to, size_t count,
                         const std::vector<Point>& similar) {
  for (size_t i = 0; i < similar.size() && to.size() < count; ++i) {
    add(to, fitted(task_.domain, similar[i], random_), "similar");
  }
  for (Point& point : estimated(kSampled, kInitial)) {
    if (to.size() >= count) return;
    add(to, descended(std::move(point)), "estimate");
  }
}

void Search::add_random(std::vector<Proposal>& to, size_t count) {
  for (int misses = 0; to.size() < count && misses < kPatience;) {
    if (!add(to, random_point(task_.domain, random_), "random")) ++misses;
  }
  if (to.size() >= count || task_.domain.only.empty()) return;
  for (const Point& point : task_.domain.only) {
    if (to.size() < count) add(to, point, "random");
  }
}

/// Candidates for the next trials: near the best ones, between them, and anywhere.
std::vector<Proposal> Search::pool(const std::vector<Point>& similar) {
  std::vector<Proposal> pool;
  std::set<Point> seen;
  const auto offer = [&](std::optional<Point> point, const char* origin) {
    if (!point || proposed_.contains(*point) || !seen.insert(*point).second) return;
    pool.push_back({std::move(*point), origin});
  };
  const auto elites = fastest(kElites);
  for (size_t i = 0; i < std::min(elites.size(), kCentres); ++i) {
    for (Point& point : neighbours(task_.domain, history_[elites[i]].proposal.point)) {
      offer(std::move(point), "neighbour");
    }
  }
  for (const Point& point : similar) offer(fitted(task_.domain, point, random_), "similar");
  for (const size_t elite : elites) {
    for (size_t i = 0; i < kMutations; ++i) {
      offer(mutated(task_.domain, history_[elite].proposal.point, random_), "mutation");
    }
  }
  for (size_t i = 0; elites.size() > 1 && i < kCrossings; ++i) {
    const Point& a = history_[random_.pick(elites)].proposal.point;
    const Point& b = history_[random_.pick(elites)].proposal.point;
    offer(crossed(task_.domain, a, b, random_), "crossing");
  }
  for (size_t i = 0; i < kStrangers; ++i) {
    offer(random_point(task_.domain, random_), "random");
  }
  for (Point& point : estimated(kSampled, kStrangers)) offer(std::move(point), "estimate");
  return pool;
}

std::vector<double> Search::features(const Point& point) const {
  std::vector<double> row;
  for (const schedules::Knob& knob : task_.domain.space.knobs) {
    const auto found = point.find(knob.name);
    row.push_back(found == point.end() ? 0 : static_cast<double>(found->second));
  }
  double sum = 0;
  for (const double cycles : stage_cycles(task_.layer, task_.target, point)) {
    row.push_back(std::log(cycles + 1));
    sum += cycles;
  }
  row.push_back(std::log(sum + 1));
  return row;
}

/// Best first: low predictions, and those of which the model is unsure. The trees learn what the
/// estimate's trend leaves over; the trend alone reaches beyond what was tried.
void Search::rank(std::vector<Proposal>& pool) const {
  std::vector<std::vector<double>> rows;
  std::vector<double> log_cycles;
  for (const Entry& entry : history_) {
    rows.push_back(features(entry.proposal.point));
    log_cycles.push_back(rows.back().back());
  }
  std::vector<double> values = targets_of(history_);
  const Trend trend = trend_of(log_cycles, values);
  for (size_t i = 0; i < values.size(); ++i) values[i] -= trend.at(log_cycles[i]);
  const Forest forest(rows, values, seed_ + history_.size());
  std::vector<std::pair<double, size_t>> order;
  for (size_t i = 0; i < pool.size(); ++i) {
    const auto row = features(pool[i].point);
    const Prediction left_over = forest.predict(row);
    order.emplace_back(trend.at(row.back()) + left_over.mean - kCuriosity * left_over.spread, i);
  }
  std::sort(order.begin(), order.end());
  std::vector<Proposal> sorted;
  for (const auto& [score, index] : order) sorted.push_back(std::move(pool[index]));
  pool = std::move(sorted);
}

void Search::add_guided(std::vector<Proposal>& to, size_t count,
                        const std::vector<Point>& similar) {
  std::vector<Proposal> candidates = pool(similar);
  rank(candidates);
  size_t next = 0;
  while (to.size() < count && next < candidates.size()) {
    if (random_.chance(kExplore)) {
      Proposal& any = candidates[next + random_.below(candidates.size() - next)];
      if (add(to, any.point, any.origin.c_str())) continue;
    }
    add(to, candidates[next].point, candidates[next].origin.c_str());
    ++next;
  }
}

void Search::tell(const Proposal& proposal, const Result& result) {
  proposed_.insert(proposal.point);
  history_.push_back({proposal, result});
}

std::optional<size_t> Search::best() const {
  const auto one = fastest(1);
  return one.empty() ? std::nullopt : std::optional<size_t>(one.front());
}

double Search::best_of_first(size_t count) const {
  double best = 1;
  bool any = false;
  for (size_t i = 0; i < std::min(count, history_.size()); ++i) {
    if (!ok(history_[i])) continue;
    best = any ? std::min(best, history_[i].result.relative) : history_[i].result.relative;
    any = true;
  }
  return best;
}

std::vector<size_t> Search::fastest(size_t count) const {
  std::vector<size_t> indices;
  for (size_t i = 0; i < history_.size(); ++i) {
    if (ok(history_[i])) indices.push_back(i);
  }
  std::stable_sort(indices.begin(), indices.end(),
                   [&](size_t a, size_t b) { return faster(history_[a], history_[b]); });
  indices.resize(std::min(indices.size(), count));
  return indices;
}

}  // namespace sepconv::tune
