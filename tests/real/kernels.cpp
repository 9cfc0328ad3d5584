// Tests with real data: layers to kernels and kernels to outputs, by the ways that an app has.
// Knows no data.
#include "kernels.h"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>

#include "cli/build.h"
#include "measure/tensors.h"
#include "schedules/schedule.h"
#include "spec/name.h"

namespace sepconv::real {

/// A library of layers for one target, each under its canonical name.
measure::Library build(const std::vector<spec::Layer>& layers, const std::string& name) {
  emit::CompileOptions compile;
  compile.worker = SEPCONV_TOOL;
  compile.cache.directory = SEPCONV_BINARY_DIR "/test-cache";
  const emit::Chooser choose = [](const spec::Layer& layer, const targets::Target& target) {
    return Result<emit::Choice>({schedules::heuristic(layer, target), "heuristic"});
  };
  std::vector<spec::Layer> distinct;
  std::set<std::string> names;
  for (spec::Layer layer : layers) {
    layer.name = spec::canonical_name(layer);
    if (names.insert(layer.name).second) distinct.push_back(std::move(layer));
  }
  const auto target = targets::parse_target(name).value();
  const auto built = cli::make_builder(choose, compile)(distinct, target);
  if (!built) throw std::runtime_error(built.error().front().message);
  for (const measure::BuiltLayer& layer : built->layers) {
    if (!layer.errors.empty()) throw std::runtime_error(layer.errors.front().message);
  }
  return measure::Library::open(built->shared_object, built->library).value();
}

namespace {

const float* data(const std::vector<float>& values) {
  return values.empty() ? nullptr : values.data();
}

sepconv_weights view(const spec::Layer& layer,
                     const std::vector<reference::StageParameters>& parameters) {
  sepconv_weights weights{};
  const size_t stages = parameters.size();
  if (stages == 3) {
    weights.expand = data(parameters[0].weights);
    weights.expand_bias = data(parameters[0].bias);
  }
  if (stages > 1) {
    weights.depthwise = data(parameters[stages - 2].weights);
    weights.depthwise_bias = data(parameters[stages - 2].bias);
  }
  const bool ends_depthwise = layer.stages.back().kind == spec::StageKind::depthwise;
  (ends_depthwise ? weights.depthwise : weights.weights) = data(parameters.back().weights);
  weights.bias = data(parameters.back().bias);
  return weights;
}

measure::GuardedBuffer buffer(const char* name, size_t bytes) {
  return measure::GuardedBuffer::make(name, bytes, SEPCONV_ALIGNMENT, measure::Placement::end)
      .value();
}

measure::TensorBuffer tensor(const char* name, const spec::Shape& shape) {
  return measure::TensorBuffer::make(name, spec::Dtype::f32, shape,
                                     measure::strides(spec::Layout::nhwc, shape, 0),
                                     measure::Placement::end)
      .value();
}

}  // namespace

std::vector<float> run(const measure::Library& library, const spec::Layer& layer,
                       const std::vector<reference::StageParameters>& weights,
                       const std::vector<float>& values) {
  const auto kernel = library.kernel(spec::canonical_name(layer)).value();
  auto packed = buffer("packed", kernel.packed_bytes);
  EXPECT_EQ(kernel.pack(view(layer, weights), packed.data(), packed.bytes()), SEPCONV_OK);
  auto input = tensor("input", layer.input);
  auto output = tensor("output", spec::output_shape(layer));
  input.write(values.data());
  sepconv_call call{};
  call.packed = packed.data();
  call.packed_bytes = packed.bytes();
  call.input = input.view();
  call.output = output.view();
  size_t bytes = 0;
  EXPECT_EQ(kernel.workspace_bytes(call, bytes), SEPCONV_OK);
  const auto workspace = buffer("workspace", bytes);
  call.workspace = workspace.data();
  call.workspace_bytes = bytes;
  EXPECT_EQ(kernel.run(call), SEPCONV_OK);
  return output.read();
}

}  // namespace sepconv::real
