// Tests: only trials made under equal conditions answer a proposal.
#include "tune/history.h"

#include <gtest/gtest.h>

namespace sepconv::tune {
namespace {

db::Trial good_trial() {
  db::Trial trial;
  trial.layer = "layer";
  trial.target = "target";
  trial.machine = "zen4";
  trial.point = "a=1";
  trial.outcome = db::TrialOutcome::ok;
  trial.samples_us = {5, 20, 5};
  trial.incumbent = "a=2";
  trial.incumbent_us = {10, 40, 10};
  trial.versions = {"0.1.0", "21.0.0", 1};
  return trial;
}

Conditions conditions() { return {"layer", "target", "zen4", 1, {"9", "21.0.0", 1}, "a=2"}; }

TEST(Recorded, FindsATrialOfEqualConditions) {
  const Recorded found = recorded({good_trial()}, conditions());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_DOUBLE_EQ(result_of(found.at("a=1")).relative, 0.5);
}

TEST(Recorded, LeavesOutTrialsOfOtherConditions) {
  std::vector<db::Trial> others(9, good_trial());
  others[0].layer = "other";
  others[1].target = "other";
  others[2].machine = "other";
  others[3].threads = 2;
  others[4].versions.halide = "22.0.0";
  others[5].versions.space = 2;
  others[6].incumbent = "a=3";
  others[7].origin = kConfirmation;
  others[8].predicted = true;
  EXPECT_TRUE(recorded(others, conditions()).empty());
}

TEST(Recorded, TakesAnyMachineAndBaselineWhereNoneIsNamed) {
  Conditions any = conditions();
  any.machine.clear();
  any.baseline.clear();
  db::Trial trial = good_trial();
  trial.machine = "other";
  trial.incumbent = "a=3";
  EXPECT_EQ(recorded({trial}, any).size(), 1U);
}

TEST(Recorded, RemembersFailures) {
  db::Trial trial = good_trial();
  trial.outcome = db::TrialOutcome::hang;
  trial.incumbent.clear();
  trial.incumbent_us.clear();
  const Recorded found = recorded({trial}, conditions());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(result_of(found.at("a=1")).outcome, db::TrialOutcome::hang);
}

TEST(ResultOf, IsNotMisledByDisturbedSamples) {
  db::Trial trial = good_trial();
  trial.samples_us = {20, 20, 20, 20, 90};
  trial.incumbent_us = {80, 70, 10, 95, 60};  // a candidate that was given up, on a busy machine
  EXPECT_DOUBLE_EQ(result_of(trial).relative, 2);
  trial.samples_us = {5, 5, 5, 5, 5, 5, 60, 70, 80, 90, 90, 90};
  trial.incumbent_us = {10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10};
  EXPECT_DOUBLE_EQ(result_of(trial).relative, 0.5);
}

TEST(Recorded, KeepsTheFirstOfAPoint) {
  db::Trial later = good_trial();
  later.samples_us = {10, 40, 10};
  const Recorded found = recorded({good_trial(), later}, conditions());
  EXPECT_DOUBLE_EQ(result_of(found.at("a=1")).relative, 0.5);
}

}  // namespace
}  // namespace sepconv::tune
