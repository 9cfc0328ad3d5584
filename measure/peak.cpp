// Measure: the rate of independent multiply-adds, per instruction set. Knows no kernel.
#include <chrono>
#include <vector>

#include "measure/ceilings.h"
#include "measure/pool.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace sepconv::measure {
namespace {

constexpr int kPasses = 2000;  // loop iterations between looks at the clock, a few microseconds

#ifdef __x86_64__

// 12 chains cover 2 units of 4 to 5 cycles latency; they fit 16 registers beside the two constants.
// The fixed point of a*m+c is c/(1-m) = 1: values stay normal.

__attribute__((target("avx512f"))) double fma_avx512() {
  const __m512 m = _mm512_set1_ps(0.5F);
  __m512 a[12];
  for (auto& value : a) value = m;
  for (int pass = 0; pass < kPasses; ++pass) {
#pragma GCC unroll 12
    for (auto& value : a) value = _mm512_fmadd_ps(value, m, m);
  }
  for (auto& value : a) asm volatile("" ::"v"(value));
  return 2.0 * 16 * 12 * kPasses;
}

__attribute__((target("avx2,fma"))) double fma_avx2() {
  const __m256 m = _mm256_set1_ps(0.5F);
  __m256 a[12];
  for (auto& value : a) value = m;
  for (int pass = 0; pass < kPasses; ++pass) {
#pragma GCC unroll 12
    for (auto& value : a) value = _mm256_fmadd_ps(value, m, m);
  }
  for (auto& value : a) asm volatile("" ::"x"(value));
  return 2.0 * 8 * 12 * kPasses;
}

// As many multiplies as adds, in chains of their own: 7 each hide the latency of either.
__attribute__((target("sse4.1"))) double multiply_and_add_sse() {
  __m128 one = _mm_set1_ps(1.0F);
  asm volatile("" : "+x"(one));  // an unknown value, else x * 1 disappears
  __m128 a[7], b[7];
  for (auto& value : a) value = one;
  for (auto& value : b) value = one;
  for (int pass = 0; pass < kPasses; ++pass) {
#pragma GCC unroll 7
    for (int i = 0; i < 7; ++i) {
      a[i] = _mm_mul_ps(a[i], one);
      b[i] = _mm_add_ps(b[i], one);
    }
  }
  for (int i = 0; i < 7; ++i) asm volatile("" ::"x"(a[i]), "x"(b[i]));
  return 4.0 * 14 * kPasses;
}

#endif

using Burst = double (*)();  // returns the FLOPs it did

Burst burst(const targets::Target& target) {
#ifdef __x86_64__
  if (target.isa == "x86-64-v4") return fma_avx512;
  if (target.isa == "x86-64-v3") return fma_avx2;
  if (target.isa == "x86-64-v2") return multiply_and_add_sse;
#endif
  (void)target;
  return nullptr;
}

struct Work {
  Burst burst;
  double seconds;
  std::vector<double> rate;  // FLOP per second, by thread
};

void run_bursts(void* context, uint32_t thread) {
  using Clock = std::chrono::steady_clock;
  auto& work = *static_cast<Work*>(context);
  double best = 0;
  const auto begin = Clock::now();
  auto before = begin;
  while (std::chrono::duration<double>(before - begin).count() < work.seconds) {
    double flops = 0;
    for (int i = 0; i < 16; ++i) flops += work.burst();
    const auto after = Clock::now();
    const double rate = flops / std::chrono::duration<double>(after - before).count();
    if (rate > best) best = rate;
    before = after;
  }
  work.rate[thread] = best;
}

}  // namespace

double peak_gflops(const targets::Target& target, int threads, double seconds) {
  Work work{burst(target), seconds, std::vector<double>(static_cast<size_t>(threads), 0.0)};
  if (work.burst == nullptr) return 0;
  if (threads == 1) {
    run_bursts(&work, 0);
  } else {
    Pool pool(threads);
    Pool::parallel_for(&pool, static_cast<uint32_t>(threads), run_bursts, &work);
  }
  double sum = 0;
  for (const double rate : work.rate) sum += rate;
  return sum * 1e-9;
}

}  // namespace sepconv::measure
