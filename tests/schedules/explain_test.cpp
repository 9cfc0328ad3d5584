// Tests of schedules: the arithmetic that explain shows.
#include "schedules/bound.h"
#include "tests/schedules/fixture.h"

namespace sepconv::schedules {
namespace {

std::string joined(const char* name, const char* point_text) {
  const spec::Layer layer = layer_of(name);
  const auto point = parse_point(point_text);
  std::string text;
  for (const std::string& line : explain(layer, target_of("x86-64-v4@zen4"), *point)) {
    text += line + "\n";
  }
  return text;
}

TEST(Explain, CountsRegistersAndLoadsOfAPointwiseTile) {
  EXPECT_EQ(
      joined("pw_f32_n1h14w14c512_o512_none", "pw_lanes=16,pw_order=1,pw_unroll=4,pw_v=2,pw_x=14"),
      "one loop nest for stages 0 to 0; tasks of 32 output channels, of which a thread gets 1 or "
      "more and a range has 1 or more\n"
      "pw: register tile of 14 pixels by 2 vectors of 16 channels\n"
      "pw: 28 accumulators + 2 vectors + 1 broadcast of 32 registers\n"
      "pw: 28 FMAs of 16 lanes for 16 loads a step, 512 steps a tile: 1.75 FMAs a load\n"
      "pw: 100 % of the peak at most, limited by the multiply-add pipes\n"
      "pw: channel blocks outside: 64.0 KiB of weights (L2) stay while all pixels stream past\n");
}

TEST(Explain, CountsInputsOfAWindowTile) {
  EXPECT_EQ(
      joined("dw_f32_n1h56w56c32_k3s2p1_none",
             "dw_lanes=16,dw_order=0,dw_unroll=3,dw_v=1,dw_x=2,dw_y=2"),
      "one loop nest for stages 0 to 0; tasks of 2 output rows, of which a thread gets 7 or more "
      "and a range has 21 or more\n"
      "dw: tile of 2 pixels by 1 vectors of 16 channels by 2 rows\n"
      "dw: 9 taps, one expression; 5x5 inputs for 2x2 outputs: 1.44 FMAs an input\n");
}

TEST(Explain, SaysHowVectorsHoldCopies) {
  const std::string text = joined("dw_f32_n1h28w28c32_m6_k3s1p1_none",
                                  "dw_lanes=48,dw_order=0,dw_unroll=1,dw_v=1,dw_x=4,dw_y=1");
  EXPECT_NE(text.find("a vector of 48 channels holds 6 copies of each input channel"),
            std::string::npos)
      << text;
}

TEST(Explain, NamesWhatHoldsATileBack) {
  const auto said = [](const char* point, const char* words) {
    return joined("pw_f32_n1h14w14c512_o512_none", point).find(words) != std::string::npos;
  };
  // One FMA a cycle on zen4: a load beside each would still fit, four cycles of latency do not.
  EXPECT_TRUE(said("pw_lanes=16,pw_order=1,pw_unroll=4,pw_v=1,pw_x=2",
                   "50 % of the peak at most, limited by the latency of its few sums"));
}

TEST(Bound, IsArithmeticWhereBytesAreFew) {
  const Bound fat = bound(layer_of("pw_f32_n1h14w14c512_o512_none"), target_of("x86-64-v4@zen4"));
  EXPECT_EQ(fat.limit(), "arithmetic");
  EXPECT_EQ(fat.flops_a_cycle, 32);
  EXPECT_EQ(fat.cycles(), 2.0 * 14 * 14 * 512 * 512 / 32);
}

TEST(Bound, IsTheLevelThatHoldsTheBytes) {
  const Bound thin =
      bound(layer_of("dw_f32_n1h56w56c32_k3s2p1_none"), target_of("x86-64-v4@sapphirerapids"));
  EXPECT_EQ(thin.limit(), "L2");
  EXPECT_EQ(thin.bytes_a_cycle, 29);
}

TEST(Advisories, AreSilentOnAnOrdinaryLayer) {
  EXPECT_TRUE(advisories(layer_of("dwpw_f32_n1h56w56c128_o128_k3s1p1_relu6_relu6"),
                         target_of("x86-64-v4@zen4"))
                  .empty());
}

TEST(Advisories, SpeakOfTheNest) {
  const targets::Target target = target_of("x86-64-v4@zen4");
  EXPECT_TRUE(advisories(layer_of("dw_f32_n1h512w1c64_k5x1s1p2x0x2x0_none_nchw"), target).empty());
  EXPECT_TRUE(advisories(layer_of("pw_f32_n16h7w7c960_o320_none"), target).empty());
}

struct Slow {
  const char *layer, *words;
};
class Advised : public testing::TestWithParam<Slow> {};

TEST_P(Advised, SaysWhyALayerIsSlow) {
  const auto advice = advisories(layer_of(GetParam().layer), target_of("x86-64-v4@zen4"));
  ASSERT_EQ(advice.size(), 1u) << (advice.empty() ? "" : advice.back());
  EXPECT_NE(advice[0].find(GetParam().words), std::string::npos) << advice[0];
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, Advised,
    testing::Values(Slow{"pw_f32_n1h28w28c64_o20_relu", "38 % of the lanes"},
                    Slow{"dw_f32_n1h56w40c16_k3s1p1_relu_nchw", "17 % of the lanes"},
                    Slow{"dw_f32_n1h14w14c512_k3s1p1_relu", "2048 bytes apart"},
                    Slow{"dw_f32_n1h56w56c16_m2_k3s1p1_relu", "multiplier of 2"},
                    Slow{"pw_f32_n1h28w28c64_o64_gelu", "gelu"},
                    Slow{"pw_f32_n1h4w4c16_o16_relu", "as long as a call"},
                    Slow{"pw_f32_n1h7w7c960_o320_none", "serve 49 pixels"},
                    Slow{"pw_f32_n16h1w1c960_o320_none", "serve 16 pixels"},
                    Slow{"dw_f32_n1h448w448c48_k3s1p1_relu", "come from memory"}));

}  // namespace
}  // namespace sepconv::schedules
