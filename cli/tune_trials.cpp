// Cli: the tuner's hands: compiles, checks and times what a search proposes, and writes the
// journal. Knows no search strategy. A few lines over 300: the members of one class.
#include "cli/tune_trials.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <utility>

#include "cli/tune_outcome.h"
#include "measure/timing.h"
#include "schedules/schedule.h"
#include "spec/bits.h"
#include "spec/name.h"
#include "support/interrupt.h"
#include "support/process.h"
#include "tune/acceptance.h"

namespace sepconv::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kTrialSeconds = 0.15;
constexpr double kLimitSeconds = 60;
constexpr double kRemoteSeconds = 600;  ///< emulators are a hundred times slower

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// To hundredths of a nanosecond, so that lines stay short.
std::vector<double> rounded(std::vector<double> us) {
  for (double& value : us) value = std::round(value * 1e5) / 1e5;
  return us;
}

std::string now() {
  const std::time_t time = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[32];
  (void)std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

Error about(const spec::Layer& layer, std::string message) {
  Error error;
  error.layer = layer.name;
  error.message = std::move(message);
  error.hint = "the layer is not tuned; `sepconv verify` shows the fault alone";
  return error;
}

}  // namespace

Trials::Trials(TrialSettings settings, std::vector<Bench> benches, const db::Journal& journal)
    : settings_(std::move(settings)),
      benches_(std::move(benches)),
      journal_(journal),
      candidates_(settings_.compile) {}

Result<Candidate> Trials::baseline(size_t task) {
  auto kept = candidates_.keep(task, *benches_[task].task, {benches_[task].baseline});
  if (!kept) return fail(std::move(kept.error()));
  return std::move(kept->front());
}

std::optional<measure::Runner> Trials::runner(size_t task) const {
  const RunnerOf& runner = settings_.judges.runner;
  return runner ? runner(benches_[task].task->target) : std::nullopt;
}

measure::Opener Trials::opener(size_t task, const Candidate& candidate) const {
  return [open = candidate.open, runner = runner(task)] { return open(runner); };
}

Result<double> Trials::prediction(size_t task, const schedules::Point& point) {
  const auto known = predictions_.find({task, point});
  if (known != predictions_.end()) return known->second;
  const tune::Task& about = *benches_[task].task;
  const auto us = predicted_us(about.layer, about.target, point, settings_.compile);
  if (us) predictions_.emplace(std::make_pair(task, point), *us);
  return us;
}

/// Checks and times a candidate, beside the baseline if there is one. Where kernels are judged by
/// a model and run nowhere, they count as right.
measure::TrialResult Trials::try_out(size_t task, const Candidate& candidate,
                                     const Candidate* baseline) {
  if (predicted() && !runner(task)) return {measure::Verdict::ok, {}, {{}, {}}};
  return measure::run_trial(prepared_.of(task, benches_[task].task->layer), opener(task, candidate),
                            baseline == nullptr ? measure::Opener() : opener(task, *baseline),
                            options(task));
}

/// What a trial that ended well says of times; without a prediction it has said nothing.
void Trials::set_times(size_t task, const schedules::Point& point,
                       const measure::TrialResult& result, db::Trial& trial) {
  trial.incumbent = schedules::to_string(benches_[task].baseline);
  if (!predicted()) {
    trial.samples_us = rounded(result.rounds[0]);
    trial.incumbent_us = rounded(result.rounds[1]);
    trial.noise = tune::self_noise(trial.incumbent_us);
    return;
  }
  const auto us = prediction(task, point);
  if (us) {
    trial.samples_us = rounded({*us});
    trial.incumbent_us = rounded({benches_[task].baseline_us});
    trial.noise = kModelNoise;
  } else {
    trial.incumbent.clear();
    trial.outcome = db::TrialOutcome::no_result;
    trial.detail = one_line(us.error().front().message);
  }
}

measure::TrialOptions Trials::options(size_t task) const {
  measure::TrialOptions options;
  options.remote = runner(task).has_value();
  options.timed = !predicted();
  options.threads = settings_.threads;
  options.seconds = kTrialSeconds;
  options.device = benches_[task].task->target.device;
  options.limits.driver = options.device != targets::Device::cpu;
  // A device's compiler decides where a product is rounded before it is added.
  options.same_bits = !options.limits.driver && spec::promises_bits(benches_[task].task->layer);
  // A hundred times what the baseline needs for the runs of a check.
  options.limits.seconds = (options.remote ? kRemoteSeconds : kLimitSeconds) +
                           100 * 50 * benches_[task].baseline_us * 1e-6;
  options.limits.cpu_seconds = options.limits.seconds * (settings_.threads + 2);
  return options;
}

Errors Trials::begin_one(size_t task) {
  const spec::Layer& layer = benches_[task].task->layer;
  const auto baseline = this->baseline(task);
  if (!baseline) return baseline.error();
  const auto result = try_out(task, *baseline, nullptr);
  if (result.verdict == measure::Verdict::ok) {
    if (predicted()) {
      const auto us = prediction(task, benches_[task].baseline);
      if (!us) return us.error();
      benches_[task].baseline_us = *us;
    } else {
      benches_[task].baseline_us = measure::statistics(result.rounds.front()).median;
    }
    return {};
  }
  if (support::interrupted()) return {};
  return {about(layer, "the kernel of the heuristic's point is no good: " + result.outcome.reason)};
}

