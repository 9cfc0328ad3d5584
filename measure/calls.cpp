// Measure: calls of several kernels of one layer on the same values in the same memory. Knows no
// clock.
#include "measure/calls.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "measure/pack_case.h"

namespace sepconv::measure {
namespace {

Error refusal(std::string message) {
  Error error;
  error.message = std::move(message);
  return error;
}

Result<void> make_tensor(TensorBuffer& tensor, const char* name, const spec::Layer& layer,
                         const spec::Shape& shape, int64_t pixel_stride,
                         const std::vector<float>* values) {
  auto made = TensorBuffer::make(name, layer.dtype, shape,
                                 strides(layer.layout, shape, pixel_stride), Placement::staggered);
  if (!made) return fail(std::move(made.error()));
  tensor = std::move(*made);
  if (values != nullptr) tensor.write(values->data());
  return {};
}

Result<void> make_tensors(const Case& values, Calls& made) {
  const spec::Layer& layer = values.layer;
  const spec::Shape out = spec::output_shape(layer);
  auto done = make_tensor(made.input, "input", layer, layer.input, layer.input_pixel_stride,
                          &values.operands.input);
  if (!done) return done;
  done = make_tensor(made.output, "output", layer, out, layer.output_pixel_stride, nullptr);
  if (!done || !spec::has_residual_input(layer)) return done;
  return make_tensor(made.residual, "residual", layer, out, 0, &values.operands.residual);
}

sepconv_call make_call(const Calls& made, bool residual, Pool& pool) {
  sepconv_call call{};
  call.packed = made.packed.data();
  call.packed_bytes = made.packed.bytes();
  call.input = made.input.view();
  call.output = made.output.view();
  if (residual) call.residual = made.residual.view();
  if (pool.threads() > 1) {
    call.parallel_for = Pool::parallel_for;
    call.parallel_context = &pool;
    call.threads = static_cast<uint32_t>(pool.threads());
  }
  return call;
}

/// One workspace, as large as the most demanding kernel wants it.
Result<void> make_workspace(Calls& made) {
  size_t most = 0;
  for (size_t i = 0; i < made.kernels.size(); ++i) {
    size_t bytes = 0;
    const sepconv_status status = made.kernels[i].workspace_bytes(made.calls[i], bytes);
    if (status != SEPCONV_OK) {
      return fail(refusal(fmt::format("the workspace query says status {}: {}",
                                      static_cast<int>(status), sepconv_status_message(status))));
    }
    most = std::max(most, bytes);
  }
  auto workspace = GuardedBuffer::make("workspace", most, SEPCONV_ALIGNMENT, Placement::staggered);
  if (!workspace) return fail(std::move(workspace.error()));
  made.workspace = std::move(*workspace);
  for (sepconv_call& call : made.calls) {
    if (most > 0) call.workspace = made.workspace.data();
    call.workspace_bytes = most;
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Calls>> make_calls(const Case& values, std::vector<Kernel> kernels,
                                          Pool& pool) {
  auto made = std::make_unique<Calls>();
  made->kernels = std::move(kernels);
  auto done = make_tensors(values, *made);
  if (!done) return fail(std::move(done.error()));
  std::string refused;
  made->packed = pack_case(values, made->kernels.front(), Placement::staggered, refused);
  if (!refused.empty()) return fail(refusal(refused));
  const bool residual = spec::has_residual_input(values.layer);
  for (size_t i = 0; i < made->kernels.size(); ++i) {
    made->calls.push_back(make_call(*made, residual, pool));
  }
  done = make_workspace(*made);
  if (!done) return fail(std::move(done.error()));
  return made;
}

}  // namespace sepconv::measure
