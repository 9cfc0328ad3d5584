// Bench, device program: one layer's time on a device. Knows no file.
#include "bench/device/time.h"

#include <dlfcn.h>
#include <fmt/core.h>

#include <algorithm>
#include <chrono>

#include "measure/fill.h"
#include "measure/library.h"
#include "sepconv/gpu.h"
#include "spec/cost.h"
#include "spec/name.h"

namespace sepconv::bench::device {
namespace {

constexpr int kSamples = 15;
constexpr double kSampleSeconds = 0.01;

using Clock = std::chrono::steady_clock;

/// The functions that carry the library's name.
struct Functions {
  sepconv_gpu_open_function open = nullptr;
  sepconv_gpu_run_function run = nullptr;
  sepconv_gpu_close_function close = nullptr;
};

Functions functions_of(const std::string& library) {
  Functions found;
  void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return found;
  found.open = reinterpret_cast<sepconv_gpu_open_function>(dlsym(handle, "kernels_gpu_open"));
  found.run = reinterpret_cast<sepconv_gpu_run_function>(dlsym(handle, "kernels_gpu_run"));
  found.close = reinterpret_cast<sepconv_gpu_close_function>(dlsym(handle, "kernels_gpu_close"));
  return found;
}

/// Weights packed in host memory.
struct Packed {
  std::vector<std::byte> memory;
  std::byte* data = nullptr;
  sepconv_status status = SEPCONV_OK;
};

Packed pack(const sepconv_kernel* kernel, const spec::Layer& layer,
            const reference::Operands& operands) {
  const float* sepconv_weights::*const members[] = {
      &sepconv_weights::expand,         &sepconv_weights::expand_bias, &sepconv_weights::depthwise,
      &sepconv_weights::depthwise_bias, &sepconv_weights::weights,     &sepconv_weights::bias};
  sepconv_weights weights{};
  for (const spec::Parameter& parameter : spec::parameters(layer)) {
    const auto& stage = operands.stages[static_cast<size_t>(parameter.stage)];
    weights.*members[static_cast<int>(parameter.role)] =
        parameter.is_bias ? stage.bias.data() : stage.weights.data();
  }
  Packed packed;
  packed.memory.resize(kernel->packed_bytes + SEPCONV_ALIGNMENT);
  const auto address = reinterpret_cast<uintptr_t>(packed.memory.data());
  packed.data = packed.memory.data() + (SEPCONV_ALIGNMENT - address % SEPCONV_ALIGNMENT);
  packed.status = sepconv_pack(kernel, SEPCONV_HWIO, &weights, packed.data, kernel->packed_bytes);
  return packed;
}

size_t elements(const sepconv_tensor& tensor) {
  return static_cast<size_t>(tensor.extent[0] * tensor.stride[0]);
}

/// Seconds a run of so many launches, waited for once.
double seconds_of(const Functions& functions, sepconv_gpu& gpu, const sepconv_gpu_call& call,
                  int launches) {
  const auto begin = Clock::now();
  for (int i = 0; i < launches; ++i) {
    if (functions.run(&gpu, &call) != SEPCONV_OK) return -1;
  }
  if (!finish()) return -1;
  return std::chrono::duration<double>(Clock::now() - begin).count() / launches;
}

std::vector<double> samples(const Functions& functions, sepconv_gpu& gpu,
                            const sepconv_gpu_call& call) {
  const double first = seconds_of(functions, gpu, call, 20);  // also warms up
  const int launches = std::max(20, static_cast<int>(kSampleSeconds / std::max(first, 1e-6)));
  std::vector<double> all;
  for (int i = 0; i < kSamples; ++i) all.push_back(seconds_of(functions, gpu, call, launches));
  std::sort(all.begin(), all.end());
  return all;
}

int refuse(const spec::Layer& layer, const std::string& why) {
  fmt::print("{:<60} not timed: {}\n", spec::canonical_name(layer), why);
  return 1;
}

void print(const spec::Layer& layer, const std::vector<double>& seconds, const Ceilings& ceilings) {
  const spec::Cost cost = spec::cost(layer);
  const double median = seconds[seconds.size() / 2];
  const double gflops = 2.0 * static_cast<double>(cost.macs()) / median / 1e9;
  const double roof = std::min(ceilings.peak_gflops, cost.intensity() * ceilings.bandwidth_gbs);
  fmt::print("{:<60} {:>9.2f} {:>9.2f} {:>9.0f} {:>7.1f}% {:>7.1f}%\n", spec::canonical_name(layer),
             seconds.front() * 1e6, median * 1e6, gflops, 100 * gflops / ceilings.peak_gflops,
             100 * gflops / roof);
}

}  // namespace

int print_row(const std::string& library, const spec::Layer& layer, const Ceilings& ceilings) {
  const auto opened = measure::Library::open(library, "kernels");
  const Functions functions = functions_of(library);
  if (!opened || functions.run == nullptr) return refuse(layer, "the library does not open");
  const sepconv_kernel* kernel = opened->find(spec::canonical_name(layer));
  if (kernel == nullptr) return refuse(layer, "the library has no such kernel");
  const reference::Operands operands = measure::real_fill(layer, layer.input.n);
  const Packed packed = pack(kernel, layer, operands);
  const Memory input(elements(kernel->input) * kernel->element_bytes);
  const Memory output(elements(kernel->output) * kernel->element_bytes);
  const Memory residual(elements(kernel->residual) * kernel->element_bytes);
  // Elements of 0.5 as f32, and as f16 of some other normal number.
  const std::vector<float> values(elements(kernel->input) * kernel->element_bytes / sizeof(float),
                                  0.5f);
  if (packed.status != SEPCONV_OK || !input.fill(values) || output.address() == 0) {
    return refuse(layer, "no memory on the device");
  }
  sepconv_gpu gpu{};
  const sepconv_gpu_options options{};
  const sepconv_status status =
      functions.open(kernel, &options, packed.data, kernel->packed_bytes, &gpu);
  if (status != SEPCONV_OK) return refuse(layer, sepconv_status_message(status));
  const auto pointer = [](uint64_t address) { return reinterpret_cast<void*>(address); };
  sepconv_gpu_call call{};
  call.memory = SEPCONV_GPU_DEVICE;
  call.input = kernel->input, call.input.data = pointer(input.address());
  call.output = kernel->output, call.output.data = pointer(output.address());
  if (kernel->residual.extent[0] > 0) {
    call.residual = kernel->residual, call.residual.data = pointer(residual.address());
  }
  const std::vector<double> seconds = samples(functions, gpu, call);
  functions.close(&gpu);
  if (seconds.front() < 0) return refuse(layer, "a run failed");
  print(layer, seconds, ceilings);
  return 0;
}

}  // namespace sepconv::bench::device
