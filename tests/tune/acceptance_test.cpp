// Tests: noise is not taken for an improvement, and an improvement not for noise.
#include "tune/acceptance.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tune/random.h"

namespace sepconv::tune {
namespace {

double normal(Random& random) {
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += random.unit();
  return sum;
}

/// What a shared machine shows of two kernels whose true ratio is `ratio`: samples with a heavy
/// tail, a speed that drifts through a session, and addresses that favour one by up to `bias` in
/// each process.
std::vector<Pairs> sessions(double ratio, double noise, double bias, Random& random) {
  std::vector<Pairs> all(9);
  for (Pairs& pairs : all) {
    const double favour = std::exp(bias * normal(random));
    double speed = 100;
    for (int round = 0; round < 25; ++round) {
      speed *= std::exp(0.3 * noise * normal(random));
      const auto sample = [&](double time) {
        const double spike = random.chance(0.1) ? 1 + 3 * random.unit() : 1;
        return time * spike * std::exp(noise * normal(random));
      };
      pairs.candidate.push_back(sample(speed * ratio * favour));
      pairs.incumbent.push_back(sample(speed));
    }
  }
  return all;
}

int accepted(double ratio, double noise, double bias, uint64_t seed) {
  Random random(seed);
  int count = 0;
  for (int trial = 0; trial < 100; ++trial) {
    count += judge(sessions(ratio, noise, bias, random)).accepted ? 1 : 0;
  }
  return count;
}

TEST(Acceptance, TakesAtMostOneOfAHundredEqualKernelsForFaster) {
  for (const double noise : {0.002, 0.01, 0.05, 0.2}) {
    for (const double bias : {0.0, 0.003, 0.01}) {
      EXPECT_LE(accepted(1, noise, bias, 1), 1) << "noise " << noise << " bias " << bias;
    }
  }
}

TEST(Acceptance, AcceptsThreePerCentOnAQuietMachine) {
  EXPECT_GE(accepted(0.97, 0.01, 0.003, 2), 95);
}

TEST(Acceptance, AcceptsTwentyPerCentOnANoisyMachine) {
  EXPECT_GE(accepted(0.8, 0.05, 0.01, 3), 99);
}

TEST(Acceptance, NeverAcceptsASlowerKernel) { EXPECT_EQ(accepted(1.02, 0.02, 0.005, 4), 0); }

TEST(Acceptance, NeedsEnoughSessions) {
  Random random(5);
  auto few = sessions(0.5, 0.01, 0, random);
  few.resize(kLeastSessions - 1);
  EXPECT_FALSE(judge(few).accepted);
  EXPECT_FALSE(judge({}).accepted);
}

TEST(Acceptance, SaysRatioAndInterval) {
  Random random(6);
  const Verdict verdict = judge(sessions(0.9, 0.005, 0.002, random));
  EXPECT_NEAR(verdict.ratio, 0.9, 0.01);
  EXPECT_LE(verdict.low, verdict.ratio);
  EXPECT_GE(verdict.high, verdict.ratio);
  EXPECT_GT(verdict.noise, 0);
}

TEST(MedianRatio, IsOfPairsAndNotOfMedians) {
  EXPECT_DOUBLE_EQ(median_ratio({{1, 20, 3}, {2, 40, 6}}), 0.5);
  EXPECT_DOUBLE_EQ(median_ratio({}), 1);
}

}  // namespace
}  // namespace sepconv::tune
