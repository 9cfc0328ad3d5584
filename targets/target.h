// Targets: machines as plain data. Knows no layer and no schedule.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "support/error.h"

namespace sepconv::targets {

/// What the heuristics may know of a core. Bytes; one core's share for private levels.
struct Core {
  std::string_view name;  ///< the word after '@'; "generic" is the default
  int64_t l1_bytes, l2_bytes, l3_bytes;
  int fma_lanes = 8;  ///< floats that it multiplies and adds a cycle
  int fma_pipes = 2;  ///< instructions that do so a cycle
  int issue = 4;      ///< instructions of any kind a cycle
};

/// What executes the kernels.
enum class Device { cpu, cuda, opencl };

/// A target: `isa[+feature...][-os][@core]`; a device's feature alone means x86-64-v3 with it.
struct Target {
  std::string name;  ///< canonical spelling; never "native"
  std::string isa;   ///< x86-64-v2, x86-64-v3, x86-64-v4, arm64
  std::vector<std::string> features;
  std::string os;       ///< linux or android
  std::string halide;   ///< Halide's target string, without build flags such as no_runtime
  int vector_bits = 0;  ///< widest vectors
  int registers = 0;    ///< vector registers
  bool fma = false;
  bool lane_fma = false;  ///< multiply-adds broadcast a lane of a register by themselves
  Core core{};
  Device device = Device::cpu;

  [[nodiscard]] int lanes(int element_bytes) const { return vector_bits / 8 / element_bytes; }
};

/// Parses a target's name; `native` becomes the best isa of this machine with its core.
[[nodiscard]] Result<Target> parse_target(std::string_view name);
/// A comma-separated list, duplicates removed, order kept; all must share architecture and os.
[[nodiscard]] Result<std::vector<Target>> parse_targets(std::string_view list);

/// The named targets, in the order in which `sepconv targets` lists them.
[[nodiscard]] std::vector<std::string> target_names();

/// Whether this machine's CPU and OS can execute code for the target; `why` says what is missing.
[[nodiscard]] bool runs_here(const Target& target, std::string* why);

/// Bits of runtime/src/cpu.h that code for the target needs; what dispatch checks.
[[nodiscard]] uint64_t required_cpu_features(const Target& target);

}  // namespace sepconv::targets
