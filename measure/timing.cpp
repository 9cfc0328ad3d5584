// Measure: samples taken in turn and their statistics. Knows no kernel.
#include "measure/timing.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace sepconv::measure {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kSampleMicroseconds = 20;
constexpr double kWarmMicroseconds = 50'000;  // of warm calls before a sample, beside the first
constexpr double kPatience = 4;  // times the seconds asked for, on a machine with other work

double microseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
}

double percentile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

/// How often the system took a CPU away from this process.
long preemptions() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_nivcsw;
}

/// Of one sample.
struct Calls {
  size_t warm = 0, timed = 1;
};

/// Microseconds a call, with and without those samples during which a CPU was taken away.
struct Samples {
  Calls calls;  ///< of one sample
  std::vector<double> all, undisturbed;
};

double sample(const Timed& timed, const Calls& calls, bool& disturbed) {
  disturbed = false;
  for (size_t i = 0; i < calls.warm; ++i) {
    if (timed.elsewhere) {
      timed.elsewhere(1);
    } else {
      timed.run();
    }
  }
  if (timed.before) timed.before();
  if (timed.elsewhere) {
    const Sample taken = timed.elsewhere(calls.timed);
    disturbed = taken.disturbed;
    return taken.us;
  }
  const long before = preemptions();
  const auto begin = Clock::now();
  for (size_t i = 0; i < calls.timed; ++i) timed.run();
  const double spent = microseconds_since(begin);
  disturbed = preemptions() != before;
  return spent / static_cast<double>(calls.timed);
}

/// Runs it once untimed, then finds how many calls fill a sample and how many may warm it.
Calls calls_per_sample(const Timed& timed) {
  if (timed.repeat > 0 && timed.warm == 0) return {0, timed.repeat};
  bool ignored = false;
  sample(timed, {}, ignored);
  const double once =
      std::max(0.01, std::min(sample(timed, {}, ignored), sample(timed, {}, ignored)));
  const auto fill = static_cast<size_t>(std::max(1.0, kSampleMicroseconds / once));
  const auto most = static_cast<size_t>(1 + kWarmMicroseconds / once);
  return {std::min(timed.warm, most), timed.repeat > 0 ? timed.repeat : fill};
}

void take(const Timed& timed, Samples& samples) {
  bool disturbed = false;
  const double value = sample(timed, samples.calls, disturbed);
  samples.all.push_back(value);
  if (!disturbed) samples.undisturbed.push_back(value);
}

bool enough(const std::vector<Samples>& samples, size_t least) {
  return std::all_of(samples.begin(), samples.end(),
                     [&](const Samples& one) { return one.undisturbed.size() >= least; });
}

/// One round: a sample of each, forwards or backwards; whether nothing disturbed it.
bool take_round(const std::vector<Timed>& timed, const std::vector<Calls>& calls, bool backwards,
                std::vector<double>& round) {
  bool undisturbed = true;
  for (size_t i = 0; i < timed.size(); ++i) {
    const size_t which = backwards ? timed.size() - 1 - i : i;
    bool disturbed = false;
    round[which] = sample(timed[which], calls[which], disturbed);
    undisturbed = undisturbed && !disturbed;
  }
  return undisturbed;
}

std::vector<std::vector<double>> columns(const std::vector<std::vector<double>>& rounds,
                                         size_t count) {
  std::vector<std::vector<double>> lists(count);
  for (const auto& round : rounds) {
    for (size_t i = 0; i < count; ++i) lists[i].push_back(round[i]);
  }
  return lists;
}

}  // namespace

Statistics statistics(std::vector<double> samples) {
  Statistics result;
  result.samples = samples.size();
  if (samples.empty()) return result;
  std::sort(samples.begin(), samples.end());
  const auto count = static_cast<double>(samples.size());
  for (const double value : samples) result.mean += value / count;
  double squares = 0;
  for (const double value : samples) squares += (value - result.mean) * (value - result.mean);
  result.std = samples.size() > 1 ? std::sqrt(squares / (count - 1)) : 0;
  result.min = samples.front();
  result.max = samples.back();
  result.median = percentile(samples, 0.5);
  result.p95 = percentile(samples, 0.95);
  result.p99 = percentile(samples, 0.99);
  return result;
}

std::vector<std::vector<double>> sample_in_turn(const std::vector<Timed>& timed, double seconds,
                                                size_t least,
                                                const std::function<void()>& between) {
  std::vector<Samples> samples(timed.size());
  for (size_t i = 0; i < timed.size(); ++i) samples[i].calls = calls_per_sample(timed[i]);
  const auto begin = Clock::now();
  const auto spent = [&] { return microseconds_since(begin) * 1e-6; };
  for (size_t round = 0; round < least || spent() < seconds ||
                         (!enough(samples, least) && spent() < kPatience * seconds);
       ++round) {
    if (between) between();
    for (size_t i = 0; i < timed.size(); ++i) take(timed[i], samples[i]);
  }
  std::vector<std::vector<double>> result;
  for (Samples& one : samples) {
    const bool good = one.undisturbed.size() >= least;
    result.push_back(std::move(good ? one.undisturbed : one.all));
  }
  return result;
}

std::vector<std::vector<double>> sample_rounds(const std::vector<Timed>& timed, double seconds,
                                               size_t least, size_t most) {
  std::vector<Calls> calls;
  for (const Timed& one : timed) calls.push_back(calls_per_sample(one));
  std::vector<std::vector<double>> all, undisturbed;
  const auto begin = Clock::now();
  const auto spent = [&] { return microseconds_since(begin) * 1e-6; };
  while (all.size() < most && (all.size() < least || spent() < seconds ||
                               (undisturbed.size() < least && spent() < kPatience * seconds))) {
    std::vector<double> round(timed.size());
    if (take_round(timed, calls, all.size() % 2 == 1, round)) undisturbed.push_back(round);
    all.push_back(std::move(round));
  }
  return columns(undisturbed.size() >= least ? undisturbed : all, timed.size());
}

}  // namespace sepconv::measure
