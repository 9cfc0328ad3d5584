// Measure, device: what a device can do at best, measured now: arithmetic peak and bandwidths.
// Knows no kernel of a layer.
#pragma once

#include <string>

#include "measure/ceilings.h"
#include "measure/device/device.h"

namespace sepconv::measure {

/// Bursts at the peak of multiply-adds in registers.
class DevicePeak {
 public:
  explicit DevicePeak(Device& device);
  /// GFLOP/s of one launch of about two milliseconds; 0 where the device refuses.
  double burst();

 private:
  Device& device_;
  DeviceMemory out_;
  DeviceProgram program_;
  uint32_t blocks_ = 0;  ///< of a launch of that length; 0: not known yet
};

/// A device's name, peak and bandwidths.
struct DeviceFacts {
  std::string name, problem;  ///< problem: not empty where there are no numbers
  double peak_gflops = 0;
  Ceilings ceilings;  ///< its last cache counts as L2; L1d and L3 are not known
};

/// Measures in a process of its own, at most `seconds` of wall time. Warms up first.
[[nodiscard]] DeviceFacts measure_device(targets::Device kind, double seconds);

}  // namespace sepconv::measure
