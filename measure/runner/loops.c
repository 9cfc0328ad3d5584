/* Measure: the loops of one instruction set: compiled once for each, under the name LOOPS. Knows no
 * clock. */
#include "loops.h"

#if defined(__AVX512F__)
typedef float vector __attribute__((vector_size(64)));
#elif defined(__AVX__)
typedef float vector __attribute__((vector_size(32)));
#else
typedef float vector __attribute__((vector_size(16)));
#endif

enum { LANES = sizeof(vector) / sizeof(float), LINE = 16, VECTORS = LINE / LANES, PASSES = 2000 };

#define UNROLLED _Pragma("clang loop unroll(full)")

/* Chains enough for the units' number times their latency: 2 of 4 to 5 cycles on x86, up to 4 of 4
 * on ARM. Each sum grows by so little that it stays what it is, a normal number. */
#if defined(__aarch64__)
enum { CHAINS = 24 };
#define MULTIPLY_ADD(sum) __asm__("fmla %0.4s, %1.4s, %2.4s" : "+w"(sum) : "w"(one), "w"(little))
#elif defined(__AVX__)
enum { CHAINS = 12 };
#define MULTIPLY_ADD(sum) __asm__("vfmadd231ps %2, %1, %0" : "+v"(sum) : "v"(one), "v"(little))
#endif

#ifdef MULTIPLY_ADD
static double multiply_adds(void) {
  const vector one = (vector){} + 1.0f, little = (vector){} + 1e-20f;
  vector sums[CHAINS];
  UNROLLED for (int i = 0; i < CHAINS; ++i) sums[i] = one;
  for (int pass = 0; pass < PASSES; ++pass) {
    UNROLLED for (int i = 0; i < CHAINS; ++i) MULTIPLY_ADD(sums[i]);
  }
  UNROLLED for (int i = 0; i < CHAINS; ++i) __asm__ volatile("" : "+m"(sums[i]));
  return 2.0 * LANES * CHAINS * PASSES;
}
#else
/* As many multiplies as adds, in chains of their own: 7 each hide the latency of either. */
static double multiply_adds(void) {
  enum { CHAINS = 7 };
  const vector one = (vector){} + 1.0f, little = (vector){} + 1e-20f;
  vector sums[CHAINS], products[CHAINS];
  UNROLLED for (int i = 0; i < CHAINS; ++i) sums[i] = products[i] = one;
  for (int pass = 0; pass < PASSES; ++pass) {
    UNROLLED for (int i = 0; i < CHAINS; ++i) {
      __asm__("mulps %1, %0" : "+x"(products[i]) : "x"(one));
      __asm__("addps %1, %0" : "+x"(sums[i]) : "x"(little));
    }
  }
  UNROLLED for (int i = 0; i < CHAINS; ++i) {
    __asm__ volatile("" : "+m"(sums[i]), "+m"(products[i]));
  }
  return 2.0 * LANES * CHAINS * PASSES;
}
#endif

static vector load(const float* from) { return *(const vector*)from; }
static void store(float* to, vector value) { *(vector*)to = value; }

/* Four streams at once: prefetchers follow several, as kernels with rows of input have them, and
 * from one alone do not reach the rate of DRAM. */
static void read_only(const float* in, size_t floats) {
  const size_t part = floats / 4 / LINE * LINE;
  vector sums[4][VECTORS] = {};
  for (size_t i = 0; i + LINE <= part; i += LINE) {
    UNROLLED for (size_t stream = 0; stream < 4; ++stream) {
      UNROLLED for (size_t j = 0; j < VECTORS; ++j) {
        sums[stream][j] += load(in + stream * part + i + j * LANES);
      }
    }
  }
  __asm__ volatile("" ::"r"(sums) : "memory");
}

static void write_only(float* out, size_t floats) {
  const vector one = (vector){} + 1.0f;
  for (size_t i = 0; i + LINE <= floats; i += LINE) {
    UNROLLED for (size_t j = 0; j < VECTORS; ++j) store(out + i + j * LANES, one);
    __asm__ volatile("" ::: "memory");
  }
}

static void copy(float* out, const float* in, size_t floats) {
  for (size_t i = 0; i + LINE <= floats; i += LINE) {
    vector line[VECTORS];
    UNROLLED for (size_t j = 0; j < VECTORS; ++j) line[j] = load(in + i + j * LANES) + 1.0f;
    UNROLLED for (size_t j = 0; j < VECTORS; ++j) store(out + i + j * LANES, line[j]);
  }
}

static void read_two(float* out, const float* in, size_t floats) {
  for (size_t i = 0; i + LINE <= floats; i += LINE) {
    vector line[VECTORS];
    UNROLLED for (size_t j = 0; j < VECTORS; ++j) {
      line[j] = load(in + i + j * LANES) + load(in + floats + i + j * LANES);
    }
    UNROLLED for (size_t j = 0; j < VECTORS; ++j) store(out + i + j * LANES, line[j]);
  }
}

static void pass(int mix, float* memory, size_t floats) {
  static const size_t parts[SEPCONV_MIXES] = {1, 2, 3, 1};
  const size_t part = floats / parts[mix] / LINE * LINE;
  if (mix == SEPCONV_WRITE) write_only(memory, part);
  if (mix == SEPCONV_COPY) copy(memory, memory + part, part);
  if (mix == SEPCONV_READ_TWO) read_two(memory, memory + part, part);
  if (mix == SEPCONV_READ) read_only(memory, part);
}

const sepconv_loops LOOPS = {multiply_adds, pass};
