// Tests of measure: emptied caches leave values alone.
#include "measure/evict.h"

#include <gtest/gtest.h>

#include <vector>

namespace sepconv::measure {
namespace {

TEST(Rewrite, KeepsEveryValue) {
  std::vector<float> values;
  for (int i = 0; i < 1000; ++i) values.push_back(static_cast<float>(i));
  const std::vector<float> before = values;
  rewrite(values.data(), values.size() * sizeof(float));
  EXPECT_EQ(values, before);
}

TEST(Evictor, RunsOnOneThreadAndOnAllCores) {
  for (const int threads : {1, 2}) {
    Evictor evict(threads);
    evict();
  }
}

}  // namespace
}  // namespace sepconv::measure
