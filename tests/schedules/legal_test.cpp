// Tests of schedules: what is refused, and that the reason names the knob.
#include <algorithm>

#include "tests/schedules/fixture.h"

namespace sepconv::schedules {
namespace {

bool blames(const Errors& errors, const std::string& field) {
  return std::any_of(errors.begin(), errors.end(),
                     [&](const Error& error) { return error.field == "schedule." + field; });
}

struct Refused {
  const char* layer;
  const char* knob;
  int64_t value;
};

class Legal : public testing::TestWithParam<Refused> {};

TEST_P(Legal, NamesTheKnob) {
  const spec::Layer layer = layer_of(GetParam().layer);
  const targets::Target target = target_of("x86-64-v3");
  Point point = heuristic(layer, target);
  point[GetParam().knob] = GetParam().value;
  const Errors errors = legal(point, layer, target);
  ASSERT_FALSE(errors.empty());
  EXPECT_TRUE(blames(errors, GetParam().knob)) << errors.front().field;
  for (const Error& error : errors) {
    EXPECT_EQ(error.kind, ErrorKind::input);
    EXPECT_FALSE(error.hint.empty());
  }
}

constexpr const char* kPointwise = "pw_f32_n1h14w14c64_o96_none";
constexpr const char* kFewChannels = "pw_f32_n1h14w14c64_o40_none";
constexpr const char* kDepthwise = "dw_f32_n1h28w28c24_k3s1p1_relu6";
constexpr const char* kSeparable = "dwpw_f32_n1h28w28c64_o64_k3s1p1_relu6_none";
constexpr const char* kPlanar = "dwpw_f32_n1h7w7c64_o64_k3s1p1_relu6_none_nchw";
constexpr const char* kTriple = "dw_f32_n1h28w28c32_m3_k3s1p1_none";
constexpr const char* kTriplePlanes = "dw_f32_n1h28w28c32_m3_k3s1p1_none_nchw";
INSTANTIATE_TEST_SUITE_P(
    Points, Legal,
    testing::Values(Refused{kPointwise, "pw_x", 0}, Refused{kPointwise, "pw_x", 14},
                    Refused{kPointwise, "pw_lanes", 16}, Refused{kPointwise, "pw_lanes", 3},
                    Refused{kPointwise, "pw_unroll", 3}, Refused{kPointwise, "pw_order", 2},
                    Refused{kFewChannels, "pw_v", 8}, Refused{kPointwise, "rows", 1},
                    Refused{kPointwise, "dw_x", 1}, Refused{kDepthwise, "dw_x", 1000},
                    Refused{kDepthwise, "dw_v", 4}, Refused{kDepthwise, "dw_unroll", 4},
                    Refused{kDepthwise, "dw_order", -1}, Refused{kDepthwise, "dw_split", 4},
                    Refused{kSeparable, "rows", 17}, Refused{kSeparable, "dw_y", 3},
                    Refused{kPlanar, "rows", 0}, Refused{kTriple, "dw_lanes", 16},
                    Refused{kTriple, "dw_v", 2}, Refused{kTriplePlanes, "dw_v", 2}));

TEST(LegalPoint, BlocksOfHiddenChannelsAreWholeAndPassOneByOne) {
  const targets::Target target = target_of("x86-64-v4");
  const spec::Layer layer = layer_of("ir_f32_n1h7w7c16_e96_o16_k3s1p1_relu6_relu6_none");
  Point point = heuristic(layer, target);
  ASSERT_EQ(point.at("rows"), 0);
  point["dw_order"] = 0;
  EXPECT_TRUE(blames(legal(point, layer, target), "dw_order"));
  point["dw_order"] = 2;
  point["ex_v"] = 4;
  EXPECT_TRUE(blames(legal(point, layer, target), "rows"));
}

TEST(LegalPoint, BlocksOfPixelsAreSeveralAndPassChannelsOutside) {
  const targets::Target target = target_of("x86-64-v4");
  const spec::Layer layer = layer_of("pw_f32_n1h14w14c64_o96_none");
  Point point = heuristic(layer, target);
  point["pw_x"] = 4;
  point["pw_v"] = 2;
  point["pw_order"] = 1;
  point["pw_block"] = 32;
  EXPECT_TRUE(legal(point, layer, target).empty());
  point["pw_block"] = 64;
  EXPECT_TRUE(blames(legal(point, layer, target), "pw_block"));
  point["pw_block"] = 2;
  point["pw_order"] = 0;
  EXPECT_TRUE(blames(legal(point, layer, target), "pw_block"));
}

TEST(LegalPoint, TilesOfChannelsOverlapWhereTheyWouldReachBeyondTheWeights) {
  const spec::Layer layer = layer_of("pw_f32_n1h14w14c64_o80_none");
  for (const char* name : {"x86-64-v3", "arm64"}) {
    const targets::Target target = target_of(name);
    Point point = heuristic(layer, target);
    point["pw_lanes"] = target.lanes(4);
    point["pw_v"] = 24 / target.lanes(4);
    point["pw_x"] = 1;
    const bool chosen = point.contains("pw_overlap");
    EXPECT_EQ(chosen, std::string(name) == "arm64");
    if (chosen) {
      point["pw_overlap"] = 0;
      EXPECT_TRUE(blames(legal(point, layer, target), "pw_v"));
      point["pw_overlap"] = 1;
    }
    EXPECT_TRUE(legal(point, layer, target).empty());
  }
}

TEST(LegalPoint, ReportsAMissingKnob) {
  const spec::Layer layer = layer_of(kPointwise);
  const targets::Target target = target_of("x86-64-v3");
  Point point = heuristic(layer, target);
  point.erase("pw_v");
  EXPECT_TRUE(blames(legal(point, layer, target), "pw_v"));
}

TEST(LegalPoint, ReportsEveryReasonAtOnce) {
  const spec::Layer layer = layer_of(kPointwise);
  EXPECT_EQ(legal({{"a", 1}, {"b", 2}}, layer, target_of("x86-64-v3")).size(), 8U);
}

TEST(LegalPoint, KeepsSumsInOrderWhereBitsArePromised) {
  const targets::Target target = target_of("x86-64-v4");
  const spec::Layer fused = layer_of("dwpw_f32_n1h28w28c64_o64_k3s1p1_relu6_none");
  const spec::Layer odd = layer_of("dwpw_f32_n1h28w28c20_o64_k3s1p1_relu6_none");
  const spec::Layer free = layer_of("dwpw_f32_n1h28w28c64_o64_k3s1p1_hard_swish_none");
  const auto with = [&](const spec::Layer& layer, const char* knob, int64_t value) {
    Point point = heuristic(layer, target);
    point[knob] = value;
    return legal(point, layer, target);
  };
  EXPECT_TRUE(blames(with(fused, "dw_lanes", 4), "dw_lanes"));
  EXPECT_TRUE(blames(with(fused, "pw_lanes", 4), "pw_lanes"));
  EXPECT_TRUE(blames(with(fused, "dw_unroll", 3), "dw_unroll"));
  EXPECT_TRUE(blames(with(fused, "dw_lanes", 8), "dw_lanes"));
  EXPECT_TRUE(blames(with(fused, "dw_split", 3), "dw_split"));
  EXPECT_TRUE(with(odd, "dw_lanes", 8).empty());
  EXPECT_TRUE(with(odd, "dw_lanes", 4).empty());
  EXPECT_TRUE(with(free, "dw_lanes", 4).empty());
  EXPECT_FALSE(blames(with(free, "dw_unroll", 3), "dw_unroll"));
}

TEST(LegalPoint, BordersSplitOffOnlyWhereTheyExist) {
  const targets::Target target = target_of("x86-64-v3");
  const spec::Layer padded = layer_of("dw_f32_n1h28w160c8_k3s2p1_none_nchw");
  const spec::Layer copied = layer_of("dw_f32_n1h28w64c8_k3s1p1_none_nchw");
  const spec::Layer bare = layer_of("dw_f32_n1h28w64c8_k3s1p0_none_nchw");
  Point point = heuristic(padded, target);
  point["dw_split"] = 1;
  EXPECT_TRUE(legal(point, padded, target).empty());
  for (const spec::Layer& whole : {copied, bare}) {
    point = heuristic(whole, target);
    point["dw_split"] = 1;
    EXPECT_TRUE(blames(legal(point, whole, target), "dw_split"));
  }
}

}  // namespace
}  // namespace sepconv::schedules
