// Tests of spec: the table of element types: what a store leaves of a value.
#include "spec/dtype.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace sepconv::spec {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Dtype, RoundsF16ToNearestEven) {
  const auto f16 = [](double value) { return rounded(Dtype::f16, value); };
  EXPECT_EQ(f16(1 + 0x1p-11), 1);
  EXPECT_EQ(f16(1 + 0x1.8p-10), 1 + 0x1p-9);
  EXPECT_EQ(f16(-(1 + 0x1.001p-11)), -(1 + 0x1p-10));
  EXPECT_EQ(f16(0x1p-25), 0);
  EXPECT_EQ(f16(0x1.8p-24), 0x1p-23);
  EXPECT_EQ(f16(65519.99), 65504);
  EXPECT_EQ(f16(65520), kInfinity);
  EXPECT_EQ(f16(-1e9), -kInfinity);
}

TEST(Dtype, RoundsF32AsTheMachineDoes) {
  for (const double value : {0.1, -1e30, 1e-44, 3.4028235677973366e38, 1e300}) {
    EXPECT_EQ(rounded(Dtype::f32, value), static_cast<double>(static_cast<float>(value))) << value;
  }
}

TEST(Dtype, NeverRoundsByMoreThanItSays) {
  for (const Dtype dtype : dtypes()) {
    for (double value = 1e-9; value < 6e4; value *= 1.37) {
      EXPECT_LE(std::abs(rounded(dtype, value) - value), rounding(dtype, value)) << value;
    }
  }
}

}  // namespace
}  // namespace sepconv::spec
