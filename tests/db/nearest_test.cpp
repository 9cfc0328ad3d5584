// Tests of the tuner's files: which records resemble a layer.
#include "fixture.h"
#include "spec/name.h"

namespace sepconv::db {
namespace {

std::vector<Neighbour> near(const std::vector<std::pair<const char*, const char*>>& keys,
                            size_t limit = 10) {
  Database database;
  for (const auto& [layer, target] : keys) {
    database.records.push_back(sample_record(layer));
    database.records.back().target = target;
  }
  return nearest(database, spec::parse_name("dw_f32_n1h8w8c16_k3s1p1_relu6").value(),
                 targets::parse_target("x86-64-v3@zen4").value(), limit);
}

constexpr const char* kHere = "x86-64-v3@zen4";

TEST(Nearest, ComesInTheOrderOfDistance) {
  const auto found = near({{"dw_f32_n1h32w32c16_k3s1p1_relu6", kHere},
                           {"dw_f32_n1h8w8c16_k3s1p1_relu6", kHere},
                           {"dw_f32_n1h8w8c32_k3s1p1_none", kHere}});
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].distance, 0);
  EXPECT_EQ(found[1].record.layer, "dw_f32_n1h8w8c32_k3s1p1_none");
  EXPECT_DOUBLE_EQ(found[1].distance, 2);
  EXPECT_DOUBLE_EQ(found[2].distance, 4);
}

TEST(Nearest, LeavesOutOtherKindsOfLoops) {
  EXPECT_TRUE(near({{"dw_f32_n1h8w8c16_k5s1p2_relu6", kHere},
                    {"dw_f32_n1h8w8c16_k3s2p1_relu6", kHere},
                    {"dw_f32_n1h8w8c16_k3s1p1_relu6_nchw", kHere},
                    {"pw_f32_n1h8w8c16_o16_relu6", kHere},
                    {"no_layer", kHere},
                    {"dw_f32_n1h8w8c16_k3s1p1_relu6", "x86-64-v4@zen4"},
                    {"dw_f32_n1h8w8c16_k3s1p1_relu6", "no_target"}})
                  .empty());
}

TEST(Nearest, AnotherCoreIsFurtherThanTheSame) {
  const auto found = near({{"dw_f32_n1h8w8c16_k3s1p1_relu6", "x86-64-v3@skylake"},
                           {"dw_f32_n1h8w8c16_k3s1p1_relu6", kHere}});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].record.target, kHere);
  EXPECT_EQ(found[1].distance, 0.5);
}

TEST(Nearest, GivesNoMoreThanTheLimit) {
  EXPECT_EQ(
      near({{"dw_f32_n1h8w8c16_k3s1p1_relu6", kHere}, {"dw_f32_n1h8w8c32_k3s1p1_none", kHere}}, 1)
          .size(),
      1u);
}

}  // namespace
}  // namespace sepconv::db
