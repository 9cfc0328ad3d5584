/* Example: one depthwise layer through the C API, in C99. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "small.h"

enum { SIZE = 16, CHANNELS = 32 };

static float input[SIZE][SIZE][CHANNELS], output[SIZE][SIZE][CHANNELS];
static float taps[3][3][CHANNELS], bias[CHANNELS];

/* The layer as a plain loop. */
static double expected(int y, int x, int c) {
  double sum = bias[c];
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) {
      const int iy = y + i - 1, ix = x + j - 1;
      if (iy < 0 || iy >= SIZE || ix < 0 || ix >= SIZE) continue;
      sum += (double)input[iy][ix][c] * taps[i][j][c];
    }
  }
  return sum < 0 ? 0 : sum > 6 ? 6 : sum;
}

static void fill(float* values, size_t count, unsigned seed) {
  for (size_t i = 0; i < count; ++i) {
    seed = seed * 1664525u + 1013904223u;
    values[i] = (float)(seed >> 8) / 8388608.0f - 1.0f;
  }
}

/* C99 has no aligned_alloc: take more and round up. `owner` is what to free. */
static void* aligned(size_t bytes, void** owner) {
  *owner = malloc(bytes + SEPCONV_ALIGNMENT);
  if (*owner == NULL) return NULL;
  const uintptr_t address = (uintptr_t)*owner + SEPCONV_ALIGNMENT - 1;
  return (void*)(address / SEPCONV_ALIGNMENT * SEPCONV_ALIGNMENT);
}

int main(void) {
  const sepconv_kernel* kernel = small_depthwise();
  fill(&input[0][0][0], sizeof(input) / sizeof(float), 1);
  fill(&taps[0][0][0], sizeof(taps) / sizeof(float), 2);
  fill(bias, CHANNELS, 3);

  void *packed_owner, *workspace_owner;
  void* packed = aligned(kernel->packed_bytes, &packed_owner);
  sepconv_weights weights = {0};
  weights.depthwise = &taps[0][0][0];
  weights.bias = bias;
  sepconv_status status =
      sepconv_pack(kernel, SEPCONV_HWIO, &weights, packed, kernel->packed_bytes);

  sepconv_call call = {0};
  call.packed = packed;
  call.packed_bytes = kernel->packed_bytes;
  call.input = kernel->input;
  call.input.data = input;
  call.output = kernel->output;
  call.output.data = output;
  call.workspace_bytes = sepconv_workspace_bytes(kernel, &call);
  call.workspace = aligned(call.workspace_bytes, &workspace_owner);
  if (status == SEPCONV_OK) status = sepconv_run(kernel, &call);
  free(packed_owner);
  free(workspace_owner);
  if (status != SEPCONV_OK) {
    fprintf(stderr, "status %d\n", (int)status);
    return 1;
  }

  double worst = 0;
  for (int y = 0; y < SIZE; ++y) {
    for (int x = 0; x < SIZE; ++x) {
      for (int c = 0; c < CHANNELS; ++c) {
        const double error = fabs(output[y][x][c] - expected(y, x, c));
        if (error > worst) worst = error;
      }
    }
  }
  printf("%s: largest error %.2g\n", kernel->canonical_name, worst);
  return worst < 1e-5 ? 0 : 1;
}
