// Measure, device: a device of this process, its memory and its programs, through the runtime's own
// drivers. Knows no layer and no clock.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/src/device.h"
#include "targets/target.h"

namespace sepconv::measure {

/// The first device that the runtime finds, with one queue in order. Drivers start threads, so a
/// process that opens one must not fork afterwards.
class Device {
 public:
  explicit Device(targets::Device kind);
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  ~Device();

  [[nodiscard]] bool usable() const { return status_ == SEPCONV_OK; }
  [[nodiscard]] std::string problem() const;
  [[nodiscard]] targets::Device kind() const { return kind_; }
  /// Its context and queue, for `<lib>_gpu_open`.
  [[nodiscard]] sepconv_gpu_options options() const;
  [[nodiscard]] const sepconv_driver& driver() const { return *driver_; }
  [[nodiscard]] sepconv_queue& queue() { return queue_; }
  /// Waits for all that was enqueued; false when some of it failed.
  [[nodiscard]] bool finish();

  [[nodiscard]] std::string name() const;          ///< the driver's, or "unknown device"
  [[nodiscard]] int64_t last_cache_bytes() const;  ///< of its largest cache; 0 where unknown

 private:
  targets::Device kind_;
  const sepconv_driver* driver_;
  sepconv_queue queue_{};
  sepconv_status status_;
  bool entered_ = false;
};

/// Memory on a device, which outlives it; handle 0 when the driver refused.
class DeviceMemory {
 public:
  DeviceMemory(Device& device, uint64_t bytes);
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;
  ~DeviceMemory();
  [[nodiscard]] uint64_t handle() const { return handle_; }
  /// Fills it from host memory, and waits.
  [[nodiscard]] bool write(const void* from, uint64_t bytes);
  /// Copies its start to host memory, after all that was enqueued.
  [[nodiscard]] bool read(void* to, uint64_t bytes);

 private:
  Device& device_;
  uint64_t handle_ = 0;
};

/// A program of one kernel whose arguments are buffers, for blocks of `threads` threads.
class DeviceProgram {
 public:
  DeviceProgram(Device& device, std::string source, uint32_t threads,
                std::vector<uint64_t> buffers);
  DeviceProgram(const DeviceProgram&) = delete;
  DeviceProgram& operator=(const DeviceProgram&) = delete;
  ~DeviceProgram();
  [[nodiscard]] bool usable() const { return usable_; }
  /// Enqueues a launch; false when the driver refuses.
  [[nodiscard]] bool launch(uint32_t blocks);
  static constexpr const char* kEntry = "sepconv_measure";

 private:
  Device& device_;
  std::string source_;
  std::vector<sepconv_memory> buffers_;
  sepconv_launch launch_{};
  sepconv_loaded loaded_{};
  bool usable_;
};

}  // namespace sepconv::measure
