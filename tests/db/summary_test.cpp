// Tests of the tuner's files: what a journal says so far.
#include "schedules/db/summary.h"
#include "fixture.h"

namespace sepconv::db {
namespace {

Trial timed(const char* point, std::vector<double> samples, const char* origin = "random") {
  Trial trial = sample_trial(0);
  trial.point = point;
  trial.samples_us = std::move(samples);
  trial.origin = origin;
  return trial;
}

Trial failed(TrialOutcome outcome) {
  Trial trial = sample_trial(0);
  trial.outcome = outcome;
  trial.samples_us.clear();
  return trial;
}

TEST(Summary, RanksPointsByTheMedianOfAllTheirSamples) {
  const auto all = summarise({timed("x=1", {10, 11, 12}, "heuristic"), timed("x=2", {5, 20, 20}),
                              timed("x=3", {9}), timed("x=3", {8, 7})});
  ASSERT_EQ(all.size(), 1u);
  const auto& ranking = all[0].ranking;
  ASSERT_EQ(ranking.size(), 3u);
  EXPECT_EQ(ranking[0].point, (schedules::Point{{"x", 3}}));
  EXPECT_EQ(ranking[0].us, 8);
  EXPECT_EQ(ranking[0].heuristic_us, 11);
  EXPECT_EQ(ranking[0].trials, 4);
  EXPECT_EQ(ranking[2].us, 20);
}

TEST(Summary, TheHeuristicsPointIsAsFastAsItself) {
  const auto all = summarise({timed("x=1", {10}, "heuristic"), timed("x=1", {8, 8}, "confirm")});
  ASSERT_EQ(all[0].ranking.size(), 1u);
  EXPECT_EQ(all[0].ranking[0].us, 8);
  EXPECT_EQ(all[0].ranking[0].heuristic_us, 8);
}

TEST(Summary, CountsOutcomesAndNeverRanksFailures) {
  const auto all = summarise({failed(TrialOutcome::crash), failed(TrialOutcome::crash),
                              failed(TrialOutcome::wrong_result)});
  ASSERT_EQ(all.size(), 1u);
  EXPECT_TRUE(all[0].ranking.empty());
  EXPECT_EQ(all[0].trials, 3);
  EXPECT_EQ(all[0].outcomes[static_cast<size_t>(TrialOutcome::crash)], 2);
  EXPECT_EQ(all[0].outcomes[static_cast<size_t>(TrialOutcome::wrong_result)], 1);
  EXPECT_EQ(all[0].outcomes[static_cast<size_t>(TrialOutcome::ok)], 0);
}

TEST(Summary, KeepsApartWhatCannotBeCompared) {
  std::vector<Trial> trials(5, sample_trial(0));
  trials[1].machine = "zen5";
  trials[2].threads = 2;
  trials[3].versions.halide = "22.0.0";
  trials[4].versions.space = 2;
  EXPECT_EQ(summarise(trials).size(), 5u);
}

}  // namespace
}  // namespace sepconv::db
