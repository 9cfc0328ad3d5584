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

/// What a multiprocessor of a GPU generation holds at once.
struct Multiprocessor {
  int sm;  ///< 80 for compute capability 8.0
  int64_t threads, blocks, shared_bytes;
  int fma_lanes;  ///< floats that it multiplies and adds a cycle
};

/// What the heuristics may know of a GPU.
struct Gpu {
  std::string_view name;  ///< the word after '@'; "generic" is the default
  int sm = 0;             ///< its generation
  int64_t multiprocessors = 0;
  double clock_ghz = 0, dram_gbs = 0;
  int64_t l2_bytes = 0;
  double l2_bytes_a_cycle = 0;  ///< from the second-level cache to all multiprocessors
  /// GFLOP/s of multiply-adds, and GB/s of the second-level cache.
  [[nodiscard]] double peak_gflops() const;
  [[nodiscard]] double l2_gbs() const { return l2_bytes_a_cycle * clock_ghz; }
};

/// Of the newest known generation that is not newer than `sm`.
[[nodiscard]] const Multiprocessor& multiprocessor(int sm);
/// Blocks that a multiprocessor holds at once: bounded by threads, blocks, registers, which warps
/// get in units, and shared memory, of which every block takes a little more.
[[nodiscard]] int64_t resident_blocks(const Multiprocessor& one, int64_t threads, int64_t registers,
                                      int64_t shared_bytes);

/// A target: `isa[+feature...][-os][@core]`; a device's feature alone means x86-64-v3 with it, and
/// the core of a device's target is a GPU.
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
  Gpu gpu{};                        ///< of a device's target
  std::vector<std::string> dtypes;  ///< element types that it loads and stores
  std::vector<std::string> sums;    ///< types in which it adds products

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
