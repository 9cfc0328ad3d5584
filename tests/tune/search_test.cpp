// Tests: a search finds good points, repeats none, and is the same for a seed.
#include "tune/search.h"

#include <gtest/gtest.h>

#include "tests/tune/fixture.h"

namespace sepconv::tune {
namespace {

TEST(Search, FindsNearlyTheBestPointFromAnySeed) {
  const Task task = toy_task();
  double sum = 0;
  for (uint64_t seed = 0; seed < 8; ++seed) {
    const double best = found(task, Strategy::guided, seed, 100);
    EXPECT_LE(best, 0.8 * 1.12) << "seed " << seed;
    sum += best / 8;
  }
  EXPECT_LE(sum, 0.8 * 1.05);
}

TEST(Search, IsBetterThanChance) {
  const Task task = toy_task();
  double guided = 0;
  double random = 0;
  for (uint64_t seed = 0; seed < 8; ++seed) {
    guided += found(task, Strategy::guided, seed, 60);
    random += found(task, Strategy::random, seed, 60);
  }
  EXPECT_LT(guided, random);
}

TEST(Search, ProposesTheSameForASeedAndOtherwiseForAnother) {
  const Task task = toy_task();
  const auto proposals = [&](uint64_t seed) {
    Search search(task, Strategy::guided, seed);
    std::vector<Point> points;
    for (int i = 0; i < 6; ++i) {
      for (const Proposal& proposal : search.propose(4)) {
        points.push_back(proposal.point);
        search.tell(proposal, {db::TrialOutcome::ok, toy_time(proposal.point)});
      }
    }
    return points;
  };
  EXPECT_EQ(proposals(1), proposals(1));
  EXPECT_NE(proposals(1), proposals(2));
}

TEST(Search, RepeatsNoPointAndTriesAllOfASmallDomain) {
  Task task = toy_task();
  const auto all = all_points(task.domain);
  task.domain.only.assign(all.begin(), all.begin() + 37);
  for (const Strategy strategy : {Strategy::guided, Strategy::random, Strategy::exhaustive}) {
    Search search(task, strategy, 5);
    std::set<Point> seen;
    while (true) {
      const auto proposals = search.propose(4);
      if (proposals.empty()) break;
      for (const Proposal& proposal : proposals) {
        EXPECT_TRUE(seen.insert(proposal.point).second);
        search.tell(proposal, {db::TrialOutcome::ok, toy_time(proposal.point)});
      }
    }
    EXPECT_EQ(seen.size(), 37U);
  }
}

TEST(Search, TriesTheFirstPointsFirst) {
  Task task = toy_task();
  const auto all = all_points(task.domain);
  task.first = {{all[9], "heuristic"}, {all[4], "nearest"}, {all[9], "nearest"}};
  Search search(task, Strategy::guided, 0);
  const auto proposals = search.propose(4);
  ASSERT_EQ(proposals.size(), 4U);
  EXPECT_EQ(proposals[0].point, all[9]);
  EXPECT_EQ(proposals[0].origin, "heuristic");
  EXPECT_EQ(proposals[1].point, all[4]);
}

TEST(Search, KeepsAwayFromFailures) {
  Task task = toy_task();
  Search search(task, Strategy::guided, 1);
  // Half of the values of c fail.
  size_t early = 0;
  size_t late = 0;
  for (int i = 0; i < 30; ++i) {
    for (const Proposal& proposal : search.propose(4)) {
      const bool fails = proposal.point.at("q_c") % 12 > 5;
      (i < 10 ? early : late) += fails ? 1 : 0;
      search.tell(proposal, {fails ? db::TrialOutcome::crash : db::TrialOutcome::ok,
                             fails ? 0 : toy_time(proposal.point)});
    }
  }
  EXPECT_LT(late, 40U);
  EXPECT_LE(search.best_of_first(120), 0.8 * 1.1);
}

TEST(Search, KnowsItsBestEntries) {
  const Task task = toy_task();
  Search search(task, Strategy::random, 1);
  EXPECT_EQ(search.best(), std::nullopt);
  EXPECT_EQ(search.best_of_first(10), 1);
  const auto proposals = search.propose(3);
  search.tell(proposals[0], {db::TrialOutcome::ok, 1.2});
  search.tell(proposals[1], {db::TrialOutcome::wrong_result, 0});
  search.tell(proposals[2], {db::TrialOutcome::ok, 0.9});
  EXPECT_EQ(search.best(), 2U);
  EXPECT_EQ(search.fastest(5), (std::vector<size_t>{2, 0}));
  EXPECT_EQ(search.best_of_first(2), 1.2);
}

}  // namespace
}  // namespace sepconv::tune
