/* Runtime, private: the argument structs of emitted code, laid out as in HalideRuntime.h of Halide
 * 21, which apps do not have. Knows no kernel. */
#ifndef SEPCONV_RUNTIME_BUFFERS_H
#define SEPCONV_RUNTIME_BUFFERS_H

#include <stdint.h>

typedef struct sepconv_dimension {
  int32_t min, extent, stride; /* stride in elements */
  uint32_t flags;
} sepconv_dimension;

typedef struct sepconv_buffer {
  uint64_t device;
  const void* device_interface;
  uint8_t* host; /* the element at every dimension's min */
  uint64_t flags;
  uint8_t type_code, type_bits;
  uint16_t type_lanes;
  int32_t dimensions;
  sepconv_dimension* dim;
  void* padding;
} sepconv_buffer;

enum { SEPCONV_TYPE_FLOAT = 2 };

#endif
