// Targets: the table itself. To add an instruction set, a feature or a core, add a row.
#include "targets/table.h"

#include <algorithm>
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
        "haswell",
        "f32 f16"},
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
        "znver4",
        "f32 f16"},
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
    Feature{"fp16", "arm64", "arm_fp16", SEPCONV_CPU_ARM64_FP16, Device::cpu, "f16", "f16"},
    Feature{"cuda-sm80", "x86-64-v3", "cuda-cuda_capability_80", SEPCONV_DEVICE_CUDA_80,
            Device::cuda},
    Feature{"cuda-sm86", "x86-64-v3", "cuda-cuda_capability_86", SEPCONV_DEVICE_CUDA, Device::cuda},
    Feature{"opencl", "x86-64-v3", "opencl", SEPCONV_DEVICE_OPENCL, Device::opencl},
    Feature{"cuda-sm87", "arm64", "cuda-cuda_capability_86", SEPCONV_DEVICE_CUDA, Device::cuda,
            "f16"},
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

// Sources: CUDA's programming guide, table of technical specifications per compute capability.
constexpr std::array kMultiprocessors{
    Multiprocessor{80, 2048, 32, 164 * KiB, 64}, Multiprocessor{86, 1536, 16, 100 * KiB, 128},
    Multiprocessor{87, 1536, 16, 164 * KiB, 128}, Multiprocessor{90, 2048, 32, 228 * KiB, 128}};

// Sources: NVIDIA's A100 and H100 architecture papers (A100's 5120 bytes a cycle from the second
// cache stand there), the GA102 paper, the data sheet of Jetson AGX Orin 64 GB. Clocks are the
// boost clocks. No paper names the second cache's rate of the others: assumed are 128 bytes a cycle
// for each 32-bit memory channel of GA102, as much a multiprocessor as A100's for H100, and 32
// bytes a multiprocessor for Orin.
constexpr std::array kGpus{
    NamedGpu{"cuda-sm80", {"a100", 80, 108, 1.41, 1555, 40 * MiB, 5120}},
    NamedGpu{"cuda-sm80", {"h100", 90, 132, 1.98, 3350, 50 * MiB, 6256}},
    NamedGpu{"cuda-sm86", {"rtx3080", 86, 68, 1.71, 760, 5 * MiB, 1280}},
    NamedGpu{"cuda-sm87", {"orin", 87, 16, 1.3, 204.8, 4 * MiB, 512}},
    NamedGpu{"opencl", {"rtx3080", 86, 68, 1.71, 760, 5 * MiB, 1280}},
};

}  // namespace

std::span<const NamedGpu> gpus() { return kGpus; }

const Multiprocessor& multiprocessor(int sm) {
  const Multiprocessor* found = &kMultiprocessors.front();
  for (const Multiprocessor& one : kMultiprocessors) {
    if (one.sm <= sm) found = &one;
  }
  return *found;
}

double Gpu::peak_gflops() const {
  return 2.0 * static_cast<double>(multiprocessors * multiprocessor(sm).fma_lanes) * clock_ghz;
}

int64_t resident_blocks(const Multiprocessor& one, int64_t threads, int64_t registers,
                        int64_t shared_bytes) {
  constexpr int64_t kRegisters = 65536, kWarp = 32, kUnit = 256, kReserved = 1024;
  const int64_t warps = (threads + kWarp - 1) / kWarp;
  const int64_t a_warp = (registers * kWarp + kUnit - 1) / kUnit * kUnit;
  return std::min({one.blocks, one.threads / (warps * kWarp),
                   kRegisters / std::max<int64_t>(1, a_warp * warps),
                   one.shared_bytes / (shared_bytes + kReserved)});
}

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
