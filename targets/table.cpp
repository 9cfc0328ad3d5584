// Targets: the table itself. To add an instruction set, a feature or a core, add a row.
#include "targets/table.h"

#include <array>

#include "runtime/src/cpu.h"
#include "targets/model.h"

namespace sepconv::targets {
namespace {

constexpr int64_t KiB = 1024, MiB = 1024 * 1024;

// Registers are the architectural vector registers. Generic caches are the smallest of the cores
// that the isa's users commonly have, so that a tile that fits them fits everywhere.
constexpr std::array kIsas{
    Isa{"x86-64-v2",
        "x86-64",
        "x86-64",
        "sse41",
        128,
        16,
        false,
        false,
        SEPCONV_CPU_X86_64_V2,
        {"generic", 32 * KiB, 256 * KiB, 6 * MiB, 8, 2, 4},
        "sandybridge"},
    Isa{"x86-64-v3",
        "x86-64",
        "x86-64",
        "avx-avx2-f16c-fma-sse41",
        256,
        16,
        true,
        false,
        SEPCONV_CPU_X86_64_V2 | SEPCONV_CPU_X86_64_V3,
        {"generic", 32 * KiB, 512 * KiB, 8 * MiB, 16, 2, 6},
        "haswell"},
    Isa{"x86-64-v4",
        "x86-64",
        "x86-64",
        "avx-avx2-avx512-avx512_skylake-f16c-fma-sse41",
        512,
        32,
        true,
        false,
        SEPCONV_CPU_X86_64_V2 | SEPCONV_CPU_X86_64_V3 | SEPCONV_CPU_X86_64_V4,
        {"generic", 32 * KiB, 1 * MiB, 16 * MiB, 16, 2, 6},
        "znver4"},
    Isa{"arm64",
        "arm64",
        "arm-64",
        "",
        128,
        32,
        true,
        true,
        SEPCONV_CPU_ARM64,
        {"generic", 32 * KiB, 256 * KiB, 0, 8, 2, 3},
        "neoverse-n1"},
};

// Halide's newest CUDA code is for sm_86, which later GPUs run too.
// One Halide feature covers what Zen 4 and Sapphire Rapids share beyond Skylake, so both words ask
// for all of it.
constexpr std::array kFeatures{
    Feature{"vnni", "x86-64-v4", "avx512_zen4", SEPCONV_CPU_AVX512_VNNI | SEPCONV_CPU_AVX512_BF16},
    Feature{"bf16", "x86-64-v4", "avx512_zen4", SEPCONV_CPU_AVX512_VNNI | SEPCONV_CPU_AVX512_BF16},
    Feature{"dotprod", "arm64", "arm_dot_prod", SEPCONV_CPU_ARM64_DOTPROD},
    Feature{"fp16", "arm64", "arm_fp16", SEPCONV_CPU_ARM64_FP16},
    Feature{"cuda-sm80", "x86-64-v3", "cuda-cuda_capability_80", SEPCONV_DEVICE_CUDA_80,
            Device::cuda},
    Feature{"cuda-sm86", "x86-64-v3", "cuda-cuda_capability_86", SEPCONV_DEVICE_CUDA_86,
            Device::cuda},
    Feature{"opencl", "x86-64-v3", "opencl", SEPCONV_DEVICE_OPENCL, Device::opencl},
    Feature{"cuda-sm87", "arm64", "cuda-cuda_capability_86", SEPCONV_DEVICE_CUDA_86, Device::cuda},
};

// L1 data and L2 of one core, L3 as one thread sees it, 0 where there is none; then floats and
// instructions of multiply-add a cycle, and instructions of any kind. Sources: the vendors'
// optimisation guides and core reference manuals, for licensable cores the common choice. Then
// LLVM's model: where LLVM knows a
// core only by an older one's (Cortex-A76: half the multiply-adds), the nearest that is right.
constexpr std::array kCores{
    NamedCore{"x86-64", {"haswell", 32 * KiB, 256 * KiB, 8 * MiB, 16, 2, 4}, "haswell"},
    NamedCore{"x86-64", {"skylake", 32 * KiB, 256 * KiB, 8 * MiB, 16, 2, 4}, "skylake"},
    NamedCore{"x86-64", {"skylake-x", 32 * KiB, 1 * MiB, 22 * MiB, 32, 2, 4}, "skylake-avx512"},
    NamedCore{
        "x86-64", {"icelake-server", 48 * KiB, 1280 * KiB, 36 * MiB, 32, 2, 5}, "icelake-server"},
    NamedCore{"x86-64", {"alderlake", 48 * KiB, 1280 * KiB, 25 * MiB, 16, 2, 6}, "alderlake"},
    NamedCore{
        "x86-64", {"sapphirerapids", 48 * KiB, 2 * MiB, 60 * MiB, 32, 2, 6}, "sapphirerapids"},
    NamedCore{"x86-64", {"zen2", 32 * KiB, 512 * KiB, 16 * MiB, 16, 2, 6}, "znver2"},
    NamedCore{"x86-64", {"zen3", 32 * KiB, 512 * KiB, 32 * MiB, 16, 2, 6}, "znver3"},
    NamedCore{"x86-64", {"zen4", 32 * KiB, 1 * MiB, 32 * MiB, 16, 2, 6}, "znver4"},
    NamedCore{"x86-64", {"zen5", 48 * KiB, 1 * MiB, 32 * MiB, 32, 2, 8}, "znver4"},
    NamedCore{"arm64", {"cortex-a53", 32 * KiB, 512 * KiB, 0, 4, 1, 2}, "cortex-a53"},
    NamedCore{"arm64", {"cortex-a55", 32 * KiB, 128 * KiB, 1 * MiB, 4, 1, 2}, "cortex-a55"},
    NamedCore{"arm64", {"cortex-a72", 32 * KiB, 1 * MiB, 0, 8, 2, 3}, "cortex-a72"},
    NamedCore{"arm64", {"cortex-a76", 64 * KiB, 512 * KiB, 2 * MiB, 8, 2, 4}, "neoverse-n1"},
    NamedCore{"arm64", {"cortex-x1", 64 * KiB, 1 * MiB, 4 * MiB, 16, 4, 5}, "neoverse-v1"},
    NamedCore{"arm64", {"neoverse-n1", 64 * KiB, 1 * MiB, 32 * MiB, 8, 2, 4}, "neoverse-n1"},
};

}  // namespace

std::span<const Isa> isas() { return kIsas; }
std::span<const Feature> features() { return kFeatures; }
std::span<const NamedCore> cores() { return kCores; }

std::string_view pipeline_model(const Target& target) {
  for (const NamedCore& named : kCores) {
    if (named.core.name == target.core.name) return named.model;
  }
  const Isa* isa = find_isa(target.isa);
  return isa == nullptr ? std::string_view() : isa->model;
}

const Isa* find_isa(std::string_view name) {
  for (const Isa& isa : kIsas) {
    if (isa.name == name) return &isa;
  }
  return nullptr;
}

}  // namespace sepconv::targets
