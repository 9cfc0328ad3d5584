/* Tests of gpu: an app that wants a device and takes the CPU where there is none. */
#include <stdio.h>
#include <stdlib.h>

#include "mixed.h"

static float weights[8 * 16], bias[16], input[4 * 4 * 8], output[4 * 4 * 16];
static char memory[1 << 16];

int main(void) {
  const sepconv_kernel* kernel = mixed_first();
  void* packed = memory + (SEPCONV_ALIGNMENT - (size_t)memory % SEPCONV_ALIGNMENT);
  sepconv_weights given = {0};
  sepconv_gpu gpu = {0};
  sepconv_call call = {0};
  given.weights = weights;
  given.bias = bias;
  if (sepconv_pack(kernel, SEPCONV_HWIO, &given, packed, kernel->packed_bytes) != SEPCONV_OK) {
    return 1;
  }
  call.packed = packed;
  call.packed_bytes = kernel->packed_bytes;
  call.input = kernel->input;
  call.input.data = input;
  call.output = kernel->output;
  call.output.data = output;
  const sepconv_status opened = mixed_gpu_open(kernel, NULL, packed, kernel->packed_bytes, &gpu);
  if (opened == SEPCONV_OK) return puts("device"), mixed_gpu_close(&gpu);
  const sepconv_status ran = sepconv_run(kernel, &call);
  printf("open %d run %d on %s", (int)opened, (int)ran, sepconv_target(kernel));
  printf("\n");
  return 0;
}
