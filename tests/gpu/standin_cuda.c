/* Tests of gpu: a libcuda.so.1 for machines without a driver: device memory is host memory, the one
 * kernel is a plain loop, everything is counted and every function can be made to fail. */
#include "standin_cuda.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { CONTEXTS = 8, INVALID_VALUE = 1, NOT_FOUND = 500, INVALID_CONTEXT = 201 };
static const uintptr_t kPrimary = 0x1000;

standin_state standin = {.devices = 1, .major = 8, .minor = 6};
static void* stack[CONTEXTS];

static int fails(const char* function) {
  if (standin.failing == NULL || strcmp(standin.failing, function) != 0) return 0;
  return ++standin.calls == standin.failing_call ? standin.error : 0;
}
#define ENTER                         \
  do {                                \
    const int code = fails(__func__); \
    if (code != 0) return code;       \
  } while (0)
#define ENTER_CONTEXT                                                \
  do {                                                               \
    ENTER;                                                           \
    if (standin.depth == 0) return ++standin.wrong, INVALID_CONTEXT; \
  } while (0)
#define CHECK_STREAM(given) \
  if ((given) != standin.stream) ++standin.wrong

int cuInit(unsigned flags) {
  ENTER;
  return flags == 0 ? 0 : INVALID_VALUE;
}
int cuDeviceGetCount(int* count) {
  ENTER;
  *count = standin.devices;
  return 0;
}
int cuDeviceGet(int* device, int ordinal) {
  ENTER;
  *device = ordinal;
  return ordinal < standin.devices ? 0 : 101;
}
int cuDeviceGetAttribute(int* value, int attribute, int device) {
  ENTER;
  (void)device;
  *value = attribute == 75 ? standin.major : attribute == 76 ? standin.minor : 0;
  return 0;
}
int cuDevicePrimaryCtxRetain(void** context, int device) {
  ENTER;
  (void)device;
  ++standin.retained;
  *context = (void*)kPrimary;
  return 0;
}
int cuDevicePrimaryCtxRelease_v2(int device) {
  ENTER;
  (void)device;
  --standin.retained;
  return 0;
}
int cuCtxGetCurrent(void** context) {
  ENTER;
  *context = standin.depth > 0 ? stack[standin.depth - 1] : standin.current;
  return 0;
}
int cuCtxPushCurrent_v2(void* context) {
  ENTER;
  if (context == NULL || standin.depth == CONTEXTS) return ++standin.wrong, INVALID_CONTEXT;
  stack[standin.depth++] = context;
  return 0;
}
int cuCtxPopCurrent_v2(void** context) {
  ENTER;
  if (standin.depth == 0) return ++standin.wrong, INVALID_CONTEXT;
  *context = stack[--standin.depth];
  return 0;
}
int cuModuleLoadDataEx(void** module, const void* image, unsigned count, int* options,
                       void** values) {
  ENTER_CONTEXT;
  standin.source = image;
  if (count == 1 && options[0] == 0) standin.registers = (unsigned)(uintptr_t)values[0];
  ++standin.modules;
  *module = malloc(1);
  return 0;
}
int cuModuleUnload(void* module) {
  ENTER_CONTEXT;
  --standin.modules;
  free(module);
  return 0;
}
int cuModuleGetFunction(void** function, void* module, const char* name) {
  ENTER_CONTEXT;
  if (strcmp(name, "add_one") != 0) return NOT_FOUND;
  *function = module;
  return 0;
}
int cuMemAlloc_v2(uint64_t* address, size_t bytes) {
  ENTER_CONTEXT;
  void* memory = malloc(bytes);
  memset(memory, 0xff, bytes); /* NaNs: what is not written shows */
  ++standin.blocks, ++standin.allocations;
  *address = (uint64_t)(uintptr_t)memory;
  return 0;
}
int cuMemFree_v2(uint64_t address) {
  ENTER_CONTEXT;
  --standin.blocks;
  free((void*)(uintptr_t)address);
  return 0;
}
int cuMemcpyHtoDAsync_v2(uint64_t to, const void* from, size_t bytes, void* stream) {
  ENTER_CONTEXT;
  CHECK_STREAM(stream);
  ++standin.copies;
  memcpy((void*)(uintptr_t)to, from, bytes);
  return 0;
}
int cuMemcpyDtoHAsync_v2(void* to, uint64_t from, size_t bytes, void* stream) {
  ENTER_CONTEXT;
  CHECK_STREAM(stream);
  ++standin.copies;
  memcpy(to, (const void*)(uintptr_t)from, bytes);
  return 0;
}

/* CUDA_MEMCPY2D of cuda.h */
typedef struct copy_2d {
  size_t from_x, from_y;
  int from_type;
  const void* from_host;
  uint64_t from_device;
  void* from_array;
  size_t from_pitch, to_x, to_y;
  int to_type;
  void* to_host;
  uint64_t to_device;
  void* to_array;
  size_t to_pitch, width, height;
} copy_2d;
int cuMemcpy2DAsync_v2(const copy_2d* copy, void* stream) {
  ENTER_CONTEXT;
  CHECK_STREAM(stream);
  ++standin.copies;
  if (copy->from_type != 2 || copy->to_type != 1) return ++standin.wrong, INVALID_VALUE;
  for (size_t i = 0; i < copy->height; ++i) {
    memcpy((char*)copy->to_host + i * copy->to_pitch,
           (const char*)(uintptr_t)copy->from_device + i * copy->from_pitch, copy->width);
  }
  return 0;
}

/* Blocks are pixels and threads input channels: 20 channels of input(c % 4) + 1 a pixel. The gap
 * between the output's pixels follows from shared memory's size, in floats. */
int cuLaunchKernel(void* function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by,
                   unsigned bz, unsigned shared, void* stream, void** arguments, void** extra) {
  ENTER_CONTEXT;
  CHECK_STREAM(stream);
  if (function == NULL || extra != NULL || gy * gz * by * bz != 1) ++standin.wrong;
  const float* input = (const float*)(uintptr_t) * (uint64_t*)arguments[0];
  float* output = (float*)(uintptr_t) * (uint64_t*)arguments[3];
  for (unsigned pixel = 0; pixel < gx; ++pixel) {
    for (unsigned c = 0; c < 20; ++c) {
      output[pixel * (20 + shared) + c] = input[pixel * bx + c % 4] + 1;
    }
  }
  ++standin.launches;
  return 0;
}
int cuStreamSynchronize(void* stream) {
  ENTER_CONTEXT;
  CHECK_STREAM(stream);
  ++standin.waits;
  return 0;
}

static int number(const char* variable, int otherwise) {
  const char* text = getenv(variable);
  return text != NULL ? atoi(text) : otherwise;
}

__attribute__((constructor)) static void read_environment(void) {
  standin.devices = number("STANDIN_DEVICES", standin.devices);
  standin.major = number("STANDIN_MAJOR", standin.major);
  standin.minor = number("STANDIN_MINOR", standin.minor);
  standin.failing = getenv("STANDIN_FAILING");
  standin.failing_call = 1;
  standin.error = 999;
}
