// Tune: recorded trials as answers to proposals, for resuming and for replays. Knows no file.
#include "tune/history.h"

#include <algorithm>

namespace sepconv::tune {
namespace {

bool counts(const db::Trial& trial, const Conditions& conditions) {
  if (trial.layer != conditions.layer || trial.target != conditions.target) return false;
  if (!conditions.machine.empty() && trial.machine != conditions.machine) return false;
  if (trial.threads != conditions.threads || trial.predicted != conditions.predicted) return false;
  if (trial.versions.halide != conditions.versions.halide ||
      trial.versions.space != conditions.versions.space || trial.origin == kConfirmation) {
    return false;
  }
  return trial.outcome != db::TrialOutcome::ok ||
         ((conditions.baseline.empty() || trial.incumbent == conditions.baseline) &&
          !trial.incumbent_us.empty());
}

/// Other work on a machine makes samples longer, never shorter, and some of them much: a quarter of
/// them is seldom touched. Of few samples, as of a candidate that was given up, the shortest.
double undisturbed(std::vector<double> samples) {
  constexpr size_t kFew = 9;
  if (samples.empty()) return 1;
  const size_t index = samples.size() < kFew ? 0 : samples.size() / 4;
  const auto place = samples.begin() + static_cast<std::ptrdiff_t>(index);
  std::nth_element(samples.begin(), place, samples.end());
  return *place;
}

}  // namespace

Recorded recorded(const std::vector<db::Trial>& trials, const Conditions& conditions) {
  Recorded found;
  for (const db::Trial& trial : trials) {
    if (counts(trial, conditions)) found.emplace(trial.point, trial);
  }
  return found;
}

Result result_of(const db::Trial& trial) {
  if (trial.outcome != db::TrialOutcome::ok) return {trial.outcome, 0};
  return {trial.outcome, undisturbed(trial.samples_us) / undisturbed(trial.incumbent_us)};
}

}  // namespace sepconv::tune
