// Tests of gpu: the space, its limits and the heuristic's points.
#include <random>

#include "schedules/gpu_cost.h"
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
  for (int i = 0; i < 250 && !testing::Test::HasFailure(); ++i) {
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
  const Point point = gpu_heuristic(layer, target_of("cuda-sm80").gpu);
  EXPECT_GE(blocks(gpu_tile(layer, gpu_phases(layer, point).front(), point)), 56)
      << "half of the multiprocessors of an A100";
}

/// Few pixels of many channels: threads of many sums would leave most of the device idle.
TEST(GpuHeuristic, GivesSmallMapsManyWarps) {
  const spec::Layer layer = layer_of("ir_f32_n1h7w7c160_e960_o160_k3s1p1_relu6_relu6_none_res");
  const targets::Gpu gpu = target_of("cuda-sm80").gpu;
  const Point point = gpu_heuristic(layer, gpu);
  for (const Phase& phase : gpu_phases(layer, point)) {
    const GpuTile tile = gpu_tile(layer, phase, point);
    EXPECT_GE(blocks(tile) * ((tile.threads() + 31) / 32), gpu.multiprocessors);
  }
}

TEST(GpuSpace, RefusesBlocksThatNoDeviceLaunches) {
  const spec::Layer layer = layer_of("dwpw_f32_n1h56w56c1024_o1024_k3s1p1_relu_none");
  Point point = gpu_heuristic(layer, target_of("cuda-sm80").gpu);
  point["pw_x"] = 8, point["pw_tx"] = 4, point["pw_ty"] = 1, point["pw_c"] = 8;
  const Errors errors = gpu_legal(point, layer);
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].field, "schedule.pw_tx");
  EXPECT_NE(errors[0].message.find("shared memory"), std::string::npos) << errors[0].message;
}

TEST(GpuSpace, RefusesGridsThatNoDeviceLaunches) {
  const spec::Layer layer = layer_of("pw_f32_n1h3000w3000c16_o16_none");
  Point point = gpu_heuristic(layer, target_of("cuda-sm80").gpu);
  EXPECT_TRUE(gpu_legal(point, layer).empty());
  point["pw_x"] = 1, point["pw_tx"] = 1, point["pw_split"] = 0;
  EXPECT_TRUE(gpu_legal(point, layer).empty()) << "the first axis is long enough";
  point["pw_split"] = 1;
  const Errors errors = gpu_legal(point, layer);
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].message, "makes 9000000 columns of blocks");
}

TEST(GpuSpace, HasNothingForLayersThatNoBlockHolds) {
  for (const char* name : {"dwpw_f32_n1h7w7c16384_o16_k3s1p1_relu_relu",
                           "dw_f32_n1h600000w1c16_k3x1s1p1x0x1x0_relu"}) {
    const Errors errors = unsupported(layer_of(name), target_of("cuda-sm80"));
    ASSERT_EQ(errors.size(), 1U) << name;
    EXPECT_EQ(errors[0].kind, ErrorKind::input);
    EXPECT_NE(errors[0].hint.find("x86-64-v3"), std::string::npos) << errors[0].hint;
    EXPECT_EQ(errors[0].hint.find("opencl"), std::string::npos) << errors[0].hint;
    EXPECT_TRUE(unsupported(layer_of(name), target_of("x86-64-v3")).empty());
  }
}

TEST(GpuSpace, RefusesTilesLargerThanTheMap) {
  const spec::Layer layer = layer_of("dw_f32_n1h5w5c32_k3s1p1_relu");
  Point point = gpu_heuristic(layer, target_of("cuda-sm80").gpu);
  point["dw_x"] = 2, point["dw_tx"] = 4, point["dw_ty"] = 1, point["dw_c"] = 8;
  ASSERT_EQ(gpu_legal(point, layer).size(), 1U);
}

/// The same layer and tile but for what a test changes.
GpuCost cost_of(const char* name, const std::map<std::string, int64_t>& changes,
                const char* target = "cuda-sm80") {
  const spec::Layer layer = layer_of(name);
  const targets::Gpu gpu = target_of(target).gpu;
  Point point = gpu_heuristic(layer, gpu);
  for (const auto& [knob, value] : changes) point[knob] = value;
  const Phase phase = gpu_phases(layer, point).front();
  return gpu_cost(layer, phase, gpu_tile(layer, phase, point), gpu);
}

