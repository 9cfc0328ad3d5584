/* Runtime: OpenCL for sessions on a device, found when first asked for. Knows no layer. */
#include "device.h"

typedef int32_t result; /* cl_int */
enum {
  PLATFORMS = 8,
  OBJECT_ALLOCATION = -4,
  OUT_OF_RESOURCES = -5,
  WORK_GROUP_SIZE = -54,
  DEVICE_GPU = 1 << 2,
  COMPILER_AVAILABLE = 0x1028,
  LOCAL_MEMORY = 0x1023,
  KERNEL_WORK_GROUP = 0x11B0,
  READ_WRITE = 1
};
static const uint64_t kAllDevices = 0xFFFFFFFFull;

static const char* const kSymbols[] = {"clGetPlatformIDs",         "clGetDeviceIDs",
                                       "clGetDeviceInfo",          "clCreateContext",
                                       "clReleaseContext",         "clCreateCommandQueue",
                                       "clReleaseCommandQueue",    "clCreateProgramWithSource",
                                       "clBuildProgram",           "clReleaseProgram",
                                       "clCreateKernel",           "clReleaseKernel",
                                       "clGetKernelWorkGroupInfo", "clSetKernelArg",
                                       "clCreateBuffer",           "clReleaseMemObject",
                                       "clEnqueueWriteBuffer",     "clEnqueueReadBuffer",
                                       "clEnqueueReadBufferRect",  "clEnqueueCopyBufferRect",
                                       "clEnqueueNDRangeKernel",   "clFinish"};
enum { SYMBOLS = sizeof kSymbols / sizeof *kSymbols };

/* In the order of kSymbols. */
typedef struct functions {
  result (*platforms)(uint32_t, void**, uint32_t*);
  result (*devices)(void*, uint64_t, uint32_t, void**, uint32_t*);
  result (*info)(void*, uint32_t, size_t, void*, size_t*);
  void* (*context)(const intptr_t*, uint32_t, void* const*, void*, void*, result*);
  result (*release_context)(void*);
  void* (*queue)(void*, void*, uint64_t, result*);
  result (*release_queue)(void*);
  void* (*program)(void*, uint32_t, const char**, const size_t*, result*);
  result (*build)(void*, uint32_t, void* const*, const char*, void*, void*);
  result (*release_program)(void*);
  void* (*kernel)(void*, const char*, result*);
  result (*release_kernel)(void*);
  result (*kernel_info)(void*, void*, uint32_t, size_t, void*, size_t*);
  result (*argument)(void*, uint32_t, size_t, const void*);
  void* (*buffer)(void*, uint64_t, size_t, void*, result*);
  result (*release_buffer)(void*);
  result (*write)(void*, void*, uint32_t, size_t, size_t, const void*, uint32_t, const void*,
                  void*);
  result (*read)(void*, void*, uint32_t, size_t, size_t, void*, uint32_t, const void*, void*);
  result (*read_rectangle)(void*, void*, uint32_t, const size_t*, const size_t*, const size_t*,
                           size_t, size_t, size_t, size_t, void*, uint32_t, const void*, void*);
  result (*copy_rectangle)(void*, void*, void*, const size_t*, const size_t*, const size_t*, size_t,
                           size_t, size_t, size_t, uint32_t, const void*, void*);
  result (*launch)(void*, void*, uint32_t, const size_t*, const size_t*, const size_t*, uint32_t,
                   const void*, void*);
  result (*finish)(void*);
} functions;
typedef char functions_match[sizeof(functions) == SYMBOLS * sizeof(void*) ? 1 : -1];

static union {
  functions call;
  void* pointers[SYMBOLS];
} cl;
static void* first_device;

static void* pointer(uint64_t handle) { return (void*)(uintptr_t)handle; }
static uint64_t number(const void* handle) { return (uint64_t)(uintptr_t)handle; }

static sepconv_status answer(sepconv_queue* q, result code) {
  if (code == 0) return SEPCONV_OK;
  q->error = code;
  return code == OBJECT_ALLOCATION || code == OUT_OF_RESOURCES ? SEPCONV_DEVICE_MEMORY
                                                               : SEPCONV_DEVICE_FAILED;
}

