// Tests: a difference names its place, its extent and what was never written.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "measure/buffers.h"
#include "measure/compare.h"

namespace sepconv::measure {
namespace {

constexpr spec::Shape kShape{1, 2, 2, 2};

std::vector<float> floats(const reference::Expected& expected) {
  return {expected.values.begin(), expected.values.end()};
}

const reference::Expected kExact{{0, 1, 2, 3, 4, 5, 6, 7}, {}};
const reference::Expected kBounded{{0, 1, 2, 3, 4, 5, 6, 7}, {1, 1, 1, 1, 0.5, 1, 1, 1}};

TEST(Compare, EqualOutputsHaveNoDifference) {
  const Comparison found = compare(kShape, kExact, floats(kExact));
  EXPECT_EQ(found.difference, "");
  EXPECT_EQ(found.max_error, 0);
}

TEST(Compare, WithoutBoundsOneUlpIsWrong) {
  auto actual = floats(kExact);
  actual[5] = std::nextafter(actual[5], 10.0F);
  const Comparison found = compare(kShape, kExact, actual);
  EXPECT_NE(found.difference.find("output [n=0 h=1 w=0 c=1] is 5.00000048, must be 5; 1 of 8"),
            std::string::npos)
      << found.difference;
  EXPECT_GT(found.max_error, 0);
  EXPECT_EQ(found.bound, 0);
}

TEST(Compare, ReportsTheOutputWithTheLargestShareOfItsBound) {
  auto actual = floats(kBounded);
  actual[1] += 0.375F;  // share 0.375
  actual[4] += 0.25F;   // share 0.5
  const Comparison found = compare(kShape, kBounded, actual);
  EXPECT_EQ(found.difference, "");
  EXPECT_EQ(found.max_error, 0.25);
  EXPECT_EQ(found.bound, 0.5);
}

TEST(Compare, ReportsTheBoxOfAllWrongOutputs) {
  auto actual = floats(kBounded);
  actual[6] += 3;
  actual[7] += 3;
  const Comparison found = compare(kShape, kBounded, actual);
  EXPECT_NE(found.difference.find("must be 6 +- 1; 2 of 8 are wrong: n 0..0 h 1..1 w 1..1 c 0..1"),
            std::string::npos)
      << found.difference;
}

TEST(Compare, NotANumberIsAnInfiniteError) {
  auto actual = floats(kBounded);
  actual[0] = std::numeric_limits<float>::quiet_NaN();
  const Comparison found = compare(kShape, kBounded, actual);
  EXPECT_EQ(found.max_error, std::numeric_limits<double>::infinity());
  EXPECT_NE(found.difference.find("is nan"), std::string::npos);
}

TEST(Compare, CountsWhatWasNeverWritten) {
  auto actual = floats(kExact);
  std::memcpy(&actual[3], &kPoison, sizeof(kPoison));
  EXPECT_NE(compare(kShape, kExact, actual).difference.find("; 1 were never written"),
            std::string::npos);
}

TEST(Compare, LooksAtTheShapesImagesOnly) {
  const reference::Expected two{{1, 2}, {}};
  EXPECT_EQ(compare({1, 1, 1, 1}, two, {1}).difference, "");
}

}  // namespace
}  // namespace sepconv::measure
