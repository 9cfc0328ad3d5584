// Measure, device: one kernel with its weights and tensors on a device, and the time of its runs.
// Knows no layer.
#include "measure/device/device_run.h"

#include <algorithm>
#include <chrono>

#include "runtime/src/kernel.h"

namespace sepconv::measure {
namespace {

constexpr double kSampleMicroseconds = 1000;
constexpr size_t kMostRuns = 1000;

uint64_t bytes_of(const Kernel& kernel, const sepconv_tensor& tensor) {
  return static_cast<uint64_t>(sepconv_tensor_bytes(&tensor, kernel.described->element_bytes));
}

bool upload(DeviceMemory& memory, const Kernel& kernel, const sepconv_tensor& tensor) {
  return tensor.data == nullptr || memory.write(tensor.data, bytes_of(kernel, tensor));
}

/// The tensor with its data on the device.
sepconv_tensor placed(sepconv_tensor tensor, const DeviceMemory& memory) {
  if (tensor.data != nullptr) tensor.data = reinterpret_cast<void*>(memory.handle());
  return tensor;
}

}  // namespace

DeviceRun::DeviceRun(Device& device, const Kernel& kernel, const sepconv_call& call)
    : device_(device),
      calls_(kernel.device),
      output_bytes_(bytes_of(kernel, call.output)),
      input_(device, bytes_of(kernel, call.input)),
      residual_(device, bytes_of(kernel, call.residual)),
      output_(device, output_bytes_) {
  if (calls_.open == nullptr || calls_.run == nullptr || calls_.close == nullptr) {
    problem_ = "the library has no code for devices";
    return;
  }
  if (!upload(input_, kernel, call.input) || !upload(residual_, kernel, call.residual) ||
      !upload(output_, kernel, call.output)) {
    problem_ = "no memory for the tensors on the device";
    return;
  }
  const sepconv_gpu_options options = device.options();
  const sepconv_status status =
      calls_.open(kernel.described, &options, call.packed, call.packed_bytes, &gpu_);
  if (status != SEPCONV_OK) {
    problem_ = sepconv_status_message(status);
    if (gpu_.driver_error != 0) problem_ += ", driver's error " + std::to_string(gpu_.driver_error);
    return;
  }
  call_.memory = SEPCONV_GPU_DEVICE;
  call_.input = placed(call.input, input_);
  call_.residual = placed(call.residual, residual_);
  call_.output = placed(call.output, output_);
}

DeviceRun::~DeviceRun() {
  if (calls_.close != nullptr) (void)calls_.close(&gpu_);
}

bool DeviceRun::enqueue(size_t runs) {
  for (size_t i = 0; i < runs; ++i) {
    if (calls_.run(&gpu_, &call_) != SEPCONV_OK) return false;
  }
  return true;
}

double DeviceRun::microseconds(size_t runs) {
  if (!problem_.empty() || !enqueue(1) || !device_.finish()) return -1;
  const auto begin = std::chrono::steady_clock::now();
  if (!enqueue(runs) || !device_.finish()) return -1;
  const std::chrono::duration<double, std::micro> taken = std::chrono::steady_clock::now() - begin;
  return taken.count() / static_cast<double>(runs);
}

size_t DeviceRun::runs_a_sample() {
  constexpr size_t kFirst = 10;
  return runs_a_sample(microseconds(1) > kSampleMicroseconds ? kSampleMicroseconds
                                                             : microseconds(kFirst));
}

size_t DeviceRun::runs_a_sample(double us) {
  us = std::max(us, 0.1);
  return std::clamp<size_t>(static_cast<size_t>(kSampleMicroseconds / us), 1, kMostRuns);
}

}  // namespace sepconv::measure
