/* Runtime: kernels on a GPU of the caller's: its context, its stream, its device memory. Only
 * libraries with a CUDA or OpenCL target have the functions; they carry the library's name:
 *
 *   sepconv_status <lib>_gpu_open(const sepconv_kernel*, const sepconv_gpu_options*,
 *                                 const void* packed, size_t packed_bytes, sepconv_gpu*);
 *   sepconv_status <lib>_gpu_run(sepconv_gpu*, const sepconv_gpu_call*);
 *   sepconv_status <lib>_gpu_close(sepconv_gpu*);
 *
 * sepconv_run works on such a library too, with host pointers, on the first device: it uploads the
 * weights at every call and waits for the result. C99 and C++17. */
#ifndef SEPCONV_GPU_H
#define SEPCONV_GPU_H

#include <sepconv/sepconv.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whose device. Zero-initialise, then fill in; every zero is a good choice. The caller keeps the
 * ownership of all of it, and keeps it alive until the kernel is closed. */
typedef struct sepconv_gpu_options {
  void* context; /* CUcontext or cl_context. NULL: CUDA's current context, else the primary one of
                    device 0 (the CUDA runtime's); OpenCL: a context of the library's own */
  void* stream;  /* CUstream (a cudaStream_t) or cl_command_queue, in order. NULL: CUDA's default
                    stream; OpenCL: a queue of the library's own */
  void* device;  /* cl_device_id of `context`; unused for CUDA */
} sepconv_gpu_options;

/* A kernel on a device, with its weights there. Memory of the caller's: zero-initialise, open, run
 * as often as wanted from one thread at a time, close. */
typedef struct sepconv_gpu {
  int32_t driver_error; /* the driver's own code (CUresult, cl_int) behind SEPCONV_DEVICE_FAILED */
  int32_t reserved0;
  uint64_t reserved[63];
} sepconv_gpu;

enum {
  SEPCONV_GPU_HOST = 0,  /* data are host pointers: the call returns when the output is there */
  SEPCONV_GPU_DEVICE = 1 /* data are CUdeviceptr or cl_mem: the call only enqueues */
};

/* One run. Extents and strides as for sepconv_run. */
typedef struct sepconv_gpu_call {
  sepconv_tensor input, residual, output;
  uint32_t memory; /* SEPCONV_GPU_HOST or SEPCONV_GPU_DEVICE, all tensors alike */
  uint32_t reserved;
} sepconv_gpu_call;

/* open: loads the code, allocates all device memory that runs need and uploads the weights;
 * `packed` may be freed afterwards. SEPCONV_NO_DEVICE where driver or device is missing or too old.
 * run: neither allocates nor, with device memory, waits. OpenCL buffers of several images are
 * copied on the device, image by image. Tensors on the device are not checked for overlap; those of
 * CUDA start at multiples of 16 bytes. close:
 * waits for the stream and frees what open made. Closing a zero or failed one does nothing. A
 * failed open or run leaves the device usable. */
typedef sepconv_status (*sepconv_gpu_open_function)(const sepconv_kernel*,
                                                    const sepconv_gpu_options*, const void* packed,
                                                    size_t packed_bytes, sepconv_gpu*);
typedef sepconv_status (*sepconv_gpu_run_function)(sepconv_gpu*, const sepconv_gpu_call*);
typedef sepconv_status (*sepconv_gpu_close_function)(sepconv_gpu*);

#ifdef __cplusplus
}
#endif
#endif /* SEPCONV_GPU_H */
