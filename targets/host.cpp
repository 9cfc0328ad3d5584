// Targets: this machine: its core and what it can run. Knows no name syntax.
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "runtime/src/cpu.h"
#include "targets/table.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace sepconv::targets {
namespace {

#if defined(__x86_64__)
struct Signature {
  bool amd = false, intel = false;
  unsigned family = 0, model = 0;
};

Signature signature() {
  Signature result;
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(0, &a, &b, &c, &d)) return result;
  result.amd = b == signature_AMD_ebx;
  result.intel = b == signature_INTEL_ebx;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return result;
  result.family = (a >> 8) & 0xf;
  result.model = ((a >> 4) & 0xf) | ((a >> 12) & 0xf0);
  if (result.family == 0xf) result.family += (a >> 20) & 0xff;
  return result;
}

std::string_view amd_core(unsigned family, unsigned model) {
  if (family == 0x17) return "zen2";
  if (family == 0x19) {
    const bool zen4 = (model >= 0x10 && model < 0x20) || (model >= 0x60 && model < 0x80) ||
                      (model >= 0xa0 && model < 0xb0);
    return zen4 ? "zen4" : "zen3";
  }
  return family == 0x1a ? "zen5" : "generic";
}

std::string_view intel_core(unsigned model) {
  switch (model) {
    case 0x3c:
    case 0x3f:
    case 0x45:
    case 0x46:
    case 0x3d:
    case 0x47:
    case 0x4f:
    case 0x56:
      return "haswell";
    case 0x4e:
    case 0x5e:
    case 0x8e:
    case 0x9e:
    case 0xa5:
    case 0xa6:
      return "skylake";
    case 0x55:
      return "skylake-x";
    case 0x6a:
    case 0x6c:
      return "icelake-server";
    case 0x97:
    case 0x9a:
    case 0xb7:
    case 0xba:
    case 0xbf:
      return "alderlake";
    case 0x8f:
    case 0xcf:
      return "sapphirerapids";
    default:
      return "generic";
  }
}
#endif

/// What devices this machine has, asked in a process of its own: drivers start threads, and a
/// process with threads must not fork checks.
uint64_t device_features() {
  static const uint64_t features = [] {
    uint64_t found = 0;
    int ends[2];
    if (pipe(ends) != 0) return found;
    const pid_t child = fork();
    if (child == 0) {
      const uint64_t mine = sepconv_device_features(SEPCONV_DEVICE_BITS);
      _exit(write(ends[1], &mine, sizeof mine) == sizeof mine ? 0 : 1);
    }
    close(ends[1]);
    if (child > 0 && read(ends[0], &found, sizeof found) != sizeof found) found = 0;
    close(ends[0]);
    if (child > 0) waitpid(child, nullptr, 0);
    return found;
  }();
  return features;
}

std::string no_device(const Target& target) {
  if (target.device == Device::opencl) {
    return "no OpenCL device with a compiler: libOpenCL.so.1 or a driver for it is missing "
           "(on Debian: pocl-opencl-icd ocl-icd-libopencl1)";
  }
  return "no CUDA driver (libcuda.so.1), or no GPU that runs code for " + target.name;
}

}  // namespace

std::string_view host_core() {
#if defined(__x86_64__)
  const Signature host = signature();
  if (host.amd) return amd_core(host.family, host.model);
  if (host.intel && host.family == 6) return intel_core(host.model);
#endif
  return "generic";
}

bool runs_here(const Target& target, std::string* why) {
  if (target.os != "linux") {
    if (why) *why = "the target is for " + target.os + ", this machine runs linux";
    return false;
  }
  const uint64_t needed = required_cpu_features(target);
  const uint64_t missing = needed & ~sepconv_cpu_features() & ~SEPCONV_DEVICE_BITS;
  const uint64_t devices = needed & SEPCONV_DEVICE_BITS;
  if (missing == 0 && (devices & ~device_features()) == 0) return true;
  if (missing == 0) {
    if (why) *why = no_device(target);
    return false;
  }
  if (why) *why = "this CPU or its operating system lacks " + target.name;
  return false;
}

}  // namespace sepconv::targets
