// Measure, device: one kernel with its weights and tensors on a device, and the time of its runs.
// Knows no layer.
#pragma once

#include <memory>
#include <string>

#include "measure/device/device.h"
#include "measure/kernel.h"

namespace sepconv::measure {

/// A kernel opened on a device. Runs are enqueued one after the other and waited for once.
class DeviceRun {
 public:
  /// Opens the kernel with the packed weights of `call` and copies its tensors to the device, what
  /// its output holds too. `problem` says why that failed.
  DeviceRun(Device& device, const Kernel& kernel, const sepconv_call& call);
  DeviceRun(const DeviceRun&) = delete;
  DeviceRun& operator=(const DeviceRun&) = delete;
  ~DeviceRun();
  [[nodiscard]] const std::string& problem() const { return problem_; }
  /// Microseconds a run of `runs` enqueued ones, after an untimed one; negative when one fails.
  double microseconds(size_t runs);
  /// The output tensor's bytes, as the last run left them; false when the device refuses.
  [[nodiscard]] bool read_output(void* to) { return output_.read(to, output_bytes_); }
  /// So many runs that waiting for them once costs little beside them.
  [[nodiscard]] size_t runs_a_sample();
  /// The same for anything that takes so many microseconds a run.
  [[nodiscard]] static size_t runs_a_sample(double us);

 private:
  Device& device_;
  DeviceCalls calls_;
  uint64_t output_bytes_;
  DeviceMemory input_, residual_, output_;
  sepconv_gpu gpu_{};
  sepconv_gpu_call call_{};
  std::string problem_;

  bool enqueue(size_t runs);
};

}  // namespace sepconv::measure
