// Bench: one call of a kernel with all that it points to. Knows no clock.
#include "bench/row_call.h"

namespace sepconv::bench {
namespace {

sepconv_weights weights_of(const spec::Layer& layer, const reference::Operands& operands) {
  using Role = spec::Parameter::Role;
  sepconv_weights weights{};
  for (const spec::Parameter& parameter : spec::parameters(layer)) {
    const auto& stage = operands.stages[static_cast<size_t>(parameter.stage)];
    const float* values = parameter.is_bias ? stage.bias.data() : stage.weights.data();
    switch (parameter.role) {
      case Role::expand:
        weights.expand = values;
        break;
      case Role::expand_bias:
        weights.expand_bias = values;
        break;
      case Role::depthwise:
        weights.depthwise = values;
        break;
      case Role::depthwise_bias:
        weights.depthwise_bias = values;
        break;
      case Role::weights:
        weights.weights = values;
        break;
      case Role::bias:
        weights.bias = values;
        break;
    }
  }
  return weights;
}

/// Tensors of the layer's batch with real values; why there are none, or empty.
std::string make_tensors(const spec::Layer& layer, const reference::Operands& operands,
                         RowCall& made) {
  const auto make = [&](measure::TensorBuffer& buffer, const char* name, const spec::Shape& shape,
                        int64_t pixel_stride) {
    auto made = measure::TensorBuffer::make(name, layer.dtype, shape,
                                            measure::strides(layer.layout, shape, pixel_stride),
                                            measure::Placement::staggered);
    if (made) buffer = std::move(*made);
    return made.has_value();
  };
  const spec::Shape out = spec::output_shape(layer);
  if (!make(made.input, "input", layer.input, layer.input_pixel_stride) ||
      !make(made.output, "output", out, layer.output_pixel_stride)) {
    return "no memory for the tensors";
  }
  made.input.write(operands.input.data());
  made.call.input = made.input.view();
  made.call.output = made.output.view();
  if (spec::has_residual_input(layer)) {
    if (!make(made.residual, "residual", out, 0)) return "no memory for the residual";
    made.residual.write(operands.residual.data());
    made.call.residual = made.residual.view();
  }
  return {};
}

/// Packs the weights and makes the workspace; why not, or empty.
std::string make_blocks(const spec::Layer& layer, const reference::Operands& operands,
                        const measure::Kernel& kernel, RowCall& made) {
  made.packed = std::make_unique<Block>(kernel.packed_bytes);
  if (kernel.pack(weights_of(layer, operands), made.packed->data, kernel.packed_bytes) !=
      SEPCONV_OK) {
    return "sepconv_pack refused the weights";
  }
  made.call.packed = made.packed->data;
  made.call.packed_bytes = kernel.packed_bytes;
  size_t bytes = 0;
  if (kernel.workspace_bytes(made.call, bytes) != SEPCONV_OK) {
    return "sepconv_workspace_bytes refused the call";
  }
  made.workspace = std::make_unique<Block>(bytes);
  made.call.workspace = made.workspace->data;
  made.call.workspace_bytes = bytes;
  return {};
}

}  // namespace

Block::Block(size_t bytes) : room(bytes + SEPCONV_ALIGNMENT) {
  void* place = room.data();
  size_t space = room.size();
  data = std::align(SEPCONV_ALIGNMENT, bytes, place, space);
}

std::string make_call(const spec::Layer& layer, const reference::Operands& operands,
                      const measure::Kernel& kernel, int threads, RowCall& made) {
  std::string problem = make_tensors(layer, operands, made);
  if (!problem.empty()) return problem;
  if (threads > 1) {
    made.pool = std::make_unique<measure::Pool>(threads);
    made.call.parallel_for = measure::Pool::parallel_for;
    made.call.parallel_context = made.pool.get();
    made.call.threads = static_cast<uint32_t>(threads);
  }
  problem = make_blocks(layer, operands, kernel, made);
  if (!problem.empty()) return problem;
  const sepconv_status status = kernel.run(made.call);
  if (status == SEPCONV_OK) return {};
  return "sepconv_run returned status " + std::to_string(static_cast<int>(status));
}

}  // namespace sepconv::bench
