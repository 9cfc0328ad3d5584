/* Runtime: what an x86-64 CPU and its operating system execute. Knows no kernel. */
#include "cpu.h"

#if defined(__x86_64__)

typedef struct registers {
  uint32_t a, b, c, d;
} registers;

static registers cpuid(uint32_t leaf, uint32_t subleaf) {
  registers r;
  __asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(subleaf));
  return r;
}

/* Which register files the operating system saves; only readable with OSXSAVE. */
static uint32_t saved_state(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

static int all(uint32_t word, uint32_t bits) { return (word & bits) == bits; }
#define BIT(n) (1u << (n))

enum { YMM_STATE = 0x6, ZMM_STATE = 0xe6 };

uint64_t sepconv_cpu_features(void) {
  uint64_t features = 0;
  const uint32_t leaves = cpuid(0, 0).a;
  const uint32_t extended = cpuid(0x80000000u, 0).a;
  if (leaves < 1) return 0;
  const registers one = cpuid(1, 0);
  /* SSE3, SSSE3, CX16, SSE4.1, SSE4.2, POPCNT */
  if (!all(one.c, BIT(0) | BIT(9) | BIT(13) | BIT(19) | BIT(20) | BIT(23))) return 0;
  features |= SEPCONV_CPU_X86_64_V2;
  if (leaves < 7 || extended < 0x80000001u) return features;
  const registers seven = cpuid(7, 0);
  const uint32_t lzcnt = cpuid(0x80000001u, 0).c & BIT(5);
  /* FMA, MOVBE, OSXSAVE, AVX, F16C; BMI1, AVX2, BMI2 */
  if (!all(one.c, BIT(12) | BIT(22) | BIT(27) | BIT(28) | BIT(29)) || lzcnt == 0 ||
      !all(seven.b, BIT(3) | BIT(5) | BIT(8)) || !all(saved_state(), YMM_STATE)) {
    return features;
  }
  features |= SEPCONV_CPU_X86_64_V3;
  /* F, DQ, CD, BW, VL */
  if (!all(seven.b, BIT(16) | BIT(17) | BIT(28) | BIT(30) | BIT(31)) ||
      !all(saved_state(), ZMM_STATE)) {
    return features;
  }
  features |= SEPCONV_CPU_X86_64_V4;
  /* IFMA; VBMI, VBMI2, GFNI, VNNI, BITALG, VPOPCNTDQ */
  if (all(seven.b, BIT(21)) &&
      all(seven.c, BIT(1) | BIT(6) | BIT(8) | BIT(11) | BIT(12) | BIT(14))) {
    features |= SEPCONV_CPU_AVX512_VNNI;
  }
  if (seven.a >= 1 && all(cpuid(7, 1).a, BIT(5))) features |= SEPCONV_CPU_AVX512_BF16;
  return features;
}

#endif
