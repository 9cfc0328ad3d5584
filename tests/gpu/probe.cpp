// Tests of gpu: prints the bits of CUDA devices that the runtime finds, as a number, and whether
// OpenCL's library was loaded for that. Knows no test.
#include <dlfcn.h>

#include <cinttypes>
#include <cstdio>

#include "runtime/src/cpu.h"

int main() {
  const uint64_t features = sepconv_device_features(SEPCONV_DEVICE_CUDA);
  const bool opencl = dlopen("libOpenCL.so.1", RTLD_NOW | RTLD_NOLOAD) != nullptr;
  std::printf("%" PRIu64 "%s\n", features, opencl ? " OpenCL" : "");
}
