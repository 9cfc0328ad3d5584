// Tests: the regression learns what can be learned and is the same for a seed.
#include "tune/forest.h"

#include <gtest/gtest.h>

namespace sepconv::tune {
namespace {

TEST(Forest, WithoutExamplesPredictsNothing) {
  const Forest forest({}, {}, 1);
  EXPECT_EQ(forest.predict({1, 2}).mean, 0);
}

TEST(Forest, FollowsAStep) {
  std::vector<std::vector<double>> rows;
  std::vector<double> values;
  Random random(1);
  for (int i = 0; i < 60; ++i) {
    rows.push_back({random.unit(), random.unit(), random.unit()});
    values.push_back(rows.back()[1] > 0.5 ? 3 : 1);
  }
  const Forest forest(rows, values, 2);
  EXPECT_NEAR(forest.predict({0.5, 0.9, 0.5}).mean, 3, 0.4);
  EXPECT_NEAR(forest.predict({0.5, 0.1, 0.5}).mean, 1, 0.4);
}

TEST(Forest, IsUnsureBetweenExamples) {
  const Forest forest({{0}, {0.1}, {0.9}, {1}}, {1, 1, 2, 2}, 3);
  EXPECT_GT(forest.predict({0.5}).spread, forest.predict({0}).spread);
}

TEST(Forest, IsTheSameForASeed) {
  const std::vector<std::vector<double>> rows{{0, 1}, {1, 0}, {2, 5}, {3, 1}, {4, 4}};
  const std::vector<double> values{1, 2, 3, 4, 5};
  EXPECT_EQ(Forest(rows, values, 4).predict({2, 2}).mean,
            Forest(rows, values, 4).predict({2, 2}).mean);
}

}  // namespace
}  // namespace sepconv::tune
