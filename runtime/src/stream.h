/* Runtime, private: what emitted code calls to write an output past the caches. x86-64 only. */
#ifndef SEPCONV_RUNTIME_STREAM_H
#define SEPCONV_RUNTIME_STREAM_H

#include <stdint.h>

/* Copies `floats` of each of `pixels`, dense from from[from_index] on, to to[to_index] and every
 * `stride` floats after it. Lines of the cache that are written whole pass the caches by; others,
 * where a caller's output begins within one, do not. Returns 0. By the CPU's vectors: */
int sepconv_stream_avx(float* to, int32_t to_index, int32_t stride, const float* from,
                       int32_t from_index, int32_t pixels, int32_t floats);
int sepconv_stream_avx512(float* to, int32_t to_index, int32_t stride, const float* from,
                          int32_t from_index, int32_t pixels, int32_t floats);

/* Makes all copies before it visible to other threads before all stores after it. Returns 0. */
int sepconv_stream_end(void);

#endif
