/* Runtime: CUDA's driver for sessions on a device, found when first asked for. Knows no layer. */
#include "device.h"

typedef int result; /* CUresult */
enum { OUT_OF_MEMORY = 2, MAJOR = 75, MINOR = 76, JIT_MAX_REGISTERS = 0 };

/* CUDA_MEMCPY2D */
typedef struct copy_2d {
  size_t from_x, from_y;
  int from_type;
  const void* from_host;
  uint64_t from_device;
  void* from_array;
  size_t from_pitch;
  size_t to_x, to_y;
  int to_type;
  void* to_host;
  uint64_t to_device;
  void* to_array;
  size_t to_pitch;
  size_t width, height;
} copy_2d;
enum { HOST = 1, DEVICE = 2 };

static const char* const kSymbols[] = {"cuInit",
                                       "cuDeviceGetCount",
                                       "cuDeviceGet",
                                       "cuDeviceGetAttribute",
                                       "cuDevicePrimaryCtxRetain",
                                       "cuDevicePrimaryCtxRelease_v2",
                                       "cuCtxGetCurrent",
                                       "cuCtxPushCurrent_v2",
                                       "cuCtxPopCurrent_v2",
                                       "cuModuleLoadDataEx",
                                       "cuModuleUnload",
                                       "cuModuleGetFunction",
                                       "cuMemAlloc_v2",
                                       "cuMemFree_v2",
                                       "cuMemcpyHtoDAsync_v2",
                                       "cuMemcpyDtoHAsync_v2",
                                       "cuMemcpy2DAsync_v2",
                                       "cuLaunchKernel",
                                       "cuStreamSynchronize"};
enum { SYMBOLS = sizeof kSymbols / sizeof *kSymbols };

/* In the order of kSymbols. */
typedef struct functions {
  result (*init)(unsigned);
  result (*count)(int*);
  result (*device)(int*, int);
  result (*attribute)(int*, int, int);
  result (*retain)(void**, int);
  result (*release)(int);
  result (*current)(void**);
  result (*push)(void*);
  result (*pop)(void**);
  result (*load)(void**, const void*, unsigned, int*, void**);
  result (*unload)(void*);
  result (*function)(void**, void*, const char*);
  result (*allocate)(uint64_t*, size_t);
  result (*free)(uint64_t);
  result (*upload)(uint64_t, const void*, size_t, void*);
  result (*download)(void*, uint64_t, size_t, void*);
  result (*copy)(const copy_2d*, void*);
  result (*launch)(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                   void*, void**, void**);
  result (*finish)(void*);
} functions;
typedef char functions_match[sizeof(functions) == SYMBOLS * sizeof(void*) ? 1 : -1];

static union {
  functions call;
  void* pointers[SYMBOLS];
} cuda;

static void* pointer(uint64_t handle) { return (void*)(uintptr_t)handle; }

static sepconv_status answer(sepconv_queue* q, result code) {
  if (code == 0) return SEPCONV_OK;
  q->error = code;
  return code == OUT_OF_MEMORY ? SEPCONV_DEVICE_MEMORY : SEPCONV_DEVICE_FAILED;
}

/* The context of the caller, the current one, or the primary one of device 0. */
static sepconv_status open_queue(sepconv_queue* q, const sepconv_gpu_options* options) {
  void* context = options != NULL ? options->context : NULL;
  if (options != NULL) q->stream = (uint64_t)(uintptr_t)options->stream;
  if (context == NULL && options != NULL) {
    const sepconv_status status = answer(q, cuda.call.current(&context));
    if (status != SEPCONV_OK) return status;
  }
  if (context == NULL) {
    int device = 0;
    sepconv_status status = answer(q, cuda.call.device(&device, 0));
    if (status == SEPCONV_OK) status = answer(q, cuda.call.retain(&context, device));
    if (status != SEPCONV_OK) return status;
    q->owns_context = 1;
    q->device = (uint64_t)device;
  }
  q->context = (uint64_t)(uintptr_t)context;
  return SEPCONV_OK;
}

static void close_queue(sepconv_queue* q) {
  if (q->owns_context) (void)cuda.call.release((int)q->device);
}

static sepconv_status enter(sepconv_queue* q) {
  if (q->context == 0) return SEPCONV_DEVICE_FAILED;
  return answer(q, cuda.call.push(pointer(q->context)));
}

static void leave(sepconv_queue* q) {
  void* context = NULL;
  (void)q, (void)cuda.call.pop(&context);
}

