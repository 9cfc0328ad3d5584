// Targets, private: instruction sets, features and cores as plain data. Knows no name syntax.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "targets/target.h"

namespace sepconv::targets {

/// An instruction set that a target's name starts with.
struct Isa {
  std::string_view name, architecture;
  std::string_view halide_start;     ///< before the system
  std::string_view halide_features;  ///< after it, in Halide's own order
  int vector_bits, registers;
  bool fma;
  bool lane_fma;          ///< a multiply-add takes its broadcast from a lane of a register
  uint64_t cpu_features;  ///< of runtime/src/cpu.h
  Core generic;
  std::string_view model;           ///< of the generic core: what LLVM calls a core like it
  std::string_view dtypes = "f32";  ///< that its instructions load and store
};

/// A '+' word that an isa may carry.
struct Feature {
  std::string_view name, isa;
  std::string_view halide;  ///< replaces or extends the isa's features
  uint64_t cpu_features;    ///< of runtime/src/cpu.h, devices too
  Device device = Device::cpu;
  std::string_view dtypes = {};  ///< added to the isa's
  std::string_view sums = {};    ///< types beside f32 in which it adds products
};

/// A core that '@' names, with the architecture it belongs to.
struct NamedCore {
  std::string_view architecture;
  Core core;
  std::string_view model;  ///< what LLVM calls the core whose pipeline it models so
};

/// A GPU that '@' names, with the feature whose code it runs; the first of a feature is its generic
/// one.
struct NamedGpu {
  std::string_view feature;
  Gpu gpu;
};

[[nodiscard]] std::span<const Isa> isas();  ///< within an architecture, weakest first
[[nodiscard]] std::span<const Feature> features();
[[nodiscard]] std::span<const NamedCore> cores();
[[nodiscard]] std::span<const NamedGpu> gpus();
[[nodiscard]] const Isa* find_isa(std::string_view name);

/// The core of this machine, or "generic".
[[nodiscard]] std::string_view host_core();

}  // namespace sepconv::targets
