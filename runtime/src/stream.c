/* Runtime: copies past the caches, for outputs that these would not keep. Knows no kernel. */
#if defined(__x86_64__)

#include "stream.h"

#include <immintrin.h>
#include <stddef.h>

enum { LINE_FLOATS = 16, LINE_BYTES = 64 };

static int is_whole_lines(const float* to, int32_t floats) {
  return (uintptr_t)to % LINE_BYTES == 0 && floats % LINE_FLOATS == 0;
}

__attribute__((target("avx"))) int sepconv_stream_avx(float* to, int32_t to_index, int32_t stride,
                                                      const float* from, int32_t from_index,
                                                      int32_t pixels, int32_t floats) {
  to += to_index;
  from += from_index;
  for (; pixels > 0; --pixels, to += stride, from += floats) {
    if (!is_whole_lines(to, floats)) {
      __builtin_memcpy(to, from, (size_t)floats * sizeof(float));
      continue;
    }
    for (int32_t i = 0; i < floats; i += LINE_FLOATS / 2) {
      _mm256_stream_ps(to + i, _mm256_loadu_ps(from + i));
    }
  }
  return 0;
}

__attribute__((target("avx512f"))) int sepconv_stream_avx512(float* to, int32_t to_index,
                                                             int32_t stride, const float* from,
                                                             int32_t from_index, int32_t pixels,
                                                             int32_t floats) {
  to += to_index;
  from += from_index;
  for (; pixels > 0; --pixels, to += stride, from += floats) {
    if (!is_whole_lines(to, floats)) {
      __builtin_memcpy(to, from, (size_t)floats * sizeof(float));
      continue;
    }
    for (int32_t i = 0; i < floats; i += LINE_FLOATS) {
      _mm512_stream_ps(to + i, _mm512_loadu_ps(from + i));
    }
  }
  return 0;
}

int sepconv_stream_end(void) {
  _mm_sfence();
  return 0;
}

#endif
