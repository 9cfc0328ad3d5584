// Tests: the parts of ceilings that measure nothing.
#include <gtest/gtest.h>

#include "measure/ceilings.h"

namespace sepconv::measure {
namespace {

CacheSizes sizes(int64_t l1, int64_t l2, int64_t l3) {
  CacheSizes result;
  result.bytes = {l1, l2, l3};
  return result;
}

TEST(LevelOf, IsTheSmallestThatHoldsTheBytes) {
  const CacheSizes caches = sizes(100, 1000, 10000);
  EXPECT_EQ(level_of(100, caches), Level::l1d);
  EXPECT_EQ(level_of(101, caches), Level::l2);
  EXPECT_EQ(level_of(1001, caches), Level::l3);
  EXPECT_EQ(level_of(10001, caches), Level::dram);
}

TEST(LevelOf, PassesOverAMissingLevel) {
  EXPECT_EQ(level_of(5000, sizes(100, 1000, 0)), Level::dram);
  EXPECT_EQ(level_of(500, sizes(100, 0, 10000)), Level::l3);
}

TEST(Level, HasWords) {
  EXPECT_STREQ(word(Level::l1d), "L1d");
  EXPECT_STREQ(word(Level::l2), "L2");
  EXPECT_STREQ(word(Level::l3), "L3");
  EXPECT_STREQ(word(Level::dram), "DRAM");
}

TEST(Bandwidth, IsLinearInTimePerByteBetweenShares) {
  const Bandwidth bandwidth{{0, 1}, {10, 30}};
  EXPECT_DOUBLE_EQ(bandwidth.at(0), 10);
  EXPECT_DOUBLE_EQ(bandwidth.at(1), 30);
  EXPECT_DOUBLE_EQ(bandwidth.at(0.5), 15);  // 1 / (0.5/10 + 0.5/30)
}

TEST(Bandwidth, UsesTheNeighbouringShares) {
  const Bandwidth bandwidth{{0, 0.5, 1}, {10, 20, 40}};
  EXPECT_DOUBLE_EQ(bandwidth.at(0.5), 20);
  EXPECT_DOUBLE_EQ(bandwidth.at(0.75), 1 / (0.5 / 20 + 0.5 / 40));
}

TEST(Bandwidth, KeepsTheEndsOutsideTheMeasuredShares) {
  const Bandwidth bandwidth{{0.25, 0.75}, {10, 20}};
  EXPECT_DOUBLE_EQ(bandwidth.at(0), 10);
  EXPECT_DOUBLE_EQ(bandwidth.at(1), 20);
}

TEST(Bandwidth, OfNothingIsZero) { EXPECT_EQ(Bandwidth{}.at(0.5), 0); }

TEST(CacheSizes, GrowWithThreadsWherePrivate) {
  const CacheSizes one = cache_sizes(this_machine(), 1);
  const CacheSizes two = cache_sizes(this_machine(), 2);
  EXPECT_GT(one.bytes[0], 0);
  EXPECT_EQ(two.bytes[0], 2 * one.bytes[0]);
  EXPECT_EQ(two.bytes[1], 2 * one.bytes[1]);
  EXPECT_EQ(two.bytes[2], one.bytes[2]);
}

TEST(ThisMachine, HasANameAndNoEmulator) {
  EXPECT_FALSE(this_machine().cpu.empty());
  EXPECT_EQ(this_machine().emulator, "");
}

}  // namespace
}  // namespace sepconv::measure
