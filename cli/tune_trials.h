// Cli: the tuner's hands: compiles, checks and times what a search proposes, and writes the
// journal. Knows no search strategy.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/tune_candidates.h"
#include "cli/tune_judges.h"
#include "cli/tune_prepared.h"
#include "measure/trial.h"
#include "schedules/db/journal.h"
#include "schedules/db/record.h"
#include "tune/history.h"
#include "tune/search.h"

namespace sepconv::cli {

/// What all trials of a call share.
struct TrialSettings {
  int threads = 1;
  std::string machine;  ///< class of this machine
  uint64_t seed = 0;
  emit::CompileOptions compile;  ///< with a cache of the session's own
  Judges judges;
};

/// A task and what stays with it.
struct Bench {
  const tune::Task* task = nullptr;
  schedules::Point baseline;  ///< the heuristic's; every trial is timed in turn with it
  tune::Recorded known;       ///< trials of earlier sessions
  double baseline_us = 0;     ///< median, measured or predicted by begin()
  db::Versions versions;
};

/// Runs trials. A class because benches, open files and the journal live as long as the session.
class Trials {
 public:
  Trials(TrialSettings settings, std::vector<Bench> benches, const db::Journal& journal);

  /// Compiles and checks the baselines and times them. Errors name the layers whose baseline is no
  /// good; these have a baseline_us of 0.
  [[nodiscard]] Errors begin();

  /// For tune::run: compiles what evaluate() will be given after the next call of it, where there
  /// are cores that timing leaves free.
  void announce(size_t task, const std::vector<tune::Proposal>& proposals);
  /// For tune::run: known trials are answered from the journal, others made and written there.
  [[nodiscard]] std::vector<tune::Result> evaluate(size_t task,
                                                   const std::vector<tune::Proposal>& proposals);

  /// Times points in turn in one fresh process, with other addresses in each session: one list of
  /// samples a point, or its prediction. Empty when a point fails or the user interrupts.
  [[nodiscard]] std::vector<std::vector<double>> together(
      size_t task, const std::vector<schedules::Point>& points, double seconds, int session);

  /// A trial with all but its point, outcome and samples filled in.
  [[nodiscard]] db::Trial blank(size_t task) const;
  /// Writes a trial; a failure is kept in errors().
  bool write(const db::Trial& trial);

  [[nodiscard]] const Bench& bench(size_t task) const { return benches_[task]; }
  /// Whether times come from a model.
  [[nodiscard]] bool predicted() const { return settings_.judges.predicted; }
  /// What ended the session early, such as a full disk.
  [[nodiscard]] const Errors& errors() const { return errors_; }
  [[nodiscard]] int64_t made() const { return made_; }
  [[nodiscard]] int64_t replayed() const { return replayed_; }

 private:
  TrialSettings settings_;
  std::vector<Bench> benches_;
  const db::Journal& journal_;
  Errors errors_;
  int64_t made_ = 0, replayed_ = 0;
  Candidates candidates_;
  PreparedValues prepared_;
  std::map<std::pair<size_t, schedules::Point>, double> predictions_;

  [[nodiscard]] std::optional<measure::Runner> runner(size_t task) const;
  [[nodiscard]] measure::Opener opener(size_t task, const Candidate& candidate) const;
  measure::TrialResult try_out(size_t task, const Candidate& candidate, const Candidate* baseline);
  Result<double> prediction(size_t task, const schedules::Point& point);
  void set_times(size_t task, const schedules::Point& point, const measure::TrialResult& result,
                 db::Trial& trial);
  Result<Candidate> baseline(size_t task);
  [[nodiscard]] std::vector<schedules::Point> unknown(
      size_t task, const std::vector<tune::Proposal>& proposals) const;
  Errors begin_one(size_t task);
  measure::TrialOptions options(size_t task) const;
  std::optional<tune::Result> run(size_t task, const tune::Proposal& proposal,
                                  const Result<Candidate>& candidate, int64_t number,
                                  double compile_seconds);
  std::optional<tune::Result> finish(db::Trial trial);
};

}  // namespace sepconv::cli
