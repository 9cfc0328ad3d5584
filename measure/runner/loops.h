/* Measure: the loops whose rates are a machine's ceilings, for the tool and for the runner alike,
 * so that both mean the same by them. Knows no clock. */
#ifndef SEPCONV_RUNNER_LOOPS_H
#define SEPCONV_RUNNER_LOOPS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a pass does with a working set. */
enum {
  SEPCONV_WRITE = 0,    /* writes all */
  SEPCONV_COPY = 1,     /* reads the second half, writes the first */
  SEPCONV_READ_TWO = 2, /* reads two thirds, writes the first */
  SEPCONV_READ = 3,     /* reads all */
  SEPCONV_MIXES = 4
};

/* For one instruction set. */
typedef struct sepconv_loops {
  double (*multiply_adds)(void); /* independent ones, for some microseconds; returns the FLOPs */
  void (*pass)(int mix, float* memory, size_t floats); /* memory: aligned to 64 bytes */
} sepconv_loops;

/* Which instruction set, as a number of the protocol. */
enum {
  SEPCONV_LOOPS_X86_64_V2 = 0,
  SEPCONV_LOOPS_X86_64_V3 = 1,
  SEPCONV_LOOPS_X86_64_V4 = 2,
  SEPCONV_LOOPS_ARM64 = 3
};

#if defined(__x86_64__)
extern const sepconv_loops sepconv_loops_v2, sepconv_loops_v3, sepconv_loops_v4;
#elif defined(__aarch64__)
extern const sepconv_loops sepconv_loops_arm64;
#endif

/* NULL where this architecture has none. Whether the CPU executes them is the caller's to know. */
static inline const sepconv_loops* sepconv_loops_of(unsigned instruction_set) {
#if defined(__x86_64__)
  if (instruction_set == SEPCONV_LOOPS_X86_64_V2) return &sepconv_loops_v2;
  if (instruction_set == SEPCONV_LOOPS_X86_64_V3) return &sepconv_loops_v3;
  if (instruction_set == SEPCONV_LOOPS_X86_64_V4) return &sepconv_loops_v4;
#elif defined(__aarch64__)
  if (instruction_set == SEPCONV_LOOPS_ARM64) return &sepconv_loops_arm64;
#endif
  return NULL;
}

/* FLOP/s of multiply-adds where `mix` is SEPCONV_MIXES, else bytes/s of passes over the working
 * set: the best stretch of so many nanoseconds by the clock. */
double sepconv_best_rate(const sepconv_loops* loops, int mix, float* memory, size_t floats,
                         uint64_t nanoseconds, uint64_t (*clock)(void));

#ifdef __cplusplus
}
#endif
#endif
