// Tests of schedules: fused blocks really fuse, by what their lowered code allocates and executes.
#include <algorithm>

#include "emit/library.h"
#include "spec/json.h"
#include "tests/schedules/fixture.h"

namespace sepconv::schedules {
namespace {

std::vector<spec::Layer> fused_layers() {
  std::vector<spec::Layer> layers;
  for (const char* file : {"mobilenet_v1", "mobilenet_v2", "guide", "highres", "odd"}) {
    const auto read =
        spec::read_layer_file(std::string(SEPCONV_SOURCE_DIR) + "/layers/" + file + ".json");
    if (!read) ADD_FAILURE() << file << ": " << read.error().front().message;
    if (!read) continue;
    for (const spec::Layer& layer : read->layers) {
      if (layer.stages.size() > 1) layers.push_back(layer);
    }
  }
  return layers;
}

/// Maps of one step's height leave nothing to keep smaller. A stage apart reads a tensor that stays
/// in L2.
bool is_one_step(const spec::Layer& layer, const emit::CompiledKernel& kernel) {
  const int64_t height = spec::output_shape(layer).h;
  const int64_t rows = kernel.point.at("rows");
  if (rows != 0 || height <= 8) return rows == 0 || rows >= height;
  const spec::Shape mid = spec::shapes(layer)[layer.stages.size() - 1];
  return mid.h * mid.w * mid.c * 4 <= target_of(kernel.target).core.l2_bytes;
}

void expect_fused(const spec::Layer& layer, const emit::CompiledKernel& kernel) {
  const std::string name = spec::canonical_name(layer) + " on " + kernel.target;
  const auto shapes = spec::shapes(layer);
  for (size_t stage = 0; stage + 1 < layer.stages.size(); ++stage) {
    const spec::Shape& whole = shapes[stage + 1];
    if (!is_one_step(layer, kernel)) {
      EXPECT_LT(kernel.stage_allocation_bytes[stage], whole.h * whole.w * whole.c * 4) << name;
    }
    EXPECT_LE(kernel.executed_over_nominal[stage], 1.3) << name << " stage " << stage;
    // Below 1 where a tile spans the map, whose padding taps vanish.
    EXPECT_GE(kernel.executed_over_nominal[stage], 0.7) << name << " stage " << stage;
  }
}

class Fused : public testing::TestWithParam<const char*> {};

TEST_P(Fused, IntermediatesStaySmallAndWorkIsNotRepeated) {
  emit::CompileOptions options;
  options.worker = SEPCONV_TOOL;
  const std::vector<targets::Target> targets{target_of(GetParam())};
  const std::vector<spec::Layer> layers = fused_layers();
  ASSERT_GE(layers.size(), 30U);
  const auto kernels = emit::compile(
      layers, targets,
      [](const spec::Layer& layer, const targets::Target& target) -> Result<emit::Choice> {
        return emit::Choice{heuristic(layer, target), "heuristic"};
      },
      options);
  ASSERT_TRUE(kernels) << kernels.error().front().message;
  ASSERT_EQ(kernels->size(), layers.size());
  for (size_t i = 0; i < layers.size(); ++i) expect_fused(layers[i], (*kernels)[i]);
}

INSTANTIATE_TEST_SUITE_P(Targets, Fused, testing::Values("x86-64-v2", "x86-64-v3", "x86-64-v4"),
                         [](const auto& parameter) {
                           std::string name = parameter.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace sepconv::schedules
