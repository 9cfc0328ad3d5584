/* Runtime, private: what a session on a device needs of a driver, for CUDA and OpenCL alike. Knows
 * no layer. */
#ifndef SEPCONV_RUNTIME_DEVICE_H
#define SEPCONV_RUNTIME_DEVICE_H

#include "cpu.h"
#include "internal.h"
#include "sepconv/gpu.h"

#ifdef __cplusplus
extern "C" {
#endif
#ifndef __cplusplus
#pragma GCC visibility push(hidden)
#endif

enum { SEPCONV_MAX_PHASES = 4, SEPCONV_MAX_PARTS = 6 };

/* A session as a driver sees it: handles are the driver's own, as numbers. */
typedef struct sepconv_queue {
  uint64_t context, stream, device;
  uint32_t owns_context, owns_stream;
  int32_t error; /* the driver's code of the last refusal */
  uint32_t reserved;
} sepconv_queue;

typedef struct sepconv_loaded {
  uint64_t module, function;
} sepconv_loaded;

/* Device memory: an address for CUDA, a buffer object for OpenCL. `offset` in bytes; OpenCL's
 * launches take buffers from their start only. */
typedef struct sepconv_memory {
  uint64_t handle, offset;
} sepconv_memory;

/* Bytes to move: `count` runs of `bytes`, `pitch` bytes apart on both sides. */
typedef struct sepconv_runs {
  uint64_t bytes, count, pitch;
} sepconv_runs;

/* A driver. All but open and close are called between enter and leave. Transfers and launches are
 * enqueued in order; host memory may be used again after finish. */
typedef struct sepconv_driver {
  uint64_t features; /* bits of cpu.h that hold; 0: unusable */
  int offsets;       /* whether launches take memory with an offset */
  /* Options NULL: nothing of the caller's, not even CUDA's current context. */
  sepconv_status (*open)(sepconv_queue*, const sepconv_gpu_options*);
  void (*close)(sepconv_queue*);
  sepconv_status (*enter)(sepconv_queue*);
  void (*leave)(sepconv_queue*);
  sepconv_status (*load)(sepconv_queue*, const sepconv_launch*, sepconv_loaded*);
  void (*unload)(sepconv_queue*, sepconv_loaded*);
  sepconv_status (*allocate)(sepconv_queue*, uint64_t bytes, uint64_t* handle);
  void (*release)(sepconv_queue*, uint64_t handle);
  sepconv_status (*upload)(sepconv_queue*, uint64_t to, const void* from, uint64_t bytes);
  sepconv_status (*download)(sepconv_queue*, void* to, uint64_t from, sepconv_runs runs);
  sepconv_status (*copy)(sepconv_queue*, sepconv_memory to, sepconv_memory from, sepconv_runs runs);
  sepconv_status (*launch)(sepconv_queue*, const sepconv_launch*, const sepconv_loaded*,
                           const sepconv_memory* arguments);
  sepconv_status (*finish)(sepconv_queue*);
} sepconv_driver;

/* Loaded and initialised at the first call; never unloaded. */
const sepconv_driver* sepconv_cuda(void);
const sepconv_driver* sepconv_opencl(void);

/* Fills the `count` functions of the first library of `names` (NULL ends them) that can be opened
 * and has all of `symbols`. Zero when there is none. */
int sepconv_load_functions(const char* const* names, const char* const* symbols, int count,
                           void** functions);

/* The driver with the features that `probe` found at the first call; other threads wait for it.
 * `state` is zero at first. */
const sepconv_driver* sepconv_probe_once(sepconv_driver* driver, int* state,
                                         uint64_t (*probe)(void));
#ifndef __cplusplus
#pragma GCC visibility pop
#endif

/* As in sepconv/gpu.h; emit/ renames them to <library>_gpu_open and so on. */
sepconv_status sepconv_library_gpu_open(const sepconv_kernel* kernel,
                                        const sepconv_gpu_options* options, const void* packed,
                                        size_t packed_bytes, sepconv_gpu* gpu);
sepconv_status sepconv_library_gpu_run(sepconv_gpu* gpu, const sepconv_gpu_call* call);
sepconv_status sepconv_library_gpu_close(sepconv_gpu* gpu);

#ifdef __cplusplus
}
#else
/* libc, declared by hand like that of internal.h. */
void* dlopen(const char* name, int flags);
void* dlsym(void* library, const char* symbol);
int sched_yield(void);
#endif
#endif
