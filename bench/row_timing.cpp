// Bench: one kernel's samples, taken in a child process and brought back in shared memory. Knows no
// compiler and no output format.
#include "bench/row_timing.h"

#include <sys/mman.h>

#include <memory>
#include <vector>

#include "measure/fill.h"
#include "measure/isolate.h"
#include "measure/pool.h"
#include "measure/tensors.h"

namespace sepconv::bench {
namespace {

/// What the child leaves for its parent.
struct Shared {
  measure::Statistics hot, cold;
  double peak_gflops;
};

/// 64-byte aligned room.
struct Block {
  explicit Block(size_t bytes) : room(bytes + SEPCONV_ALIGNMENT) {
    void* place = room.data();
    size_t space = room.size();
    data = std::align(SEPCONV_ALIGNMENT, bytes, place, space);
  }
  std::vector<std::byte> room;
  void* data = nullptr;
};

/// Owns all that its call points to.
struct Setup {
  measure::TensorBuffer input, output, residual;
  std::unique_ptr<Block> packed, workspace;
  std::unique_ptr<measure::Pool> pool;
  sepconv_call call{};
};

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
                         Setup& setup) {
  const auto make = [&](measure::TensorBuffer& buffer, const char* name, const spec::Shape& shape,
                        int64_t pixel_stride) {
    auto made = measure::TensorBuffer::make(name, shape,
                                            measure::strides(layer.layout, shape, pixel_stride),
                                            measure::Placement::start);
    if (made) buffer = std::move(*made);
    return made.has_value();
  };
  const spec::Shape out = spec::output_shape(layer);
  if (!make(setup.input, "input", layer.input, layer.input_pixel_stride) ||
      !make(setup.output, "output", out, layer.output_pixel_stride)) {
    return "no memory for the tensors";
  }
  setup.input.write(operands.input.data());
  setup.call.input = setup.input.view();
  setup.call.output = setup.output.view();
  if (spec::has_residual_input(layer)) {
    if (!make(setup.residual, "residual", out, 0)) return "no memory for the residual";
    setup.residual.write(operands.residual.data());
    setup.call.residual = setup.residual.view();
  }
  return {};
}

/// Packs the weights and makes the workspace; why not, or empty.
std::string make_blocks(const spec::Layer& layer, const reference::Operands& operands,
                        const measure::Kernel& kernel, Setup& setup) {
  setup.packed = std::make_unique<Block>(kernel.packed_bytes);
  if (kernel.pack(weights_of(layer, operands), setup.packed->data, kernel.packed_bytes) !=
      SEPCONV_OK) {
    return "sepconv_pack refused the weights";
  }
  setup.call.packed = setup.packed->data;
  setup.call.packed_bytes = kernel.packed_bytes;
  size_t bytes = 0;
  if (kernel.workspace_bytes(setup.call, bytes) != SEPCONV_OK) {
    return "sepconv_workspace_bytes refused the call";
  }
  setup.workspace = std::make_unique<Block>(bytes);
  setup.call.workspace = setup.workspace->data;
  setup.call.workspace_bytes = bytes;
  return {};
}

/// Samples the call hot, with bursts at the peak in turn, then cold.
void sample(const std::function<void()>& run, const targets::Target& target,
            const BenchOptions& options, Shared& shared) {
  std::vector<double> peaks;
  const auto burst = [&] {
    if (peaks.size() < 100) {
      peaks.push_back(measure::peak_gflops(target, options.threads, 0.002));
    }
  };
  const double hot_seconds = options.row_seconds * (options.cold ? 0.6 : 1);
  const auto hot = measure::sample_in_turn({{run, {}, 0}}, hot_seconds, 10, burst);
  shared.hot = measure::statistics(hot[0]);
  shared.peak_gflops = measure::statistics(peaks).median;
  if (!options.cold) return;
  measure::Evictor evict(static_cast<size_t>(measure::cache_sizes(1).bytes[2]));
  const auto cold =
      measure::sample_in_turn({{run, [&] { evict(); }, 1}}, options.row_seconds - hot_seconds, 5);
  shared.cold = measure::statistics(cold[0]);
}

/// Fills, packs, runs once and samples, in the child; why not, or empty.
std::string measure_kernel(const spec::Layer& layer, const targets::Target& target,
                           const measure::Kernel& kernel, const BenchOptions& options,
                           Shared& shared) {
  const reference::Operands operands = measure::real_fill(layer, layer.input.n);
  Setup setup;
  std::string problem = make_tensors(layer, operands, setup);
  if (!problem.empty()) return problem;
  if (options.threads > 1) {
    setup.pool = std::make_unique<measure::Pool>(options.threads);
    setup.call.parallel_for = measure::Pool::parallel_for;
    setup.call.parallel_context = setup.pool.get();
    setup.call.threads = static_cast<uint32_t>(options.threads);
  }
  problem = make_blocks(layer, operands, kernel, setup);
  if (!problem.empty()) return problem;
  const sepconv_status status = kernel.run(setup.call);
  if (status != SEPCONV_OK) {
    return "sepconv_run returned status " + std::to_string(static_cast<int>(status));
  }
  sample([&] { kernel.run(setup.call); }, target, options, shared);
  return {};
}

}  // namespace

RowTimes time_row(const spec::Layer& layer, const targets::Target& target,
                  const measure::Kernel& kernel, const BenchOptions& options) {
  RowTimes times;
  void* memory =
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    times.failure = "no shared memory for the results";
    return times;
  }
  auto* shared = new (memory) Shared{};
  const measure::Outcome outcome = measure::isolated(options.limit_seconds, [&] {
    measure::Outcome result;
    result.reason = measure_kernel(layer, target, kernel, options, *shared);
    if (!result.reason.empty()) result.status = measure::Status::failed;
    return result;
  });
  times.hot = shared->hot;
  times.cold = shared->cold;
  times.peak_gflops = shared->peak_gflops;
  if (outcome.status != measure::Status::passed) times.failure = outcome.reason;
  munmap(memory, sizeof(Shared));
  return times;
}

}  // namespace sepconv::bench
