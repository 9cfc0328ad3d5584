// Measure: a kernel as three callables, so that what checks and times kernels runs any of them.
// Knows no library.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "measure/timing.h"
#include "sepconv/gpu.h"
#include "sepconv/sepconv.h"

namespace sepconv::measure {

/// Thrown by the callables of a kernel in another process when that fails: what became of it.
struct KernelLost {
  std::string reason;
};

/// The library's functions of sepconv/gpu.h; null where it has no code for devices.
struct DeviceCalls {
  sepconv_gpu_open_function open = nullptr;
  sepconv_gpu_run_function run = nullptr;
  sepconv_gpu_close_function close = nullptr;
};

using TimedCall = std::function<Sample(size_t calls, size_t evict_bytes)>;

/// What a caller of the C API can do with a kernel. Weights are in SEPCONV_HWIO order.
struct Kernel {
  size_t packed_bytes = 0;
  bool remote = false;  ///< runs in another process, perhaps far slower: checks take fewer settings
  std::function<sepconv_status(const sepconv_weights& weights, void* packed, size_t bytes)> pack;
  /// For a call that is complete but for its workspace.
  std::function<sepconv_status(const sepconv_call& call, size_t& bytes)> workspace_bytes;
  std::function<sepconv_status(const sepconv_call& call)> run;
  /// Only of remote ones: lays the call's operands down there and runs it once; what it returns
  /// then times calls on them, after an untimed one or, where `evict_bytes` is not 0, after a walk
  /// through so much other memory.
  std::function<TimedCall(const sepconv_call& call)> hold;
  const sepconv_kernel* described = nullptr;  ///< in this process; null where it runs elsewhere
  DeviceCalls device;
};

}  // namespace sepconv::measure