static sepconv_status open_queue(sepconv_queue* q, const sepconv_gpu_options* options) {
  void* context = options != NULL ? options->context : NULL;
  void* device = options != NULL && context != NULL ? options->device : first_device;
  void* stream = options != NULL ? options->stream : NULL;
  result code = 0;
  if (context == NULL && stream != NULL) return SEPCONV_BAD_ARGUMENT;
  if (device == NULL) return SEPCONV_NULL_POINTER;
  q->device = number(device);
  if (context == NULL) {
    context = cl.call.context(NULL, 1, &device, NULL, NULL, &code);
    if (context == NULL) return answer(q, code);
    q->owns_context = 1;
  }
  q->context = number(context);
  if (stream == NULL) {
    stream = cl.call.queue(context, device, 0, &code);
    if (stream == NULL) return answer(q, code);
    q->owns_stream = 1;
  }
  q->stream = number(stream);
  return SEPCONV_OK;
}

static void close_queue(sepconv_queue* q) {
  if (q->owns_stream) (void)cl.call.release_queue(pointer(q->stream));
  if (q->owns_context) (void)cl.call.release_context(pointer(q->context));
}

static sepconv_status enter(sepconv_queue* q) {
  return q->stream != 0 ? SEPCONV_OK : SEPCONV_DEVICE_FAILED;
}
static void leave(sepconv_queue* q) { (void)q; }

/* Whether a block of the launch fits the device. */
static sepconv_status check_block(sepconv_queue* q, const sepconv_launch* launch, void* kernel) {
  uint64_t local = 0;
  size_t threads = 0;
  void* device = pointer(q->device);
  sepconv_status status = answer(q, cl.call.info(device, LOCAL_MEMORY, sizeof local, &local, NULL));
  if (status != SEPCONV_OK) return status;
  status = answer(
      q, cl.call.kernel_info(kernel, device, KERNEL_WORK_GROUP, sizeof threads, &threads, NULL));
  if (status != SEPCONV_OK) return status;
  const size_t wanted = (size_t)launch->block[0] * launch->block[1] * launch->block[2];
  return launch->shared_bytes > local || wanted > threads ? answer(q, WORK_GROUP_SIZE) : SEPCONV_OK;
}

static sepconv_status load(sepconv_queue* q, const sepconv_launch* launch, sepconv_loaded* loaded) {
  result code = 0;
  void* device = pointer(q->device);
  const char* source = launch->source;
  void* program = cl.call.program(pointer(q->context), 1, &source, NULL, &code);
  if (program == NULL) return answer(q, code);
  loaded->module = number(program);
  const sepconv_status status = answer(q, cl.call.build(program, 1, &device, "", NULL, NULL));
  if (status != SEPCONV_OK) return status;
  void* kernel = cl.call.kernel(program, launch->kernel, &code);
  if (kernel == NULL) return answer(q, code);
  loaded->function = number(kernel);
  return check_block(q, launch, kernel);
}

static void unload(sepconv_queue* q, sepconv_loaded* loaded) {
  (void)q;
  if (loaded->function != 0) (void)cl.call.release_kernel(pointer(loaded->function));
  (void)cl.call.release_program(pointer(loaded->module));
}

static sepconv_status allocate(sepconv_queue* q, uint64_t bytes, uint64_t* handle) {
  result code = 0;
  *handle = number(cl.call.buffer(pointer(q->context), READ_WRITE, (size_t)(bytes > 0 ? bytes : 1),
                                  NULL, &code));
  return *handle != 0 ? SEPCONV_OK : answer(q, code);
}

static void release(sepconv_queue* q, uint64_t handle) {
  (void)q, (void)cl.call.release_buffer(pointer(handle));
}

static sepconv_status upload(sepconv_queue* q, uint64_t to, const void* from, uint64_t bytes) {
  return answer(
      q, cl.call.write(pointer(q->stream), pointer(to), 0, 0, (size_t)bytes, from, 0, NULL, NULL));
}

static sepconv_status download(sepconv_queue* q, void* to, uint64_t from, sepconv_runs runs) {
  void* stream = pointer(q->stream);
  if (runs.count == 1) {
    return answer(q,
                  cl.call.read(stream, pointer(from), 0, 0, (size_t)runs.bytes, to, 0, NULL, NULL));
  }
  const size_t origin[3] = {0, 0, 0};
  const size_t region[3] = {(size_t)runs.bytes, (size_t)runs.count, 1};
  const size_t pitch = (size_t)runs.pitch;
  return answer(q, cl.call.read_rectangle(stream, pointer(from), 0, origin, origin, region, pitch,
                                          0, pitch, 0, to, 0, NULL, NULL));
}

