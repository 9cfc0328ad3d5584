// Bench, device program: the few calls of CUDA's driver that measuring needs. Knows no layer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sepconv::bench::device {

/// The driver in this process, on the primary context of device 0, which is current afterwards.
/// False, with the reason in `why`, where there is none.
[[nodiscard]] bool start_driver(std::string& why);
[[nodiscard]] std::string device_name();

/// Memory on the device, freed with the value; address 0 when the driver refused.
class Memory {
 public:
  explicit Memory(size_t bytes);
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory();
  [[nodiscard]] uint64_t address() const { return address_; }
  bool fill(const std::vector<float>& values) const;

 private:
  uint64_t address_ = 0;
};

/// Waits for the default stream; false when work on it failed.
[[nodiscard]] bool finish();

/// Multiply-adds of independent chains in registers on all multiprocessors, GFLOP/s; best of
/// several.
[[nodiscard]] double measured_peak_gflops();
/// A copy inside the device's memory, reads and writes together, GB/s; best of several.
[[nodiscard]] double measured_bandwidth_gbs();

}  // namespace sepconv::bench::device
