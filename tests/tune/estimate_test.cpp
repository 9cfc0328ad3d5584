// Tests: the estimate prefers what costs fewer instructions, and the heuristic's points to chance.
#include "tune/estimate.h"

#include <gtest/gtest.h>

#include "schedules/schedule.h"
#include "spec/name.h"
#include "tune/domain.h"

namespace sepconv::tune {
namespace {

struct Case {
  spec::Layer layer;
  targets::Target target = *targets::parse_target("x86-64-v4@zen4");

  explicit Case(const char* name) : layer(*spec::parse_name(name)) {}
  [[nodiscard]] double with(const char* knob, int64_t value) const {
    Point point = schedules::heuristic(layer, target);
    point[knob] = value;
    return estimate(layer, target, point);
  }
};

TEST(Estimate, WideVectorsCostLess) {
  const Case pointwise("pw_f32_n1h14w14c64_o64_none");
  EXPECT_LT(pointwise.with("pw_lanes", 16), pointwise.with("pw_lanes", 8));
}

TEST(Estimate, TilesThatComputeARowTwiceCostMore) {
  const Case fused("ir_f32_n1h14w14c96_e576_o96_k3s1p1_relu6_relu6_none_res");
  // 14 columns are two tiles of 7 or of 9.
  EXPECT_LT(fused.with("ex_x", 7), 0.95 * fused.with("ex_x", 9));
}

TEST(Estimate, HasACostForEachStage) {
  const Case fused("ir_f32_n1h14w14c96_e576_o96_k3s1p1_relu6_relu6_none_res");
  EXPECT_EQ(stage_cycles(fused.layer, fused.target, schedules::heuristic(fused.layer, fused.target))
                .size(),
            3U);
}

TEST(Estimate, RanksTheHeuristicsPointsAmongTheBest) {
  for (const char* name :
       {"pw_f32_n1h14w14c64_o64_none", "dwpw_f32_n1h28w28c64_o96_k3s1p1_relu6_relu6",
        "ir_f32_n1h14w14c96_e576_o96_k3s1p1_relu6_relu6_none_res"}) {
    const Case one(name);
    Domain domain;
    domain.space = schedules::space(one.layer, one.target);
    domain.reasons = [&](const Point& point) {
      return schedules::legal(point, one.layer, one.target);
    };
    const double chosen =
        estimate(one.layer, one.target, schedules::heuristic(one.layer, one.target));
    Random random(1);
    int better = 0;
    for (int i = 0; i < 100; ++i) {
      const auto point = random_point(domain, random);
      ASSERT_TRUE(point);
      if (estimate(one.layer, one.target, *point) < chosen) ++better;
    }
    EXPECT_LE(better, 3) << name;
  }
}

}  // namespace
}  // namespace sepconv::tune
