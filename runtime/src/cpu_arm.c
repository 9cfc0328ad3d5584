/* Runtime: what a 64-bit ARM CPU and its operating system execute. Knows no kernel. */
#include "cpu.h"

#if defined(__aarch64__)

/* Of glibc, musl and bionic; ID registers would need a kernel that emulates reading them. */
unsigned long getauxval(unsigned long type);

enum { HARDWARE_CAPABILITIES = 16 }; /* AT_HWCAP of Linux, whose bits these are: */
#define FP16_SCALAR (1ul << 9)
#define FP16_VECTOR (1ul << 10)
#define DOT_PRODUCT (1ul << 20)

uint64_t sepconv_cpu_features(void) {
  const unsigned long have = getauxval(HARDWARE_CAPABILITIES);
  uint64_t features = SEPCONV_CPU_ARM64;
  if ((have & DOT_PRODUCT) != 0) features |= SEPCONV_CPU_ARM64_DOTPROD;
  if ((have & FP16_SCALAR) != 0 && (have & FP16_VECTOR) != 0) features |= SEPCONV_CPU_ARM64_FP16;
  return features;
}

#endif
