/* Tests of gpu: runs the first kernel of the library "checked" once, on whatever the ICD loader
 * finds, with weights for what the layer has. */
#include <stdio.h>
#include <stdlib.h>

#include "checked.h"

enum { FLOATS = 1 << 18 };
static float values[FLOATS], output[FLOATS];
static char memory[1 << 20];

/* Absent weights must be null; the combination that packs is the layer's. */
static sepconv_status pack(const sepconv_kernel* kernel, void* packed) {
  sepconv_status status = SEPCONV_BAD_ARGUMENT;
  for (unsigned has = 1; has < 64 && status != SEPCONV_OK; ++has) {
    sepconv_weights weights = {0};
    weights.expand = has & 1 ? values : NULL;
    weights.expand_bias = has & 2 ? values : NULL;
    weights.depthwise = has & 4 ? values : NULL;
    weights.depthwise_bias = has & 8 ? values : NULL;
    weights.weights = has & 16 ? values : NULL;
    weights.bias = has & 32 ? values : NULL;
    status = sepconv_pack(kernel, SEPCONV_HWIO, &weights, packed, kernel->packed_bytes);
  }
  return status;
}

int main(void) {
  const sepconv_kernel* kernel = checked_at(0);
  void* packed = memory + (SEPCONV_ALIGNMENT - (size_t)memory % SEPCONV_ALIGNMENT);
  sepconv_call call = {0};
  for (int i = 0; i < FLOATS; ++i) values[i] = (float)(i % 7);
  sepconv_status status = pack(kernel, packed);
  call.packed = packed;
  call.packed_bytes = kernel->packed_bytes;
  call.input = kernel->input;
  call.input.data = values;
  call.output = kernel->output;
  call.output.data = output;
  if (kernel->residual.extent[0] > 0) {
    call.residual = kernel->residual;
    call.residual.data = values + FLOATS / 2;
  }
  if (status == SEPCONV_OK) status = sepconv_run(kernel, &call);
  printf("ran %d\n", (int)status);
  return status == SEPCONV_OK ? 0 : 1;
}
