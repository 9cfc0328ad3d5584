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

measure::Outcome failed(const std::string& reason) {
  return {measure::Status::failed, 0, 0, reason};
}

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
  const auto cold = measure::sample_in_turn({{run, [&] { evict(); }, 1}},
                                            options.row_seconds - hot_seconds, 5);
  shared.cold = measure::statistics(cold[0]);
}

/// Fills, packs, runs once and samples; in the child.
measure::Outcome measure_kernel(const spec::Layer& layer, const targets::Target& target,
                                const measure::Kernel& kernel, const BenchOptions& options,
                                Shared& shared) {
  const reference::Operands operands = measure::real_fill(layer, layer.input.n);
  const spec::Shape out = spec::output_shape(layer);
  const auto buffer = [&](const char* name, const spec::Shape& shape, int64_t stride) {
    return measure::TensorBuffer::make(name, shape, measure::strides(layer.layout, shape, stride),
                                       measure::Placement::start);
  };
  auto input = buffer("input", layer.input, layer.input_pixel_stride);
  auto output = buffer("output", out, layer.output_pixel_stride);
  auto residual = buffer("residual", out, 0);
  if (!input || !output || !residual) return failed("no memory for the tensors");
  input->write(operands.input.data());
  sepconv_call call{};
  call.input = input->view();
  call.output = output->view();
  if (spec::has_residual_input(layer)) {
    residual->write(operands.residual.data());
    call.residual = residual->view();
  }
  Block packed(kernel.packed_bytes);
  const sepconv_weights weights = SEPCONV_BENCH_WEIGHTS(operands);
  if (kernel.pack(weights, packed.data, kernel.packed_bytes) != SEPCONV_OK) {
    return failed("sepconv_pack refused the weights");
  }
  call.packed = packed.data;
  call.packed_bytes = kernel.packed_bytes;
  measure::Pool pool(options.threads);
  if (options.threads > 1) {
    call.parallel_for = measure::Pool::parallel_for;
    call.parallel_context = &pool;
    call.threads = static_cast<uint32_t>(options.threads);
  }
  size_t bytes = 0;
  if (kernel.workspace_bytes(call, bytes) != SEPCONV_OK) return failed("no workspace size");
  Block workspace(bytes);
  call.workspace = workspace.data;
  call.workspace_bytes = bytes;
  const sepconv_status status = kernel.run(call);
  if (status != SEPCONV_OK) {
    return failed("sepconv_run returned status " + std::to_string(static_cast<int>(status)));
  }
  sample([&] { kernel.run(call); }, target, options, shared);
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
    return measure_kernel(layer, target, kernel, options, *shared);
  });
  times.hot = shared->hot;
  times.cold = shared->cold;
  times.peak_gflops = shared->peak_gflops;
  if (outcome.status != measure::Status::passed) times.failure = outcome.reason;
  munmap(memory, sizeof(Shared));
  return times;
}

}  // namespace sepconv::bench
