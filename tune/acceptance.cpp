// Tune: whether a winner is faster beyond the noise. Knows no kernel and no clock.
#include "tune/acceptance.h"

#include <algorithm>
#include <cmath>

#include "schedules/db/record.h"
#include "tune/random.h"

namespace sepconv::tune {
namespace {

constexpr double kLeastGain = 0.005;
constexpr double kChance = 0.01;
constexpr size_t kResamples = 2000;

/// Probability of at least `heads` heads in `throws` throws of a fair coin.
double tail(size_t heads, size_t throws) {
  double sum = 0;
  for (size_t k = heads; k <= throws; ++k) {
    double ways = 1;
    for (size_t i = 0; i < k; ++i) {
      ways *= static_cast<double>(throws - i) / static_cast<double>(i + 1);
    }
    sum += ways;
  }
  return sum * std::pow(0.5, static_cast<double>(throws));
}

double percentile(const std::vector<double>& sorted, double share) {
  return sorted[static_cast<size_t>(share * static_cast<double>(sorted.size() - 1))];
}

void set_interval(const std::vector<double>& ratios, Verdict& verdict) {
  Random random(ratios.size());
  std::vector<double> medians;
  std::vector<double> drawn(ratios.size());
  for (size_t i = 0; i < kResamples; ++i) {
    for (double& value : drawn) value = random.pick(ratios);
    medians.push_back(db::median(drawn));
  }
  std::sort(medians.begin(), medians.end());
  verdict.low = percentile(medians, 0.025);
  verdict.high = percentile(medians, 0.975);
}

}  // namespace

double median_ratio(const Pairs& pairs) {
  std::vector<double> ratios;
  const size_t count = std::min(pairs.candidate.size(), pairs.incumbent.size());
  for (size_t i = 0; i < count; ++i) ratios.push_back(pairs.candidate[i] / pairs.incumbent[i]);
  return ratios.empty() ? 1 : db::median(ratios);
}

double self_noise(const std::vector<double>& samples) {
  Pairs halves;
  for (size_t i = 0; i + 1 < samples.size(); i += 2) {
    halves.candidate.push_back(samples[i]);
    halves.incumbent.push_back(samples[i + 1]);
  }
  return std::abs(median_ratio(halves) - 1);
}

Verdict judge(const std::vector<Pairs>& sessions) {
  Verdict verdict;
  verdict.sessions = sessions.size();
  if (sessions.empty()) return verdict;
  std::vector<double> ratios;
  std::vector<double> noises;
  size_t faster = 0;
  for (const Pairs& pairs : sessions) {
    ratios.push_back(median_ratio(pairs));
    noises.push_back(self_noise(pairs.incumbent));
    faster += ratios.back() < 1 ? 1 : 0;
  }
  verdict.ratio = db::median(ratios);
  verdict.noise = db::median(noises);
  set_interval(ratios, verdict);
  const double margin = std::max(kLeastGain, verdict.noise);
  verdict.accepted = sessions.size() >= kLeastSessions && verdict.ratio < 1 - margin &&
                     verdict.high < 1 - margin / 2 && tail(faster, sessions.size()) < kChance;
  return verdict;
}

}  // namespace sepconv::tune
