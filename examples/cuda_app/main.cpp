// Example: a layer inside an app on the CUDA runtime: the app's stream and device memory, weights
// that stay on the device, and the same library's CPU code where there is no GPU.
#include <cuda_runtime_api.h>

#include <cmath>
#include <cstdio>
#include <sepconv/sepconv.hpp>
#include <vector>

#include "blocks.h"

namespace {

std::vector<float> filled(std::size_t count, unsigned seed, float scale) {
  std::vector<float> values(count);
  for (float& value : values) {
    seed = seed * 1664525u + 1013904223u;
    value = (static_cast<float>(seed >> 8) / 8388608.0f - 1.0f) * scale;
  }
  return values;
}

/// Device memory that frees itself; empty where cudaMalloc refuses.
class DeviceMemory {
 public:
  explicit DeviceMemory(std::size_t bytes) {
    if (cudaMalloc(&data_, bytes) != cudaSuccess) data_ = nullptr;
  }
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;
  ~DeviceMemory() { cudaFree(data_); }
  [[nodiscard]] void* data() const { return data_; }

 private:
  void* data_ = nullptr;
};

/// Opens the kernel once and runs it as often as an app would: nothing allocates or waits between
/// the runs. The status of the first refusal.
sepconv::Status run_on_gpu(sepconv::Kernel kernel, const sepconv::Packed& packed,
                           const std::vector<float>& input, std::vector<float>& output) {
  cudaStream_t stream = nullptr;
  if (cudaStreamCreate(&stream) != cudaSuccess) return SEPCONV_NO_DEVICE;
  const DeviceMemory device_input(input.size() * sizeof(float));
  const DeviceMemory device_output(output.size() * sizeof(float));
  sepconv_gpu_options options{};
  options.stream = stream;  // the context is the current one: the CUDA runtime's
  sepconv_gpu gpu{};
  sepconv::Status status =
      blocks_gpu_open(kernel, &options, packed.blob.data(), packed.blob.bytes(), &gpu);
  sepconv_gpu_call call{};
  call.memory = SEPCONV_GPU_DEVICE;
  call.input = kernel->input;
  call.input.data = device_input.data();
  call.output = kernel->output;
  call.output.data = device_output.data();
  cudaMemcpyAsync(device_input.data(), input.data(), input.size() * sizeof(float),
                  cudaMemcpyHostToDevice, stream);
  for (int i = 0; i < 10 && status == SEPCONV_OK; ++i) status = blocks_gpu_run(&gpu, &call);
  cudaMemcpyAsync(output.data(), device_output.data(), output.size() * sizeof(float),
                  cudaMemcpyDeviceToHost, stream);
  const cudaError_t finished = cudaStreamSynchronize(stream);
  if (status == SEPCONV_OK && finished != cudaSuccess) status = SEPCONV_DEVICE_FAILED;
  blocks_gpu_close(&gpu);
  cudaStreamDestroy(stream);
  return status;
}

/// Host memory in and out: on the GPU where there is one, else on the CPU.
sepconv::Status run_plainly(sepconv::Kernel kernel, const sepconv::Packed& packed,
                            const std::vector<float>& input, std::vector<float>& output) {
  const sepconv_call call = sepconv::make_call(kernel, packed, input.data(), output.data());
  return sepconv::run(kernel, call, sepconv::make_workspace(kernel, call));
}

}  // namespace

int main() {
  const sepconv::Kernel kernel = blocks_block1();
  const std::vector<float> input = filled(28 * 28 * 64, 1, 1.0f);
  const std::vector<float> taps = filled(9 * 64, 2, 0.4f), mix = filled(64 * 96, 3, 0.2f);
  const std::vector<float> taps_bias = filled(64, 4, 0.5f), mix_bias = filled(96, 5, 0.5f);
  sepconv::Weights weights{};
  weights.depthwise = taps.data();
  weights.depthwise_bias = taps_bias.data();
  weights.weights = mix.data();
  weights.bias = mix_bias.data();
  const sepconv::Packed packed = sepconv::pack(kernel, SEPCONV_HWIO, weights);
  std::vector<float> output(28 * 28 * 96), expected(output.size());
  sepconv::Status status = run_plainly(kernel, packed, input, expected);
  if (status != SEPCONV_OK) return std::printf("%s\n", sepconv::message(status)), 1;

  status = run_on_gpu(kernel, packed, input, output);
  if (status == SEPCONV_NO_DEVICE) {
    std::printf("no GPU: %s\nthe CPU's code ran\n", sepconv::message(status));
    return 0;
  }
  if (status != SEPCONV_OK) return std::printf("%s\n", sepconv::message(status)), 1;
  float worst = 0;
  for (std::size_t i = 0; i < output.size(); ++i) {
    worst = std::fmax(worst, std::fabs(output[i] - expected[i]));
  }
  std::printf("calls with device and with host memory differ by %.2g at most\n",
              static_cast<double>(worst));
  return worst < 1e-4f ? 0 : 1;
}
