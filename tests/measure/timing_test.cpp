// Tests: statistics of fixed samples, and that samples are taken in turn.
#include <gtest/gtest.h>

#include <string>

#include "measure/timing.h"

namespace sepconv::measure {
namespace {

TEST(Statistics, OfFixedSamples) {
  const Statistics s = statistics({4, 1, 3, 2});
  EXPECT_EQ(s.samples, 4U);
  EXPECT_DOUBLE_EQ(s.min, 1);
  EXPECT_DOUBLE_EQ(s.max, 4);
  EXPECT_DOUBLE_EQ(s.mean, 2.5);
  EXPECT_DOUBLE_EQ(s.median, 2.5);
  EXPECT_DOUBLE_EQ(s.std, 1.2909944487358056);
  EXPECT_DOUBLE_EQ(s.p95, 3.85);
  EXPECT_DOUBLE_EQ(s.p99, 3.97);
}

TEST(Statistics, OfOneSampleHaveNoDeviation) {
  const Statistics s = statistics({7});
  EXPECT_DOUBLE_EQ(s.median, 7);
  EXPECT_DOUBLE_EQ(s.p99, 7);
  EXPECT_DOUBLE_EQ(s.std, 0);
}

TEST(Statistics, OfNothingAreZero) {
  const Statistics s = statistics({});
  EXPECT_EQ(s.samples, 0U);
  EXPECT_DOUBLE_EQ(s.mean, 0);
  EXPECT_DOUBLE_EQ(s.max, 0);
}

TEST(SampleInTurn, AlternatesAndCallsBeforeEach) {
  std::string log;
  const Timed a{[&] { log += 'a'; }, [&] { log += '.'; }, 2};
  const Timed b{[&] { log += 'b'; }, {}, 1};
  const auto samples = sample_in_turn({a, b}, 0, 3, [&] { log += '|'; });
  EXPECT_EQ(log, "|.aab|.aab|.aab");
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_EQ(samples[0].size(), 3U);
  EXPECT_EQ(samples[1].size(), 3U);
}

TEST(SampleInTurn, FindsARepeatCountOfItsOwn) {
  size_t calls = 0;
  const auto samples = sample_in_turn({{[&] { ++calls; }, {}, 0}}, 0, 5);
  EXPECT_EQ(samples.at(0).size(), 5U);
  EXPECT_GE(calls, 5U);
}

TEST(SampleInTurn, WarmsEachSample) {
  constexpr size_t kProbes = 3;
  size_t calls = 0;
  Timed timed{[&] { ++calls; }, {}, 1};
  timed.warm = 4;
  EXPECT_EQ(sample_in_turn({timed}, 0, 2).at(0).size(), 2U);
  EXPECT_EQ(calls, kProbes + 2 * (4 + 1));
}

TEST(SampleInTurn, WarmsALongCallOnce) {
  constexpr size_t kProbes = 3;
  size_t calls = 0;
  Timed timed;
  timed.warm = 4;
  timed.elsewhere = [&](size_t) {
    ++calls;
    return Sample{1e6};
  };
  EXPECT_EQ(sample_in_turn({timed}, 0, 2).at(0).size(), 2U);
  EXPECT_EQ(calls, kProbes + 2 * (1 + 1));
}

}  // namespace
}  // namespace sepconv::measure