static sepconv_status copy(sepconv_queue* q, sepconv_memory to, sepconv_memory from,
                           sepconv_runs runs) {
  /* The offset along a run: an origin need not lie in the first row. */
  const size_t from_origin[3] = {(size_t)(from.offset % runs.pitch),
                                 (size_t)(from.offset / runs.pitch), 0};
  const size_t to_origin[3] = {(size_t)(to.offset % runs.pitch), (size_t)(to.offset / runs.pitch),
                               0};
  const size_t region[3] = {(size_t)runs.bytes, (size_t)runs.count, 1};
  const size_t pitch = (size_t)runs.pitch;
  return answer(
      q, cl.call.copy_rectangle(pointer(q->stream), pointer(from.handle), pointer(to.handle),
                                from_origin, to_origin, region, pitch, 0, pitch, 0, 0, NULL, NULL));
}

static sepconv_status launch(sepconv_queue* q, const sepconv_launch* launch,
                             const sepconv_loaded* loaded, const sepconv_memory* arguments) {
  void* kernel = pointer(loaded->function);
  size_t global[3], local[3];
  for (uint32_t i = 0; i < launch->argument_count; ++i) {
    const void* buffer = pointer(arguments[i].handle);
    const sepconv_status status =
        answer(q, cl.call.argument(kernel, i, sizeof(void*), (const void*)&buffer));
    if (status != SEPCONV_OK) return status;
  }
  /* Halide's kernels take local memory last, needed or not; no block is empty. */
  const size_t shared = launch->shared_bytes > 0 ? launch->shared_bytes : 64;
  const sepconv_status status =
      answer(q, cl.call.argument(kernel, launch->argument_count, shared, NULL));
  if (status != SEPCONV_OK) return status;
  for (int i = 0; i < 3; ++i) {
    local[i] = launch->block[i];
    global[i] = (size_t)launch->grid[i] * launch->block[i];
  }
  return answer(q,
                cl.call.launch(pointer(q->stream), kernel, 3, NULL, global, local, 0, NULL, NULL));
}

static sepconv_status finish(sepconv_queue* q) {
  return answer(q, cl.call.finish(pointer(q->stream)));
}

/* The first GPU with a compiler, else the first device of any kind with one, and the bits of cpu.h
 * that hold with it. */
static uint64_t find_device(void** found) {
  const uint64_t kinds[2] = {DEVICE_GPU, kAllDevices};
  const uint64_t bits[2] = {SEPCONV_DEVICE_OPENCL | SEPCONV_DEVICE_OPENCL_GPU,
                            SEPCONV_DEVICE_OPENCL};
  void* platforms[PLATFORMS];
  uint32_t count = 0;
  if (cl.call.platforms(PLATFORMS, platforms, &count) != 0) return 0;
  if (count > PLATFORMS) count = PLATFORMS;
  for (int kind = 0; kind < 2; ++kind) {
    for (uint32_t i = 0; i < count; ++i) {
      void* device = NULL;
      uint32_t compiler = 0;
      if (cl.call.devices(platforms[i], kinds[kind], 1, &device, NULL) != 0) continue;
      if (cl.call.info(device, COMPILER_AVAILABLE, sizeof compiler, &compiler, NULL) != 0) continue;
      if (compiler != 0) return *found = device, bits[kind];
    }
  }
  return 0;
}

static uint64_t probe(void) {
  static const char* const names[] = {"libOpenCL.so.1", "libOpenCL.so", NULL};
  if (!sepconv_load_functions(names, kSymbols, SYMBOLS, cl.pointers)) return 0;
  return find_device(&first_device);
}

const sepconv_driver* sepconv_opencl(void) {
  static sepconv_driver driver = {0,      0,        open_queue, close_queue, enter,
                                  leave,  load,     unload,     allocate,    release,
                                  upload, download, copy,       launch,      finish};
  static int state;
  return sepconv_probe_once(&driver, &state, probe);
}
