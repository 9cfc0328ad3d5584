// Cli: the tuner's hands: compiles, checks and times what a search proposes, and writes the
// journal. Knows no search strategy.
#include "cli/tune_trials.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <utility>

#include "cli/tune_outcome.h"
#include "measure/fill.h"
#include "measure/timing.h"
#include "schedules/schedule.h"
#include "spec/name.h"
#include "support/interrupt.h"
#include "support/process.h"
#include "tune/acceptance.h"

namespace sepconv::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kTrialSeconds = 0.15;
constexpr double kLimitSeconds = 60;
constexpr int64_t kKeptBytes = int64_t{1} << 30;  ///< of prepared values

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

int64_t bytes_of(const measure::Case& values) {
  const auto& operands = values.operands;
  size_t floats = operands.input.size() + operands.residual.size();
  for (const auto& stage : operands.stages) floats += stage.weights.size() + stage.bias.size();
  const size_t doubles = values.expected.values.size() + values.expected.bounds.size();
  return static_cast<int64_t>(4 * floats + 8 * doubles);
}

int64_t bytes_of(const measure::Prepared& prepared) {
  return bytes_of(prepared.real) + (prepared.exact ? bytes_of(*prepared.exact) : 0);
}

/// Fused and pointwise kernels add in one order whatever the schedule; activations beyond the
/// clamps are approximations that vectors of other widths may round otherwise.
bool promises_same_bits(const spec::Layer& layer) {
  const bool one_order = layer.op == spec::Op::pointwise ||
                         layer.op == spec::Op::depthwise_separable ||
                         layer.op == spec::Op::inverted_residual;
  return one_order && measure::is_exact(layer);
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
    : settings_(std::move(settings)), benches_(std::move(benches)), journal_(journal) {}

const measure::Prepared& Trials::prepared(size_t task) {
  const auto found = std::find_if(prepared_.begin(), prepared_.end(),
                                  [&](const auto& entry) { return entry.first == task; });
  if (found != prepared_.end()) {
    prepared_.splice(prepared_.begin(), prepared_, found);
    return prepared_.front().second;
  }
  prepared_.emplace_front(task,
                          measure::prepare(benches_[task].task->layer, support::core_count()));
  int64_t kept = 0;
  for (auto entry = prepared_.begin(); entry != prepared_.end();) {
    kept += bytes_of(entry->second);
    const bool first = entry == prepared_.begin();
    entry = kept > kKeptBytes && !first ? prepared_.erase(entry) : std::next(entry);
  }
  return prepared_.front().second;
}

Result<Candidate> Trials::candidate(size_t task, const schedules::Point& point) {
  const auto found = open_.find({task, point});
  if (found != open_.end()) return found->second;
  const tune::Task& about = *benches_[task].task;
  auto made = compile_candidates(about.layer, about.target, {point}, settings_.compile);
  if (made.empty()) return fail(Errors{});
  if (!made.front()) return fail(made.front().error());
  if (point == benches_[task].baseline) {
    open_.emplace(std::make_pair(task, point), *made.front());
  }
  return *made.front();
}

measure::TrialOptions Trials::options(size_t task) const {
  measure::TrialOptions options;
  options.threads = settings_.threads;
  options.seconds = kTrialSeconds;
  options.device = benches_[task].task->target.device;
  options.limits.driver = options.device != targets::Device::cpu;
  // A device's compiler decides where a product is rounded before it is added.
  options.same_bits = !options.limits.driver && promises_same_bits(benches_[task].task->layer);
  // A hundred times what the baseline needs for the runs of a check.
  options.limits.seconds = kLimitSeconds + 100 * 50 * benches_[task].baseline_us * 1e-6;
  options.limits.cpu_seconds = options.limits.seconds * (settings_.threads + 2);
  return options;
}

Errors Trials::begin_one(size_t task) {
  const spec::Layer& layer = benches_[task].task->layer;
  const auto baseline = candidate(task, benches_[task].baseline);
  if (!baseline) return baseline.error();
  const auto result = measure::run_trial(prepared(task), baseline->open, {}, options(task));
  if (result.verdict == measure::Verdict::ok) {
    benches_[task].baseline_us = measure::statistics(result.rounds.front()).median;
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
  const auto baseline = this->candidate(task, benches_[task].baseline);
  if (!baseline) return std::nullopt;
  const auto begin = Clock::now();
  const auto result =
      measure::run_trial(prepared(task), candidate->open, baseline->open, options(task));
  const auto outcome = outcome_of(result);
  if (!outcome || support::interrupted()) return std::nullopt;
  trial.seconds += seconds_since(begin);
  trial.outcome = *outcome;
  if (*outcome == db::TrialOutcome::ok) {
    trial.samples_us = rounded(result.rounds[0]);
    trial.incumbent = schedules::to_string(benches_[task].baseline);
    trial.incumbent_us = rounded(result.rounds[1]);
    trial.noise = tune::self_noise(trial.incumbent_us);
  } else {
    trial.detail = one_line(result.outcome.reason);
  }
  return finish(std::move(trial));
}

std::vector<tune::Result> Trials::evaluate(size_t task,
                                           const std::vector<tune::Proposal>& proposals) {
  const Bench& bench = benches_[task];
  std::vector<schedules::Point> fresh;
  for (const tune::Proposal& proposal : proposals) {
    if (!bench.known.contains(schedules::to_string(proposal.point))) {
      fresh.push_back(proposal.point);
    }
  }
  const auto begin = Clock::now();
  const auto candidates =
      compile_candidates(bench.task->layer, bench.task->target, fresh, settings_.compile);
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
  std::vector<measure::Opener> openers;
  for (const schedules::Point& point : points) {
    auto made = open_.find({task, point});
    if (made == open_.end()) {
      auto compiled = candidate(task, point);
      if (!compiled) return {};
      made = open_.emplace(std::make_pair(task, point), std::move(*compiled)).first;
    }
    openers.push_back(made->second.open);
  }
  measure::TrialOptions settings = options(task);
  settings.seconds = seconds;
  settings.session = session;
  auto rounds = measure::time_together(prepared(task), openers, settings).rounds;
  for (auto& one : rounds) one = rounded(std::move(one));
  return rounds;
}

}  // namespace sepconv::cli
