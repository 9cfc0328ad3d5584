// Tests of schedules: phases cover the layer and cut it into tasks.
#include <random>

#include "tests/schedules/fixture.h"
#include "tests/spec/random_layer.h"

namespace sepconv::schedules {
namespace {

int64_t extent(const spec::Layer& layer, const Phase& phase) {
  const spec::Shape out = spec::shapes(layer)[static_cast<size_t>(phase.last_stage) + 1];
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
      EXPECT_LE(phase.grain, extent(layer, phase)) << spec::canonical_name(layer);
      next = phase.last_stage + 1;
    }
    EXPECT_EQ(next, static_cast<int>(layer.stages.size()));
  }
}

TEST(Phases, SmallMapsSplitIntoChannels) {
  const targets::Target target = target_of("x86-64-v4");
  const spec::Layer layer = layer_of("dwpw_f32_n1h7w7c1024_o1024_k3s1p1_relu6_relu6");
  EXPECT_EQ(phases(layer, target, heuristic(layer, target))[0].axis, Axis::channels);
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
