// Runtime: what the tool carries to put beside kernels: the runtime compiled for each architecture,
// and the texts that a library's folder holds. Knows no library.
#pragma once

#include <string_view>

namespace sepconv::runtime {

/// Relocatable ELF objects that define sepconv_library_count, _at and _find, sepconv_kernel_pack,
/// _run and _query, halide_malloc and halide_free, and need `sepconv_library` and libc.
[[nodiscard]] std::string_view object_x86_64();
[[nodiscard]] std::string_view object_arm64();
/// The same for libraries with code for devices: they define sepconv_library_gpu_open, _gpu_run and
/// _gpu_close too, and need dlopen, dlsym and sched_yield beside libc's memory functions.
[[nodiscard]] std::string_view device_object_x86_64();
[[nodiscard]] std::string_view device_object_arm64();

/// sepconv/gpu.h, for those libraries.
[[nodiscard]] std::string_view gpu_header();
/// sepconv/sepconv.h, sepconv/sepconv.hpp and the licence.
[[nodiscard]] std::string_view c_header();
[[nodiscard]] std::string_view cpp_header();
[[nodiscard]] std::string_view licence();

/// Static executables for Linux: measure/runner/runner.c, defined by sepconv_runner_blobs.
[[nodiscard]] std::string_view runner_x86_64();
[[nodiscard]] std::string_view runner_arm64();

}  // namespace sepconv::runtime