static sepconv_status load(sepconv_queue* q, const sepconv_launch* launch, sepconv_loaded* loaded) {
  void *module = NULL, *function = NULL;
  int option = JIT_MAX_REGISTERS;
  void* value = pointer(launch->max_registers);
  sepconv_status status = answer(q, cuda.call.load(&module, launch->source, 1, &option, &value));
  if (status != SEPCONV_OK) return status;
  loaded->module = (uint64_t)(uintptr_t)module;
  status = answer(q, cuda.call.function(&function, module, launch->kernel));
  loaded->function = (uint64_t)(uintptr_t)function;
  return status;
}

static void unload(sepconv_queue* q, sepconv_loaded* loaded) {
  (void)q, (void)cuda.call.unload(pointer(loaded->module));
}

static sepconv_status allocate(sepconv_queue* q, uint64_t bytes, uint64_t* handle) {
  return answer(q, cuda.call.allocate(handle, (size_t)(bytes > 0 ? bytes : 1)));
}

static void release(sepconv_queue* q, uint64_t handle) { (void)q, (void)cuda.call.free(handle); }

static sepconv_status upload(sepconv_queue* q, uint64_t to, const void* from, uint64_t bytes) {
  return answer(q, cuda.call.upload(to, from, (size_t)bytes, pointer(q->stream)));
}

static sepconv_status download(sepconv_queue* q, void* to, uint64_t from, sepconv_runs runs) {
  if (runs.count == 1) {
    return answer(q, cuda.call.download(to, from, (size_t)runs.bytes, pointer(q->stream)));
  }
  copy_2d copy;
  memset(&copy, 0, sizeof copy);
  copy.from_type = DEVICE, copy.from_device = from, copy.from_pitch = (size_t)runs.pitch;
  copy.to_type = HOST, copy.to_host = to, copy.to_pitch = (size_t)runs.pitch;
  copy.width = (size_t)runs.bytes, copy.height = (size_t)runs.count;
  return answer(q, cuda.call.copy(&copy, pointer(q->stream)));
}

/* Device addresses take offsets, so sessions never copy between them. */
static sepconv_status copy(sepconv_queue* q, sepconv_memory to, sepconv_memory from,
                           sepconv_runs runs) {
  (void)q, (void)to, (void)from, (void)runs;
  return SEPCONV_BAD_ARGUMENT;
}

static sepconv_status launch(sepconv_queue* q, const sepconv_launch* launch,
                             const sepconv_loaded* loaded, const sepconv_memory* arguments) {
  uint64_t addresses[SEPCONV_MAX_PARTS + 3];
  void* values[SEPCONV_MAX_PARTS + 3];
  for (uint32_t i = 0; i < launch->argument_count; ++i) {
    addresses[i] = arguments[i].handle + arguments[i].offset;
    values[i] = &addresses[i];
  }
  const uint32_t *grid = launch->grid, *block = launch->block;
  return answer(
      q, cuda.call.launch(pointer(loaded->function), grid[0], grid[1], grid[2], block[0], block[1],
                          block[2], launch->shared_bytes, pointer(q->stream), values, NULL));
}

static sepconv_status finish(sepconv_queue* q) {
  return answer(q, cuda.call.finish(pointer(q->stream)));
}

/* The bits of the first device's compute capability; newer devices run older code. */
static uint64_t probe(void) {
  int count = 0, device = 0, major = 0, minor = 0;
  static const char* const names[] = {"libcuda.so.1", "libcuda.so", NULL};
  if (!sepconv_load_functions(names, kSymbols, SYMBOLS, cuda.pointers)) return 0;
  if (cuda.call.init(0) != 0 || cuda.call.count(&count) != 0 || count == 0) return 0;
  if (cuda.call.device(&device, 0) != 0) return 0;
  if (cuda.call.attribute(&major, MAJOR, device) != 0) return 0;
  if (cuda.call.attribute(&minor, MINOR, device) != 0) return 0;
  const int capability = 10 * major + minor;
  return (capability >= 80 ? SEPCONV_DEVICE_CUDA_80 : 0) |
         (capability >= 86 ? SEPCONV_DEVICE_CUDA_86 : 0);
}

const sepconv_driver* sepconv_cuda(void) {
  static sepconv_driver driver = {0,      1,        open_queue, close_queue, enter,
                                  leave,  load,     unload,     allocate,    release,
                                  upload, download, copy,       launch,      finish};
  static int state;
  return sepconv_probe_once(&driver, &state, probe);
}
