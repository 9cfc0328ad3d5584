/* Tests of gpu: what tests ask of the stand-in libcuda.so.1, by dlsym. Knows no runtime. */
#ifndef SEPCONV_TESTS_STANDIN_CUDA_H
#define SEPCONV_TESTS_STANDIN_CUDA_H

#include <stddef.h>

/* Everything that a driver counts. Device memory is host memory; pointers are its addresses. */
typedef struct standin_state {
  int devices, major, minor; /* what the driver answers */
  const char* failing;       /* this function fails ... */
  int failing_call;          /* ... at this call of it from now on, 1 the first; 0 never */
  int error;                 /* with this code */
  int calls;                 /* of the failing function so far */
  int blocks, modules, retained, depth;     /* alive now; contexts pushed */
  int launches, waits, allocations, copies; /* so far */
  int wrong;          /* calls without a context, of unknown handles, or on another stream */
  void* stream;       /* that all work must use */
  void* current;      /* context at the bottom of the stack */
  unsigned registers; /* cap of the last module */
  const char* source; /* of the last module */
} standin_state;

#endif