/// A part of a multiprocessor issues to its own warps only.
TEST(GpuCost, OneWarpUsesAQuarterOfAMultiprocessor) {
  const GpuCost cost = cost_of("pw_f32_n1h1w7c512_o128_none", {{"pw_c", 32},
                                                               {"pw_v", 4},
                                                               {"pw_x", 7},
                                                               {"pw_tx", 1},
                                                               {"pw_k", 8},
                                                               {"pw_split", 1},
                                                               {"pw_stage", 1}});
  const targets::Gpu gpu = target_of("cuda-sm80").gpu;
  const double flops = 2.0 * 7 * 512 * 128;
  EXPECT_GE(cost.us(), flops / (gpu.peak_gflops() / 4 / gpu.multiprocessors) * 1e-3);
}

/// A launch with the expansion inside multiplies by as many channels as the input has.
TEST(GpuCost, CountsAnExpansionInsideALaunch) {
  const auto cost = [](const char* name) {
    return cost_of(name, {{"hidden", 16},
                          {"pw_c", 8},
                          {"pw_v", 2},
                          {"pw_x", 2},
                          {"pw_tx", 4},
                          {"pw_ty", 2},
                          {"pw_k", 8},
                          {"pw_split", 0},
                          {"dw_v", 1}});
  };
  const GpuCost few = cost("ir_f32_n1h28w28c16_e144_o32_k3s1p1_relu6_relu6_none");
  const GpuCost many = cost("ir_f32_n1h28w28c64_e144_o32_k3s1p1_relu6_relu6_none");
  EXPECT_GT(many.multiprocessor_us, few.multiprocessor_us);
  EXPECT_GT(many.l2_bytes, few.l2_bytes);
}

constexpr const char* kPointwise = "pw_f32_n1h56w56c128_o128_relu6";

TEST(GpuCost, MoreColumnsOfAThreadMultiplyMoreALoad) {
  const GpuCost few = cost_of(kPointwise, {{"pw_x", 4}, {"pw_v", 4}, {"pw_k", 4}});
  const GpuCost many = cost_of(kPointwise, {{"pw_x", 8}, {"pw_v", 4}, {"pw_k", 4}});
  EXPECT_GT(many.fma_share, few.fma_share);
  EXPECT_GT(many.registers, few.registers);
  EXPECT_NEAR(few.fma_share, 64.0 / 83, 0.03) << "what nvdisasm shows of this loop";
  EXPECT_NEAR(many.fma_share, 128.0 / 158, 0.03);
}

TEST(GpuCost, IsNoLessThanTheDevicesPeakAllows) {
  for (const char* target : {"cuda-sm80", "cuda-sm86", "arm64+cuda-sm87"}) {
    const GpuCost cost = cost_of(kPointwise, {}, target);
    const double flops = 2.0 * 56 * 56 * 128 * 128;
    EXPECT_GE(cost.us(), flops / target_of(target).gpu.peak_gflops() * 1e-3) << target;
  }
}

TEST(GpuCost, MovesTheTensorsAtLeastOnce) {
  const GpuCost cost = cost_of("dw_f32_n1h56w56c128_k3s1p1_relu6", {});
  EXPECT_GE(cost.l2_bytes, 2.0 * 56 * 56 * 128 * 4);
  EXPECT_LT(cost.l2_bytes, 4.0 * 56 * 56 * 128 * 4);
}

TEST(GpuSpace, ChannelBlocksDivideThePackedChannels) {
  const spec::Layer layer = layer_of("pw_f32_n1h7w7c64_o144_none");
  Point point = gpu_heuristic(layer, target_of("cuda-sm80").gpu);
  EXPECT_TRUE(gpu_legal(point, layer).empty());
  point["pw_c"] = 48, point["pw_v"] = 2;
  const Errors errors = gpu_legal(point, layer);
  ASSERT_FALSE(errors.empty());
  EXPECT_EQ(errors[0].field, "schedule.pw_v");
}

}  // namespace
}  // namespace sepconv::schedules
