// Tests: budgets end a session, and trials go where they gain most.
#include "tune/session.h"

#include <gtest/gtest.h>

#include "tests/tune/fixture.h"

namespace sepconv::tune {
namespace {

double no_time() { return 0; }

std::vector<Result> good(size_t, const std::vector<Proposal>& proposals) {
  return toy_results(proposals);
}

size_t trials(const Session& session, size_t task) {
  return session.searches[task]->history().size();
}

TEST(Session, EndsAtItsTrials) {
  const std::vector<Task> tasks(3, toy_task());
  SessionOptions options;
  options.budget.trials = 10;
  const Session session = run(tasks, options, good, no_time);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(trials(session, i), 10U);
  EXPECT_FALSE(session.interrupted);
}

TEST(Session, AnnouncesEachBatchBeforeTheOneAheadIsEvaluated) {
  const std::vector<Task> tasks(1, toy_task());
  SessionOptions options;
  options.budget.trials = 12;
  std::vector<Point> announced;
  size_t evaluated = 0;
  const auto evaluate = [&](size_t, const std::vector<Proposal>& proposals) {
    for (const Proposal& proposal : proposals) {
      EXPECT_EQ(announced.at(evaluated++), proposal.point);
    }
    EXPECT_GT(announced.size() + (evaluated == 12 ? 1 : 0), evaluated);
    return toy_results(proposals);
  };
  (void)run(tasks, options, evaluate, no_time, {},
            [&](size_t, const std::vector<Proposal>& proposals) {
              for (const Proposal& proposal : proposals) announced.push_back(proposal.point);
            });
  EXPECT_EQ(announced.size(), 12U);
}

TEST(Session, CarriesGoodPointsToSimilarLayers) {
  const std::vector<Task> tasks(2, toy_task());
  SessionOptions options;
  options.budget.trials = 12;
  const Session session = run(tasks, options, good, no_time);
  size_t carried = 0;
  for (const auto& search : session.searches) {
    for (const Entry& entry : search->history()) carried += entry.proposal.origin == "similar";
  }
  EXPECT_GT(carried, 0U);
}

TEST(Session, EndsAtItsTime) {
  const std::vector<Task> tasks(2, toy_task());
  SessionOptions options;
  options.budget.seconds = 10;
  double now = 0;
  const Session session = run(tasks, options, good, [&] { return now += 1; });
  EXPECT_LE(trials(session, 0) + trials(session, 1), 40U);
  EXPECT_GT(trials(session, 1), 0U);
}

TEST(Session, EndsWithoutGain) {
  const std::vector<Task> tasks(1, toy_task());
  SessionOptions options;
  options.budget.patience = 20;
  const auto constant = [](size_t, const std::vector<Proposal>& proposals) {
    return std::vector<Result>(proposals.size(), {db::TrialOutcome::ok, 1});
  };
  const Session session = run(tasks, options, constant, no_time);
  EXPECT_GE(trials(session, 0), 20U);
  EXPECT_LE(trials(session, 0), 28U);
}

TEST(Session, EndsWhenTheDomainIsEmpty) {
  std::vector<Task> tasks(1, toy_task());
  const auto all = all_points(tasks[0].domain);
  tasks[0].domain.only.assign(all.begin(), all.begin() + 11);
  const Session session = run(tasks, {}, good, no_time);
  EXPECT_EQ(trials(session, 0), 11U);
}

TEST(Session, EndsWhenResultsAreMissing) {
  const std::vector<Task> tasks(2, toy_task());
  const auto some = [](size_t, const std::vector<Proposal>& proposals) {
    auto results = toy_results(proposals);
    results.pop_back();
    return results;
  };
  const Session session = run(tasks, {}, some, no_time);
  EXPECT_TRUE(session.interrupted);
  EXPECT_EQ(trials(session, 0) + trials(session, 1), 3U);
}

TEST(Session, GivesTheHeavyLayerMoreTrialsButEveryOneSome) {
  std::vector<Task> tasks(3, toy_task());
  tasks[1].weight = 20;
  SessionOptions options;
  options.budget.seconds = 30;
  double now = 0;
  const Session session = run(tasks, options, good, [&] { return now += 1; });
  EXPECT_GT(trials(session, 1), trials(session, 0));
  EXPECT_GT(trials(session, 1), trials(session, 2));
  EXPECT_GT(trials(session, 0), 0U);
  EXPECT_GT(trials(session, 2), 0U);
}

TEST(Session, LeavesATaskThatGainsNothing) {
  std::vector<Task> tasks(2, toy_task());
  SessionOptions options;
  options.budget.seconds = 16;
  double now = 0;
  const auto evaluate = [](size_t task, const std::vector<Proposal>& proposals) {
    if (task == 0) return std::vector<Result>(proposals.size(), {db::TrialOutcome::ok, 1});
    return toy_results(proposals);
  };
  const Session session = run(tasks, options, evaluate, [&] { return now += 1; });
  EXPECT_GT(trials(session, 1), trials(session, 0));
}

TEST(Session, IsTheSameForASeed) {
  const std::vector<Task> tasks(3, toy_task());
  SessionOptions options;
  options.budget.trials = 24;
  options.seed = 9;
  std::vector<Point> orders[2];
  for (auto& order : orders) {
    const auto noting = [&](size_t task, const std::vector<Proposal>& proposals) {
      for (const Proposal& proposal : proposals) order.push_back(proposal.point);
      return good(task, proposals);
    };
    (void)run(tasks, options, noting, no_time);
  }
  EXPECT_EQ(orders[0], orders[1]);
}

}  // namespace
}  // namespace sepconv::tune
