// Tests of cli: layers that nobody listed compile and give the reference's values, on every kind of
// CPU target. SEPCONV_RANDOM_LAYERS sets how many a target.
#include <cstdlib>
#include <random>

#include "schedules/schedule.h"
#include "spec/name.h"
#include "tests/cli/fixture.h"
#include "tests/spec/random_layer.h"

namespace sepconv::cli {
namespace {

int wanted_layers() {
  const char* count = std::getenv("SEPCONV_RANDOM_LAYERS");
  return count == nullptr ? 16 : std::max(1, std::atoi(count));
}

std::vector<std::string> random_names(const targets::Target& target, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::string> names;
  while (names.size() < static_cast<size_t>(wanted_layers())) {
    const spec::Layer layer = tests::random_layer(random);
    if (schedules::unsupported(layer, target).empty()) names.push_back(spec::canonical_name(layer));
  }
  return names;
}

// Ranges of as many rows as threads leave, in tiles that do not divide them, each beside others
// that may not be written: all lengths from a tile of two rows to half of the map.
TEST_F(ToolTest, RangesOfHiddenRowsVerify) {
  for (const char* threads : {"2", "3", "4", "6", "16"}) {
    const auto outcome = run({"verify", "--target", "x86-64-v3", "--threads", threads,
                              "ir_f32_n1h13w9c16_e64_o24_k3s1p1_relu6_relu6_none",
                              "ir_f32_n1h33w18c16_e96_o24_k5s2p2_relu6_none_relu"});
    if (outcome.code == 4) GTEST_SKIP() << outcome.err;
    EXPECT_EQ(outcome.code, 0) << threads << "\n" << outcome.out << outcome.err;
  }
}

class RandomLayers : public ToolTest, public testing::WithParamInterface<const char*> {};

TEST_P(RandomLayers, Verify) {
  const std::string name = GetParam();
  const auto target = targets::parse_target(name);
  ASSERT_TRUE(target);
  std::vector<std::string> arguments{"verify", "--target", name, "--threads", "2"};
  const auto names = random_names(*target, static_cast<unsigned>(name.size()));
  arguments.insert(arguments.end(), names.begin(), names.end());
  const auto outcome = run(arguments);
  if (outcome.code == 4) GTEST_SKIP() << outcome.err;
  EXPECT_EQ(outcome.code, 0) << outcome.out;
}

INSTANTIATE_TEST_SUITE_P(Targets, RandomLayers,
                         testing::Values("x86-64-v2", "x86-64-v3", "x86-64-v4", "arm64",
                                         "arm64+fp16"),
                         [](const auto& info) {
                           std::string name = info.param;
                           for (char& letter : name)
                             if (letter == '-' || letter == '+') letter = '_';
                           return name;
                         });

struct ForcedPoint {
  const char* layer;
  schedules::Point knobs;  ///< beside the heuristic's
};

/// How tests are listed.
void PrintTo(const ForcedPoint& point, std::ostream* out) {
  *out << point.layer << " " << schedules::to_string(point.knobs);
}

class PointOf : public ToolTest, public testing::WithParamInterface<ForcedPoint> {};

TEST_P(PointOf, Verifies) {
  const targets::Target target = *targets::parse_target("x86-64-v3");
  schedules::Point point = schedules::heuristic(*spec::parse_name(GetParam().layer), target);
  for (const auto& [knob, value] : GetParam().knobs) point[knob] = value;
  const auto outcome = run({"verify", GetParam().layer, "--target", target.name, "--threads", "2",
                            "--schedule", schedules::to_string(point)});
  if (outcome.code == 4) GTEST_SKIP() << outcome.err;
  EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
}

// Planar windows store their planes at a loop that depends on the order of the tiles' loops, on how
// many rows a step has, and on the axis of the tasks.
constexpr const char* kTallTiles = "dw_f32_n1h28w28c24_k3s1p1_relu6_nchw";  // tasks are channels
constexpr const char* kShortTiles = "dw_f32_n2h28w28c10_k5s2p2_relu6_nchw";
constexpr const char* kOneChannel = "dwpw_f32_n1h20w20c1_o8_k3s1p0_none_none";
constexpr const char* kThreeChannels = "dwpw_f32_n1h13w17c3_o8_k3s2p1_none_relu";
constexpr const char* kSteps = "ir_f32_n1h28w28c8_e24_o8_k3s1p1_relu6_relu6_none_res_nchw";

INSTANTIATE_TEST_SUITE_P(
    Planes, PointOf,
    testing::Values(ForcedPoint{kTallTiles, {{"dw_y", 14}, {"dw_order", 0}}},
                    ForcedPoint{kTallTiles, {{"dw_y", 14}, {"dw_order", 1}, {"dw_v", 2}}},
                    ForcedPoint{kTallTiles, {{"dw_y", 14}, {"dw_order", 2}}},
                    ForcedPoint{kTallTiles, {{"dw_y", 14}, {"dw_order", 3}}},
                    ForcedPoint{kShortTiles, {{"dw_y", 1}, {"dw_order", 0}}},
                    ForcedPoint{kShortTiles, {{"dw_y", 3}, {"dw_order", 1}}},
                    ForcedPoint{kShortTiles, {{"dw_y", 2}, {"dw_order", 3}, {"dw_v", 4}}},
                    ForcedPoint{kOneChannel, {}}, ForcedPoint{kThreeChannels, {}},
                    ForcedPoint{kSteps, {{"rows", 6}, {"dw_y", 1}}},
                    ForcedPoint{kSteps, {{"rows", 7}, {"dw_y", 1}, {"dw_order", 0}}},
                    ForcedPoint{kSteps, {{"rows", 4}, {"dw_y", 2}, {"dw_order", 3}}}));

// The last tile of channels overlaps the one before: whole vectors and a masked one, tasks of
// pixels and of channels, a dense stage, and an expansion beside its projection.
constexpr const char* kMasked = "pw_f32_n1h9w9c24_o87_relu";
constexpr const char* kExpansion = "ir_f32_n1h9w9c24_e88_o72_k3s1p1_relu6_relu6_none";
INSTANTIATE_TEST_SUITE_P(
    Overlaps, PointOf,
    testing::Values(ForcedPoint{kMasked, {{"pw_v", 4}, {"pw_x", 2}}},
                    ForcedPoint{kMasked, {{"pw_v", 4}, {"pw_x", 2}, {"pw_order", 0}}},
                    ForcedPoint{"pw_f32_n1h1w1c64_o300_none", {{"pw_v", 4}}},
                    ForcedPoint{"dwpw_f32_n1h2w2c96_o152_k3s1p1_none_none",
                                {{"pw_v", 3}, {"pw_x", 2}}},
                    ForcedPoint{"conv_f32_n1h9w9c24_o72_k3s1p1_relu6", {{"cv_v", 4}, {"cv_x", 2}}},
                    ForcedPoint{kExpansion, {{"ex_v", 4}, {"ex_x", 2}, {"pw_v", 4}, {"pw_x", 2}}}));

// A batch of few pixels is computed at once; verify also runs one image more, of which those before
// keep their bits.
INSTANTIATE_TEST_SUITE_P(SmallImages, PointOf,
                         testing::Values(ForcedPoint{"pw_f32_n3h2w8c100_o100_gelu_nobias", {}},
                                         ForcedPoint{"pw_f32_n6h1w1c96_o40_relu_res", {}},
                                         ForcedPoint{"pw_f32_n2h7w7c19_o40_none_is24_os48", {}}));

// Multipliers: vectors of odd copies that overlap, that are parts of an input channel's copies, in
// a fused nest; more copies than vectors hold; one input channel; planes of blocks that the
// multiplier does not divide, alone, fused, and in tiles of several channels.
INSTANTIATE_TEST_SUITE_P(
    Copies, PointOf,
    testing::Values(ForcedPoint{"dw_f32_n1h9w10c17_m3_k3s1p1_relu", {}},
                    ForcedPoint{"dw_f32_n1h9w10c2_m80_k3s2p1_none", {}},
                    ForcedPoint{"dwpw_f32_n1h9w10c7_m6_o24_k3s1p1_relu6_none", {}},
                    ForcedPoint{"dw_f32_n1h5w6c3_m65_k3s1p1_none", {}},
                    ForcedPoint{"dw_f32_n1h9w9c1_m24_k3s1p1_none", {}},
                    ForcedPoint{"dw_f32_n1h14w14c17_m6_k3s1p1_none_nchw", {}},
                    ForcedPoint{"dwpw_f32_n1h28w28c17_m3_o10_k3s1p1_relu_relu_nchw", {}},
                    ForcedPoint{"dw_f32_n1h14w14c6_m6_k3s1p1_none_nchw", {{"dw_v", 2}}}));

// Maps of one column are computed as one row; dense stages of few rows share out channels.
INSTANTIATE_TEST_SUITE_P(
    OneColumn, PointOf,
    testing::Values(ForcedPoint{"dw_f32_n2h33w1c20_k9x1s2x1p4x0x4x0_none", {}},
                    ForcedPoint{"dw_f32_n1h64w1c24_k5x1s1p2x0x2x0_relu6_nchw", {}},
                    ForcedPoint{"pw_f32_n2h50w1c24_o40_none_res", {}},
                    ForcedPoint{"conv_f32_n1h100w1c24_o72_k9x1s2x1p4x0x4x0_relu", {}},
                    ForcedPoint{"dwpw_f32_n1h40w1c32_o48_k5x1s1p2x0x2x0_relu_none", {}},
                    ForcedPoint{"ir_f32_n1h32w1c24_e96_o24_k3x1s1p1x0x1x0_relu6_relu6_none_res",
                                {}}));

}  // namespace
}  // namespace sepconv::cli
