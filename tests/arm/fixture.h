// Tests of arm: layers to kernels and calls of them on real values.
#pragma once

#include <memory>
#include <stdexcept>
#include <vector>

#include "cli/build.h"
#include "emit/assembly.h"
#include "measure/fill.h"
#include "measure/kernel.h"
#include "schedules/schedule.h"
#include "spec/name.h"

namespace sepconv::cli {

inline emit::CompileOptions compile_with_cache() {
  emit::CompileOptions compile;
  compile.worker = SEPCONV_TOOL;
  compile.cache.directory = SEPCONV_BINARY_DIR "/test-cache";
  return compile;
}

inline Result<emit::Choice> heuristic(const spec::Layer& layer, const targets::Target& target) {
  return emit::Choice{schedules::heuristic(layer, target), "heuristic"};
}

/// What the heuristic's kernel of a layer compiles to.
inline emit::Assembly assembly(const char* layer, const targets::Target& target) {
  emit::CompileOptions compile = compile_with_cache();
  compile.emits = {"asm"};
  const auto kernels =
      emit::compile({spec::parse_name(layer).value()}, {target}, heuristic, compile);
  if (!kernels) throw std::runtime_error(kernels.error().front().message);
  const emit::CompiledKernel& kernel = kernels->front();
  return emit::read_assembly(kernel.texts.at("asm"), target, kernel.loops);
}

inline measure::Built build(const spec::Layer& layer, const targets::Target& target) {
  auto built = make_builder(heuristic, compile_with_cache())({{layer}}, target);
  if (!built) throw std::runtime_error(built.error().front().message);
  if (!built->layers[0].errors.empty()) {
    throw std::runtime_error(built->layers[0].errors.front().message);
  }
  return std::move(*built);
}

inline sepconv_weights weights(const spec::Layer& layer, const reference::Operands& operands) {
  const float* by_role[6] = {};
  for (const spec::Parameter& parameter : spec::parameters(layer)) {
    const auto& stage = operands.stages[static_cast<size_t>(parameter.stage)];
    by_role[static_cast<size_t>(parameter.role)] =
        (parameter.is_bias ? stage.bias : stage.weights).data();
  }
  return {by_role[0], by_role[1], by_role[2], by_role[3], by_role[4], by_role[5]};
}

/// What the kernel writes for one image of real values, after `runs` runs.
inline std::vector<float> outputs(const spec::Layer& layer, const measure::Kernel& kernel,
                                  int runs = 1) {
  reference::Operands operands = measure::real_fill(layer, 1);
  const spec::Shape in = layer.input;
  const spec::Shape out = spec::output_shape(layer);
  const bool halves = layer.dtype == spec::Dtype::f16;
  std::vector<float> result(static_cast<size_t>(out.elements()));
  std::vector<uint16_t> stored;  // the input as halves
  for (const float value : operands.input) {
    if (halves) stored.push_back(sepconv_f32_to_f16(value));
  }
  void* const input = halves ? static_cast<void*>(stored.data()) : operands.input.data();
  const auto aligned = [](size_t bytes) {
    return std::shared_ptr<void>(std::aligned_alloc(64, (bytes + 64) / 64 * 64), std::free);
  };
  const auto check = [](sepconv_status status) {
    if (status != SEPCONV_OK) throw std::runtime_error(sepconv_status_message(status));
  };
  const auto blob = aligned(kernel.packed_bytes);
  check(kernel.pack(weights(layer, operands), blob.get(), kernel.packed_bytes));
  sepconv_call call{};
  call.packed = blob.get();
  call.packed_bytes = kernel.packed_bytes;
  // In nchw the same values belong to other elements, alike on every target.
  const auto dense = layer.layout == spec::Layout::nchw ? sepconv_dense_nchw : sepconv_dense_nhwc;
  call.input = dense(input, 1, in.h, in.w, in.c);
  call.output = dense(result.data(), 1, out.h, out.w, out.c);
  check(kernel.workspace_bytes(call, call.workspace_bytes));
  const auto workspace = aligned(call.workspace_bytes);
  call.workspace = workspace.get();
  for (int i = 0; i < runs; ++i) check(kernel.run(call));
  return result;
}

}  // namespace sepconv::cli
