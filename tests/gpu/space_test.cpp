// Tests of gpu: the space, its limits and the heuristic's points.
#include <random>

#include "schedules/gpu_space.h"
#include "tests/schedules/fixture.h"
#include "tests/spec/random_layer.h"

namespace sepconv::schedules {
namespace {

const char* const kGpuTargets[] = {"cuda-sm80", "cuda-sm86", "opencl", "arm64+cuda-sm87"};

void expect_legal(const spec::Layer& layer, const targets::Target& target) {
  const Point point = heuristic(layer, target);
  if (!unsupported(layer, target).empty()) return;
  for (const Error& error : legal(point, layer, target)) {
    ADD_FAILURE() << spec::canonical_name(layer) << " on " << target.name << ": "
                  << to_string(point) << ": " << error.field << " " << error.message;
  }
}

TEST(GpuHeuristic, IsLegalForRandomLayersOnEveryTarget) {
  std::mt19937 random(11);
  for (int i = 0; i < 1000 && !testing::Test::HasFailure(); ++i) {
    const spec::Layer layer = tests::random_layer(random);
    for (const char* target : kGpuTargets) expect_legal(layer, target_of(target));
  }
}

TEST(GpuHeuristic, IsLegalForLargeLayers) {
  for (const char* name : {"dw_f32_n1h540w960c96_k3s2p1_relu6", "pw_f32_n1h256w256c2048_o2048_none",
                           "pw_f32_n1h7w7c3072_o768_none_res", "dw_f32_n1h256w256c64_k31s1p15_none",
                           "conv_f32_n1h640w640c3_o96_k7s4p3_gelu",
                           "ir_f32_n1h256w256c160_e960_o160_k7s1p3_silu_silu_none_res",
                           "dwpw_f32_n1h1024w3c1024_o8_k3s1p1_relu_none"}) {
    expect_legal(layer_of(name), target_of("cuda-sm80"));
  }
}

TEST(GpuHeuristic, FillsTheDeviceWhereTheLayerCan) {
  const spec::Layer layer = layer_of("dwpw_f32_n1h14w14c512_o512_k3s1p1_relu6_relu6");
  const Point point = gpu_heuristic(layer);
  EXPECT_GE(blocks(gpu_tile(layer, gpu_phases(layer, point).front(), point)), 84);
}

TEST(GpuSpace, RefusesBlocksThatNoDeviceLaunches) {
  const spec::Layer layer = layer_of("dwpw_f32_n1h56w56c1024_o1024_k3s1p1_relu_none");
  Point point = gpu_heuristic(layer);
  point["pw_x"] = 8, point["pw_tx"] = 4;
  const Errors errors = gpu_legal(point, layer);
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].field, "schedule: pw_tx");
  EXPECT_NE(errors[0].message.find("shared memory"), std::string::npos) << errors[0].message;
}

TEST(GpuSpace, RefusesTilesLargerThanTheMap) {
  const spec::Layer layer = layer_of("dw_f32_n1h5w5c32_k3s1p1_relu");
  Point point = gpu_heuristic(layer);
  point["dw_x"] = 2, point["dw_tx"] = 4;
  ASSERT_EQ(gpu_legal(point, layer).size(), 1U);
}

TEST(GpuSpace, ChannelBlocksDivideThePackedChannels) {
  const spec::Layer layer = layer_of("pw_f32_n1h7w7c64_o144_none");
  for (const Knob& knob : gpu_space(layer).knobs) {
    if (knob.name != "pw_c") continue;
    for (const int64_t threads : knob.values) EXPECT_EQ(144 / 4 % threads, 0) << threads;
  }
}

}  // namespace
}  // namespace sepconv::schedules
