// Tests of schedules: phases cover the layer and cut it into tasks.
#include <algorithm>
#include <limits>
#include <random>

#include "tests/schedules/fixture.h"
#include "tests/spec/random_layer.h"

namespace sepconv::schedules {
namespace {

int64_t extent(const spec::Layer& layer, const targets::Target& target, const Phase& phase) {
  const auto shapes = spec::shapes(nest(layer, target));
  const spec::Shape& out = shapes[static_cast<size_t>(phase.last_stage) + 1];
  switch (phase.axis) {
    case Axis::rows:
      return out.h;
    case Axis::channels:
      return out.c;
    case Axis::pixels:
      return out.h * out.w;
  }
  return 0;
}

TEST(Phases, CoverEveryStageOnceInOrder) {
  std::mt19937 random(11);
  for (int i = 0; i < 300; ++i) {
    const spec::Layer layer = tests::random_layer(random);
    const targets::Target target = target_of("x86-64-v3");
    int next = 0;
    for (const Phase& phase : phases(layer, target, heuristic(layer, target))) {
      EXPECT_EQ(phase.first_stage, next);
      EXPECT_GE(phase.last_stage, phase.first_stage);
      EXPECT_GE(phase.grain, 1);
      EXPECT_LE(phase.grain, extent(layer, target, phase)) << spec::canonical_name(layer);
      next = phase.last_stage + 1;
    }
    EXPECT_EQ(next, static_cast<int>(layer.stages.size()));
  }
}

TEST(Nest, TakesSmallImagesOfABatchAsRowsOnCpus) {
  const auto name = [](const char* layer, const char* target) {
    return spec::canonical_name(nest(layer_of(layer), target_of(target)));
  };
  const char* small = "pw_f32_n8h7w7c96_o40_none_res";
  EXPECT_EQ(name(small, "x86-64-v3"), "pw_f32_n1h56w7c96_o40_none_res");
  EXPECT_EQ(name(small, "opencl"), small);
  EXPECT_EQ(name("pw_f32_n8h1w1c96_o40_none", "arm64"), "pw_f32_n1h1w8c96_o40_none");
  for (const char* other : {"pw_f32_n8h8w8c96_o40_none", "pw_f32_n8h7w7c96_o40_none_nchw",
                            "dw_f32_n8h7w7c96_k3s1p1_none"}) {
    EXPECT_EQ(name(other, "x86-64-v3"), other);
  }
}

bool reads_padded_planes(const char* name) {
  const targets::Target target = target_of("x86-64-v3");
  const spec::Layer layer = layer_of(name);
  return phases(layer, target, heuristic(layer, target))[0].padded_planes;
}

TEST(Phases, PlanarWindowsReadACopyWhereManyVectorsMeetPadding) {
  EXPECT_TRUE(reads_padded_planes("dw_f32_n1h28w28c64_k3s1p1_none_nchw"));
  EXPECT_TRUE(reads_padded_planes("ir_f32_n1h28w28c24_e144_o24_k3s1p1_relu6_relu6_none_nchw"));
  EXPECT_TRUE(reads_padded_planes("conv_f32_n1h28w28c8_o16_k3s1p1_relu_nchw"));
  EXPECT_FALSE(reads_padded_planes("dw_f32_n1h112w112c64_k3s2p1_none_nchw"));
  EXPECT_FALSE(reads_padded_planes("dw_f32_n1h28w28c64_k3s1p0_none_nchw"));
  EXPECT_FALSE(reads_padded_planes("dw_f32_n1h28w28c64_k3s1p1_none"));
}

TEST(Phases, SmallMapsSplitIntoChannels) {
  const targets::Target target = target_of("x86-64-v4");
  for (const char* name :
       {"dwpw_f32_n1h14w14c512_o512_k3s1p1_relu6_relu6", "pw_f32_n1h7w7c320_o1280_relu6",
        "ir_f32_n1h7w7c160_e960_o160_k3s1p1_relu6_relu6_none_res",
        "conv_f32_n1h1w100c24_o160_k1x9s1p0x4x0x4_relu",
        "dwpw_f32_n1h256w1c256_o256_k33x1s1p16x0x16x0_none_relu"}) {
    const spec::Layer layer = layer_of(name);
    EXPECT_EQ(phases(layer, target, heuristic(layer, target))[0].axis, Axis::channels) << name;
  }
}

TEST(Phases, CopiesOfChannelsStayInOneTask) {
  const targets::Target target = target_of("x86-64-v4");
  for (const auto& [name, axis] : {std::pair{"dw_f32_n1h2w2c96_m3_k3s1p1_none", Axis::rows},
                                   std::pair{"dw_f32_n1h2w2c96_m4_k3s1p1_none", Axis::channels}}) {
    const spec::Layer layer = layer_of(name);
    EXPECT_EQ(phases(layer, target, heuristic(layer, target))[0].axis, axis) << name;
  }
}

TEST(Phases, RangesOfHiddenRowsHoldATileOfTheWindow) {
  const spec::Layer layer = layer_of("ir_f32_n1h14w14c64_e384_o64_k3s1p1_relu6_relu6_none_res");
  const targets::Target target = target_of("x86-64-v4");
  Point point = heuristic(layer, target);
  ASSERT_EQ(point.at("rows"), 0);
  for (const int64_t rows : {2, 3, 14}) {
    point["dw_y"] = rows;
    const Phase hidden = phases(layer, target, point).front();
    EXPECT_EQ(hidden.axis, Axis::rows);
    EXPECT_EQ(hidden.grain, 1);
    EXPECT_GE(hidden.least, rows);
    EXPECT_GE(hidden.range, rows);
  }
}

/// How many threads find work in the phase that has least.
int64_t busy_threads(const spec::Layer& layer, const targets::Target& target) {
  int64_t least = std::numeric_limits<int64_t>::max();
  for (const Phase& phase : phases(layer, target, heuristic(layer, target))) {
    const int64_t tasks = std::max<int64_t>(1, extent(layer, target, phase) / phase.grain);
    least = std::min(least, std::max<int64_t>(1, tasks / phase.least));
  }
  return least;
}

TEST(Phases, LargeLayersHaveWorkForSeveralThreads) {
  for (const char* name :
       {"ir_f32_n1h7w7c160_e960_o160_k3s1p1_relu6_relu6_none_res",
        "ir_f32_n1h14w14c96_e576_o160_k3s2p1_relu6_relu6_none",
        "ir_f32_n1h14w14c96_e576_o96_k3s1p1_relu6_relu6_none_res",
        "dwpw_f32_n1h7w7c1024_o1024_k3s1p1_relu6_relu6", "pw_f32_n1h7w7c320_o1280_relu6"}) {
    const spec::Layer layer = layer_of(name);
    for (const char* target : kCpuTargets) {
      EXPECT_GE(busy_threads(layer, target_of(target)), 4) << name << " on " << target;
    }
  }
}

TEST(Phases, TinyLayersStayOnOneThread) {
  for (const char* name : {"dw_f32_n1h7w7c64_k3s1p1_none", "pw_f32_n1h5w5c1_o1_none",
                           "dwpw_f32_n1h8w8c8_o16_k3s1p1_none_none",
                           "ir_f32_n1h4w4c8_e48_o8_k3s1p1_relu6_relu6_none_res"}) {
    for (const char* target : kCpuTargets) {
      EXPECT_EQ(busy_threads(layer_of(name), target_of(target)), 1) << name << " on " << target;
    }
  }
}

/// Whether the runtime cuts a thread's share of the layer's only phase further: from four ranges
/// on.
bool cuts_shares(const char* name, int64_t threads) {
  const spec::Layer layer = layer_of(name);
  const targets::Target target = target_of("x86-64-v4");
  const auto list = phases(layer, target, heuristic(layer, target));
  EXPECT_EQ(list.size(), 1U) << name;
  return extent(layer, target, list[0]) / list[0].grain / threads >= 4 * list[0].range;
}

TEST(Phases, RangesThatRepeatNothingAreShort) {
  EXPECT_TRUE(cuts_shares("dwpw_f32_n1h112w112c32_o64_k3s1p1_relu6_relu6", 2));
  EXPECT_TRUE(cuts_shares("dw_f32_n1h112w112c256_k3s1p1_relu6", 4));
  EXPECT_TRUE(cuts_shares("pw_f32_n1h56w56c128_o128_none", 4));
}

TEST(Phases, SharesOfLittleWorkStayWhole) {
  EXPECT_FALSE(cuts_shares("dw_f32_n1h14w14c128_k3s1p1_relu6", 2));
  EXPECT_FALSE(cuts_shares("dwpw_f32_n1h112w112c32_o64_k3s1p1_relu6_relu6", 16));
}

TEST(Phases, SharesStayWholeWhereRangesRepeatMuch) {
  // Channels, each range with the whole depthwise stage; rows, each range with two expanded rows.
  EXPECT_FALSE(cuts_shares("dwpw_f32_n1h14w14c512_o512_k3s1p1_relu6_relu6", 2));
  EXPECT_FALSE(cuts_shares("ir_f32_n1h28w28c32_e192_o32_k3s1p1_relu6_relu6_none_res", 2));
  // Windows that share no row repeat none.
  EXPECT_TRUE(cuts_shares("ir_f32_n1h112w112c32_e192_o32_k2s2p0_relu6_relu6_none", 2));
}

TEST(Phases, ZeroRowsSetTheLastStageApart) {
  const targets::Target target = target_of("x86-64-v4");
  const spec::Layer layer = layer_of("ir_f32_n1h7w7c64_e384_o64_k3s1p1_relu6_relu6_none");
  Point point = heuristic(layer, target);
  point["rows"] = 0;
  point["dw_order"] = 2;
  ASSERT_TRUE(legal(point, layer, target).empty());
  const auto list = phases(layer, target, point);
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].last_stage, 1);
  EXPECT_EQ(list[0].axis, Axis::channels);
  EXPECT_TRUE(list[1].flat());
}

TEST(Phases, LargeMapsSplitIntoRows) {
  const targets::Target target = target_of("x86-64-v4");
  const spec::Layer layer = layer_of("dwpw_f32_n1h112w112c32_o64_k3s1p1_relu6_relu6");
  EXPECT_EQ(phases(layer, target, heuristic(layer, target))[0].axis, Axis::rows);
}

TEST(Phases, PointwisePixelsSplitWhateverTheRows) {
  const targets::Target target = target_of("x86-64-v4");
  const spec::Layer layer = layer_of("pw_f32_n1h1w3000c32_o64_none");
  EXPECT_EQ(phases(layer, target, heuristic(layer, target))[0].axis, Axis::pixels);
}

}  // namespace
}  // namespace sepconv::schedules
