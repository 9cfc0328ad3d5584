// Measure: the machine that kernels are timed on: this one, or a runner's. Knows no kernel.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include "measure/runner.h"
#include "support/error.h"
#include "targets/target.h"

namespace sepconv::measure {

/// The best rate of one of the loops of measure/runner/loops.h.
struct RateRequest {
  unsigned instruction_set = 0;
  int mix = 0;  ///< SEPCONV_MIXES: FLOP/s of multiply-adds; else bytes/s of passes of this mix
  size_t floats = 0;  ///< of each thread's working set
  int threads = 1;
  double seconds = 0;
};

struct Machine {
  std::string cpu;                       ///< its name, or "unknown"
  std::string emulator;                  ///< not empty: its times say nothing of any machine
  int cores = 1;                         ///< that the process may use
  std::array<int64_t, 3> cache_bytes{};  ///< L1d, L2, L3; 0 where there is none
  unsigned widest = 0;                   ///< of the loops' instruction sets that it executes
  std::function<double(const RateRequest&)> rate;  ///< of a remote one throws KernelLost
};

[[nodiscard]] const Machine& this_machine();

/// The machine of a runner, which is started anew by every process that asks for rates. Kind
/// environment when it does not start.
[[nodiscard]] Result<Machine> runner_machine(const Runner& runner);

}  // namespace sepconv::measure
