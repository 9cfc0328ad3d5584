/* Measure: how fast a loop runs at best. Knows no machine. */
#include "loops.h"

/* Arithmetic is looked at after some tens of microseconds, traffic after about a millisecond: short
 * enough that some stretches meet no other process. */
double sepconv_best_rate(const sepconv_loops* loops, int mix, float* memory, size_t floats,
                         uint64_t nanoseconds, uint64_t (*clock)(void)) {
  const int arithmetic = mix == SEPCONV_MIXES;
  const uint64_t stretch = arithmetic ? 0 : 1000000;
  const double bytes = 4.0 * (double)floats;
  if (!arithmetic) loops->pass(mix, memory, floats);
  const uint64_t start = clock();
  uint64_t begin = start;
  double best = 0;
  while (begin - start < nanoseconds) {
    double done = 0;
    uint64_t end = begin;
    do {
      for (int i = 0; arithmetic && i < 16; ++i) done += loops->multiply_adds();
      for (double batch = 0; !arithmetic && batch < 1e5; batch += bytes, done += bytes) {
        loops->pass(mix, memory, floats);
      }
      end = clock();
    } while (end == begin || end - begin < stretch);
    const double rate = done / ((double)(end - begin) * 1e-9);
    if (rate > best) best = rate;
    begin = end;
  }
  return best;
}