Errors Trials::begin() {
  // All at once, so that every core compiles; begin_one() then finds the objects in the cache.
  for (size_t i = 0; i < benches_.size() && !support::interrupted(); ++i) {
    std::vector<spec::Layer> layers;
    const targets::Target& target = benches_[i].task->target;
    if (i > 0 && benches_[i - 1].task->target.name == target.name) continue;
    for (const Bench& bench : benches_) {
      if (bench.task->target.name == target.name) layers.push_back(bench.task->layer);
    }
    const auto choose = [](const spec::Layer& layer,
                           const targets::Target& to) -> Result<emit::Choice> {
      return emit::Choice{schedules::heuristic(layer, to), "heuristic"};
    };
    (void)emit::compile(layers, {target}, choose, settings_.compile);
  }
  Errors errors;
  for (size_t i = 0; i < benches_.size() && !support::interrupted(); ++i) {
    const Errors mine = begin_one(i);
    errors.insert(errors.end(), mine.begin(), mine.end());
  }
  return errors;
}

db::Trial Trials::blank(size_t task) const {
  const Bench& bench = benches_[task];
  db::Trial trial;
  trial.layer = spec::canonical_name(bench.task->layer);
  trial.target = bench.task->target.name;
  trial.machine = settings_.machine;
  trial.threads = settings_.threads;
  trial.predicted = predicted();
  trial.seed = settings_.seed;
  trial.versions = bench.versions;
  trial.time = now();
  return trial;
}

bool Trials::write(const db::Trial& trial) {
  const auto written = journal_.append(trial);
  if (!written) errors_ = written.error();
  return written.has_value();
}

std::optional<tune::Result> Trials::finish(db::Trial trial) {
  if (!write(trial)) return std::nullopt;
  ++made_;
  return tune::result_of(trial);
}

std::optional<tune::Result> Trials::run(size_t task, const tune::Proposal& proposal,
                                        const Result<Candidate>& candidate, int64_t number,
                                        double compile_seconds) {
  db::Trial trial = blank(task);
  trial.point = schedules::to_string(proposal.point);
  trial.origin = proposal.origin;
  trial.number = number;
  trial.seconds = compile_seconds;
  if (!candidate) {
    if (support::interrupted() || candidate.error().empty()) return std::nullopt;
    trial.outcome = outcome_of(candidate.error());
    trial.detail = one_line(candidate.error().front().message);
    return finish(std::move(trial));
  }
  const auto baseline = this->baseline(task);
  if (!baseline) return std::nullopt;
  const auto begin = Clock::now();
  const auto result = try_out(task, *candidate, &*baseline);
  const auto outcome = outcome_of(result);
  if (!outcome || support::interrupted()) return std::nullopt;
  trial.seconds += seconds_since(begin);
  trial.outcome = *outcome;
  if (*outcome == db::TrialOutcome::ok) {
    set_times(task, proposal.point, result, trial);
  } else {
    trial.detail = one_line(result.outcome.reason);
  }
  return finish(std::move(trial));
}

/// The points that the journal does not answer.
std::vector<schedules::Point> Trials::unknown(size_t task,
                                              const std::vector<tune::Proposal>& proposals) const {
  std::vector<schedules::Point> points;
  for (const tune::Proposal& proposal : proposals) {
    if (!benches_[task].known.contains(schedules::to_string(proposal.point))) {
      points.push_back(proposal.point);
    }
  }
  return points;
}

void Trials::announce(size_t task, const std::vector<tune::Proposal>& proposals) {
  const int free_cores = support::core_count() - settings_.threads;
  auto points = unknown(task, proposals);
  if (free_cores < 1 || points.empty()) return;
  candidates_.announce(task, *benches_[task].task, std::move(points), free_cores);
}

std::vector<tune::Result> Trials::evaluate(size_t task,
                                           const std::vector<tune::Proposal>& proposals) {
  const Bench& bench = benches_[task];
  const auto fresh = unknown(task, proposals);
  const auto begin = Clock::now();
  const auto candidates = candidates_.compile(task, *bench.task, fresh);
  // Of a compilation ahead, what was waited for.
  const double each = seconds_since(begin) / static_cast<double>(std::max<size_t>(1, fresh.size()));
  std::vector<tune::Result> results;
  size_t next = 0;
  for (size_t i = 0; i < proposals.size(); ++i) {
    const auto known = bench.known.find(schedules::to_string(proposals[i].point));
    if (known != bench.known.end()) {
      ++replayed_;
      results.push_back(tune::result_of(known->second));
      continue;
    }
    if (next >= candidates.size()) break;  // interrupted
    const auto result = run(task, proposals[i], candidates[next++], made_ + replayed_, each);
    if (!result) break;
    results.push_back(*result);
  }
  return results;
}

std::vector<std::vector<double>> Trials::together(size_t task,
                                                  const std::vector<schedules::Point>& points,
                                                  double seconds, int session) {
  if (predicted()) {
    std::vector<std::vector<double>> samples;
    for (const schedules::Point& point : points) {
      const auto us = prediction(task, point);
      if (!us) return {};
      samples.push_back(rounded({*us}));
    }
    return samples;
  }
  const auto candidates = candidates_.keep(task, *benches_[task].task, points);
  if (!candidates) return {};
  std::vector<measure::Opener> openers;
  for (const Candidate& candidate : *candidates) openers.push_back(opener(task, candidate));
  measure::TrialOptions settings = options(task);
  settings.seconds = seconds;
  settings.session = session;
  auto rounds =
      measure::time_together(prepared_.of(task, benches_[task].task->layer), openers, settings)
          .rounds;
  for (auto& one : rounds) one = rounded(std::move(one));
  return rounds;
}

}  // namespace sepconv::cli
