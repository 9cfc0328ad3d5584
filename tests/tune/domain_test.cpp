// Tests: every way to a point ends at a legal one.
#include "tune/domain.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/tune/fixture.h"

namespace sepconv::tune {
namespace {

/// A real space with the constraints of its nests.
Domain layer_domain(const std::string& name) {
  const auto layer = *spec::parse_name(name);
  const auto target = *targets::parse_target("x86-64-v3");
  return {schedules::space(layer, target),
          [=](const Point& point) { return schedules::legal(point, layer, target); },
          {}};
}

TEST(Size, CountsSmallDomains) {
  const Domain domain = toy_domain();
  const Size size = size_of(domain, 100000);
  EXPECT_TRUE(size.exact);
  EXPECT_EQ(size.points, static_cast<double>(all_points(domain).size()));
}

TEST(Size, SamplesLargeOnes) {
  const Domain domain = toy_domain();
  const Size sampled = size_of(domain, 10);
  EXPECT_FALSE(sampled.exact);
  EXPECT_NEAR(sampled.points / size_of(domain, 100000).points, 1, 0.1);
}

TEST(Domain, ListsEveryLegalPointOnce) {
  const auto points = all_points(toy_domain());
  EXPECT_EQ(std::set<Point>(points.begin(), points.end()).size(), points.size());
  for (const Point& point : points) EXPECT_LE(point.at("p_a") * point.at("p_b"), 60);
}

TEST(Domain, DrawsChangesAndCrossesLegalPoints) {
  for (const char* name :
       {"dw_f32_n1h14w14c24_k3s1p1_relu6", "pw_f32_n1h7w7c20_o36_none",
        "dwpw_f32_n1h14w14c24_o40_k3s2p1_relu_relu", "conv_f32_n1h8w8c3_o16_k3s2p1_relu",
        "ir_f32_n1h14w14c24_e48_o24_k3s1p1_relu6_relu6_none_res"}) {
    const Domain domain = layer_domain(name);
    Random random(7);
    for (int i = 0; i < 20; ++i) {
      const auto a = random_point(domain, random);
      const auto b = random_point(domain, random);
      ASSERT_TRUE(a && b) << name;
      const auto near = mutated(domain, *a, random);
      const auto child = crossed(domain, *a, *b, random);
      for (const auto& point : {a, b, near, child}) {
        if (point) EXPECT_TRUE(domain.reasons(*point).empty()) << schedules::to_string(*point);
      }
      EXPECT_TRUE(near && *near != *a);
    }
  }
}

TEST(Domain, NeighboursDifferInOneKnob) {
  const Domain domain = layer_domain("dwpw_f32_n1h14w14c24_o40_k3s2p1_relu_relu");
  Random random(3);
  const auto point = random_point(domain, random);
  ASSERT_TRUE(point);
  const auto near = neighbours(domain, *point);
  EXPECT_GT(near.size(), 4U);
  for (const Point& other : near) {
    size_t changed = 0;
    for (const auto& [knob, value] : other) changed += point->at(knob) != value;
    EXPECT_EQ(changed, 1U) << schedules::to_string(other);
    EXPECT_TRUE(domain.reasons(other).empty());
  }
}

TEST(Domain, FitsThePointsOfOtherLayers) {
  const Domain domain = layer_domain("pw_f32_n1h3w3c20_o36_none");
  const Domain larger = layer_domain("pw_f32_n1h56w56c64_o128_none");
  Random random(1);
  for (int i = 0; i < 20; ++i) {
    const auto foreign = random_point(larger, random);
    ASSERT_TRUE(foreign);
    const auto point = fitted(domain, *foreign, random);
    ASSERT_TRUE(point);
    EXPECT_TRUE(domain.reasons(*point).empty());
  }
}

TEST(Domain, StaysInAList) {
  Domain domain = toy_domain();
  const auto all = all_points(domain);
  domain.only = {all[3], all[77], all[500]};
  Random random(2);
  for (int i = 0; i < 30; ++i) {
    for (const auto& point : {random_point(domain, random), mutated(domain, all[3], random),
                              crossed(domain, all[3], all[77], random)}) {
      ASSERT_TRUE(point);
      EXPECT_NE(std::find(domain.only.begin(), domain.only.end(), *point), domain.only.end());
    }
  }
}

TEST(Domain, OfNoKnobsHasOnePoint) {
  Domain domain;
  domain.reasons = [](const Point&) { return Errors{}; };
  Random random(3);
  EXPECT_EQ(size_of(domain).points, 1);
  EXPECT_EQ(random_point(domain, random), Point{});
  EXPECT_EQ(mutated(domain, {}, random), std::nullopt);
}

}  // namespace
}  // namespace sepconv::tune
