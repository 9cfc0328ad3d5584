// Tune: the search of one layer on one target: which points to try next, from what became of the
// others. Knows no clock, no compiler and no file.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "schedules/db/record.h"
#include "spec/layer.h"
#include "targets/target.h"
#include "tune/domain.h"

namespace sepconv::tune {

/// A point to try and who thought of it: heuristic, nearest, model, random, mutation or list.
struct Proposal {
  Point point;
  std::string origin;
};

/// One layer on one target.
struct Task {
  spec::Layer layer;  ///< under its canonical name
  targets::Target target;
  Domain domain;
  std::vector<Proposal> first;  ///< tried before all others
  double weight = 1;            ///< time that the network spends in it; decides who gets trials
};

/// What became of a proposal.
struct Result {
  db::TrialOutcome outcome = db::TrialOutcome::no_result;
  double relative = 0;  ///< its time over the baseline's, where ok
};

enum class Strategy {
  guided,      ///< mutations, crossings and random points, ranked by what was learned
  random,      ///< random points
  exhaustive,  ///< every point of the domain in random order
};

struct Entry {
  Proposal proposal;
  Result result;
};

/// Proposes and learns. The same seed and the same results give the same proposals. A class because
/// what it knows grows.
class Search {
 public:
  /// The task must live as long as the search.
  Search(const Task& task, Strategy strategy, uint64_t seed);

  /// At most `count` points not proposed before; fewer only where the domain has no more. A guided
  /// search takes the best points of similar layers, nearest first, as candidates.
  [[nodiscard]] std::vector<Proposal> propose(size_t count, const std::vector<Point>& similar = {});
  void tell(const Proposal& proposal, const Result& result);

  [[nodiscard]] const std::vector<Entry>& history() const { return history_; }
  /// Index of the fastest entry that is ok.
  [[nodiscard]] std::optional<size_t> best() const;
  /// Relative time of the best of the first `count` entries; 1 without any.
  [[nodiscard]] double best_of_first(size_t count) const;
  /// Entries that are ok, fastest first, at most `count`.
  [[nodiscard]] std::vector<size_t> fastest(size_t count) const;

 private:
  const Task& task_;
  Strategy strategy_;
  uint64_t seed_;
  Random random_;
  std::vector<Entry> history_;
  std::set<Point> proposed_;
  std::vector<Point> list_;  ///< of the exhaustive strategy, last first
  size_t first_ = 0;         ///< of task_.first: the next one

  bool add(std::vector<Proposal>& to, std::optional<Point> point, const char* origin);
  std::vector<Point> estimated(size_t sampled, size_t count);
  [[nodiscard]] Point descended(Point point);
  void add_initial(std::vector<Proposal>& to, size_t count, const std::vector<Point>& similar);
  void add_guided(std::vector<Proposal>& to, size_t count, const std::vector<Point>& similar);
  void add_random(std::vector<Proposal>& to, size_t count);
  [[nodiscard]] std::vector<Proposal> pool(const std::vector<Point>& similar);
  [[nodiscard]] std::vector<double> features(const Point& point) const;
  void rank(std::vector<Proposal>& pool) const;
};

}  // namespace sepconv::tune
