// Tests of schedules: points as text.
#include "schedules/space.h"

#include <gtest/gtest.h>

namespace sepconv::schedules {
namespace {

TEST(Point, PrintsInOrderOfNames) {
  EXPECT_EQ(to_string({{"pw_x", 14}, {"dw_y", 2}, {"pw_v", 1}}), "dw_y=2,pw_v=1,pw_x=14");
}

TEST(Point, ReadsWhatItPrints) {
  const Point point{{"a_b", 0}, {"c", -3}, {"rows", 1234567}};
  EXPECT_EQ(parse_point(to_string(point)), point);
}

TEST(Point, RefusesOtherSpellings) {
  for (const char* text : {"=1", "a", "a=", "a=x", "a=1,", ",a=1", "a=1,a=2", "a=1 ,b=2",
                           "a=99999999999999999999", "a==1"}) {
    EXPECT_FALSE(parse_point(text)) << text;
  }
}

}  // namespace
}  // namespace sepconv::schedules
