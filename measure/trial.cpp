// Measure: a candidate's trial in a contained child, its numbers brought back in shared memory.
// Knows no schedule and no search.
#include "measure/trial.h"

#include <fmt/core.h>
#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <utility>

#include "measure/calls.h"
#include "measure/device/device_run.h"
#include "measure/timing.h"

namespace sepconv::measure {
namespace {

constexpr size_t kMostRounds = 48;
/// Long beside the clock's cost and the first call's misses, short beside the scheduler's slices.
constexpr double kSampleMicroseconds = 300;

/// What the child leaves for its parent.
struct Sheet {
  Verdict verdict;
  size_t rounds;
  double us[kMostTogether][kMostRounds];
};

Outcome failed(std::string reason) { return {Status::failed, 0, 0, std::move(reason)}; }

/// The child's work so far is worth this verdict if it ends now.
Outcome stop(Sheet& sheet, Verdict verdict, std::string reason) {
  sheet.verdict = verdict;
  return failed(std::move(reason));
}

Result<std::vector<Kernel>> open_real(const std::vector<Opener>& openers) {
  std::vector<Kernel> kernels;
  for (const Opener& open : openers) {
    auto pair = open();
    if (!pair) return fail(std::move(pair.error()));
    kernels.push_back(std::move(pair->real));
  }
  return kernels;
}

/// The bits of the output after a run, or why there are none.
Result<std::vector<float>> output_of(Calls& calls, size_t index) {
  calls.output.poison();
  const sepconv_status status = calls.run(index);
  if (status == SEPCONV_OK) return calls.output.read();
  Error error;
  error.message = fmt::format("the run says status {}: {}", static_cast<int>(status),
                              sepconv_status_message(status));
  return fail(std::move(error));
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

/// Runs the first kernel twice and, where asked, the second one; empty when all bits are equal.
std::string compare_bits(Calls& calls, const TrialOptions& options, Sheet& sheet) {
  note("running twice on the same data");
  const auto once = output_of(calls, 0);
  const auto twice = output_of(calls, 0);
  sheet.verdict = Verdict::unusable;
  if (!once) return once.error().front().message;
  if (!twice) return twice.error().front().message;
  sheet.verdict = Verdict::differs;
  if (!same_bits(*once, *twice)) return "two runs on the same data gave different bits";
  if (!options.same_bits || calls.kernels.size() < 2) return {};
  const auto baseline = output_of(calls, 1);
  sheet.verdict = Verdict::unusable;
  if (!baseline) return "the baseline: " + baseline.error().front().message;
  sheet.verdict = Verdict::wrong;
  return same_bits(*once, *baseline) ? "" : "its bits differ from the baseline's";
}

/// Calls that fill a sample.
size_t repeats(Timed once) {
  once.repeat = 1;
  const double us = statistics(sample_rounds({once}, 0, 3, 3).front()).min;
  return static_cast<size_t>(std::max(1.0, kSampleMicroseconds / std::max(us, 0.01)));
}

/// Kernels opened on a device; none where they run on the CPU.
struct OnDevice {
  std::unique_ptr<Device> device;
  std::vector<std::unique_ptr<DeviceRun>> runs;
};

/// Why they cannot be opened, or empty.
std::string open_device(const Calls& calls, targets::Device kind, OnDevice& opened) {
  if (kind == targets::Device::cpu) return {};
  opened.device = std::make_unique<Device>(kind);
  if (!opened.device->usable()) return opened.device->problem();
  for (size_t i = 0; i < calls.kernels.size(); ++i) {
    opened.runs.push_back(
        std::make_unique<DeviceRun>(*opened.device, calls.kernels[i], calls.calls[i]));
    if (!opened.runs.back()->problem().empty()) return opened.runs.back()->problem();
  }
  return {};
}

std::vector<Timed> turns(const OnDevice& opened) {
  std::vector<Timed> timed(opened.runs.size());
  for (size_t i = 0; i < timed.size(); ++i) {
    DeviceRun* run = opened.runs[i].get();
    timed[i].repeat = run->runs_a_sample();
    timed[i].elsewhere = [run](size_t runs) {
      const double us = run->microseconds(runs);
      if (us < 0) throw std::runtime_error("a run on the device failed");
      return Sample{us};
    };
  }
  return timed;
}

std::vector<Timed> turns(const Calls& calls, const OnDevice& opened) {
  if (opened.device != nullptr) return turns(opened);
  std::vector<Timed> timed(calls.kernels.size());
  for (size_t i = 0; i < timed.size(); ++i) {
    timed[i].run = [&calls, i] { (void)calls.run(i); };
    const Kernel& kernel = calls.kernels[i];
    if (kernel.remote) {
      timed[i].elsewhere = [held = kernel.hold(calls.calls[i])](size_t n) { return held(n, 0); };
    }
    timed[i].repeat = repeats(timed[i]);
    // Brings its own code and data back into the caches after another kernel's turn.
    if (!kernel.remote) timed[i].before = timed[i].run;
  }
  return timed;
}

void keep(const std::vector<std::vector<double>>& rounds, Sheet& sheet) {
  sheet.rounds = std::min(rounds.front().size(), kMostRounds);
  for (size_t i = 0; i < rounds.size(); ++i) {
    std::copy_n(rounds[i].begin(), sheet.rounds, sheet.us[i]);
  }
}

void sample(const Calls& calls, const OnDevice& opened, const TrialOptions& options, Sheet& sheet) {
  note("timing");
  const auto timed = turns(calls, opened);
  constexpr size_t kFirst = 5;
  const auto first = sample_rounds(timed, 0, kFirst, kFirst);
  const bool pair = timed.size() == 2;
  // Minima: other work on the machine may slow down some of so few samples, but seldom all.
  if (pair && statistics(first[0]).min > options.hopeless * statistics(first[1]).min) {
    return keep(first, sheet);
  }
  keep(sample_rounds(timed, options.seconds, options.least_rounds, kMostRounds), sheet);
}

/// Each staggered buffer moves the places of those to come.
void move_places(int session) {
  for (int i = 0; i < session; ++i) {
    (void)GuardedBuffer::make("", 1, SEPCONV_ALIGNMENT, Placement::staggered);
  }
}

/// Opens and prepares in the child; the outcome of a failure is left in `problem`.
std::unique_ptr<Calls> prepare(const Prepared& prepared, const std::vector<Opener>& openers,
                               const TrialOptions& options, Pool& pool, std::string& problem) {
  move_places(options.session);
  note("opening the library");
  auto kernels = open_real(openers);
  if (!kernels) {
    problem = kernels.error().front().message;
    return nullptr;
  }
  note("packing the weights");
  auto calls = make_calls(prepared.real, std::move(*kernels), pool);
  if (!calls) {
    problem = calls.error().front().message;
    return nullptr;
  }
  return std::move(*calls);
}

Outcome try_candidate(const Prepared& prepared, const std::vector<Opener>& openers,
                      const TrialOptions& options, Sheet& sheet) {
  Pool pool(options.threads);
  std::string problem;
  const auto calls = prepare(prepared, openers, options, pool, problem);
  if (calls == nullptr) return stop(sheet, Verdict::unusable, problem);
  problem = compare_bits(*calls, options, sheet);
  if (!problem.empty()) return failed(problem);
  const auto candidate = openers.front()();
  if (!candidate) return stop(sheet, Verdict::unusable, candidate.error().front().message);
  Outcome outcome = check(prepared, candidate->exact, candidate->real, options.threads);
  // A layer whose values prove little is no candidate's fault; verify says so.
  if (outcome.status == Status::failed) {
    sheet.verdict = Verdict::wrong;
    return outcome;
  }
  OnDevice opened;
  problem = open_device(*calls, options.device, opened);
  if (!problem.empty()) return stop(sheet, Verdict::unusable, problem);
  if (options.timed) sample(*calls, opened, options, sheet);
  sheet.verdict = Verdict::ok;
  outcome.status = Status::passed;
  return outcome;
}

Outcome time_all(const Prepared& prepared, const std::vector<Opener>& openers,
                 const TrialOptions& options, Sheet& sheet) {
  Pool pool(options.threads);
  std::string problem;
  const auto calls = prepare(prepared, openers, options, pool, problem);
  if (calls == nullptr) return stop(sheet, Verdict::unusable, problem);
  OnDevice opened;
  problem = open_device(*calls, options.device, opened);
  if (!problem.empty()) return stop(sheet, Verdict::unusable, problem);
  note("timing");
  keep(sample_rounds(turns(*calls, opened), options.seconds, options.least_rounds, kMostRounds),
       sheet);
  sheet.verdict = Verdict::ok;
  return {};
}

using Work = Outcome (*)(const Prepared&, const std::vector<Opener>&, const TrialOptions&, Sheet&);

TrialResult run(const Work work, const Prepared& prepared, const std::vector<Opener>& openers,
                const TrialOptions& options) {
  TrialResult result;
  void* memory =
      mmap(nullptr, sizeof(Sheet), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    result.outcome = {Status::skipped, 0, 0, "no shared memory for the results", End::not_run};
    return result;
  }
  auto* sheet = new (memory) Sheet{};
  const auto all = [&]() -> Outcome {
    try {
      return work(prepared, openers, options, *sheet);
    } catch (const KernelLost& lost) {
      return {Status::failed, 0, 0, lost.reason, End::crashed};
    }
  };
  result.outcome =
      options.remote ? isolated(options.limits.seconds, all) : contained(options.limits, all);
  const bool returned = result.outcome.end == End::returned;
  result.verdict = returned ? sheet->verdict : Verdict::died;
  if (returned && sheet->verdict == Verdict::ok) {
    const size_t rounds = std::min(sheet->rounds, kMostRounds);
    for (size_t i = 0; i < openers.size(); ++i) {
      result.rounds.emplace_back(sheet->us[i], sheet->us[i] + rounds);
    }
  }
  munmap(memory, sizeof(Sheet));
  return result;
}

}  // namespace

TrialResult run_trial(const Prepared& prepared, const Opener& candidate, const Opener& baseline,
                      const TrialOptions& options) {
  std::vector<Opener> openers{candidate};
  if (baseline) openers.push_back(baseline);
  return run(try_candidate, prepared, openers, options);
}

TrialResult time_together(const Prepared& prepared, const std::vector<Opener>& kernels,
                          const TrialOptions& options) {
  const size_t count = std::min(kernels.size(), kMostTogether);
  return run(time_all, prepared, {kernels.begin(), kernels.begin() + count}, options);
}

}  // namespace sepconv::measure
