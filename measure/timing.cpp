// Measure: samples taken in turn and their statistics. Knows no kernel.
#include "measure/timing.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace sepconv::measure {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kSampleMicroseconds = 20;

double microseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
}

double percentile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

double sample(const Timed& timed, size_t calls) {
  if (timed.before) timed.before();
  if (timed.elsewhere) return timed.elsewhere(calls);
  const auto begin = Clock::now();
  for (size_t i = 0; i < calls; ++i) timed.run();
  return microseconds_since(begin) / static_cast<double>(calls);
}

/// Runs it once untimed, then finds how many calls fill a sample.
size_t calls_per_sample(const Timed& timed) {
  if (timed.repeat > 0) return timed.repeat;
  sample(timed, 1);
  const double once = std::max(sample(timed, 1), 0.01);
  return static_cast<size_t>(std::max(1.0, kSampleMicroseconds / once));
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
  std::vector<size_t> calls;
  for (const Timed& one : timed) calls.push_back(calls_per_sample(one));
  std::vector<std::vector<double>> samples(timed.size());
  const auto begin = Clock::now();
  for (size_t round = 0; round < least || microseconds_since(begin) < seconds * 1e6; ++round) {
    if (between) between();
    for (size_t i = 0; i < timed.size(); ++i) samples[i].push_back(sample(timed[i], calls[i]));
  }
  return samples;
}

Evictor::Evictor(size_t last_cache_bytes)
    : memory_((2 * last_cache_bytes + (8 << 20)) / sizeof(float), 1.0F) {}

void Evictor::operator()() {
  for (size_t i = 0; i < memory_.size(); i += 16) memory_[i] += 1.0F;
  asm volatile("" ::"r"(memory_.data()) : "memory");
}

}  // namespace sepconv::measure
