/* Runtime: the C ABI of generated libraries; all that an app includes. Knows no Halide, no libc
 * beyond the standard headers.
 *
 * C99 and C++17. Nothing here allocates, starts threads, reads locales or aborts. Every function is
 * safe from any number of threads at once; a packed blob is read-only after sepconv_pack. */
#ifndef SEPCONV_SEPCONV_H
#define SEPCONV_SEPCONV_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SEPCONV_ABI_VERSION 2
#define SEPCONV_ALIGNMENT \
  64 /* bytes: of packed blobs and workspaces; tensors need their element's */

typedef enum sepconv_status {
  SEPCONV_OK = 0,
  SEPCONV_NULL_POINTER = 1,    /* a required pointer is null */
  SEPCONV_BAD_EXTENT = 2,      /* a tensor's n, h, w or c is not the kernel's (n: any >= 0) */
  SEPCONV_BAD_STRIDE = 3,      /* a tensor's strides are not the compiled ones */
  SEPCONV_MISALIGNED = 4,      /* a pointer is not aligned as the kernel needs */
  SEPCONV_OVERLAP = 5,         /* output overlaps another buffer */
  SEPCONV_SHORT_BUFFER = 6,    /* the packed blob or its room is too small */
  SEPCONV_SHORT_WORKSPACE = 7, /* workspace_bytes is below sepconv_workspace_bytes */
  SEPCONV_WRONG_BLOB = 8,      /* packed for another layer, layout or ABI, or not packed at all */
  SEPCONV_UNSUPPORTED_CPU = 9, /* no variant of the library runs on this CPU and OS */
  SEPCONV_UNKNOWN_TARGET = 10, /* SEPCONV_TARGET names no variant of this library */
  SEPCONV_BAD_ARGUMENT = 11,   /* an order, range or count outside its domain */
  SEPCONV_NOT_SPLITTABLE = 12, /* sepconv_run_tasks where only sepconv_run can */
  SEPCONV_ABI_MISMATCH = 13,   /* header and library are of different ABI versions */
  SEPCONV_KERNEL_FAILED = 14,  /* the compiled code gave up: a bug of sepconv */
  SEPCONV_NO_DEVICE = 15,      /* no driver, no device, or one that is too old for the library */
  SEPCONV_DEVICE_FAILED = 16,  /* the driver refused; sepconv_gpu has its code */
  SEPCONV_DEVICE_MEMORY = 17   /* the device has too little memory left */
} sepconv_status;

/* A non-owning view. Index order n, h, w, c whatever the layout; strides in elements. */
typedef struct sepconv_tensor {
  void* data;
  int64_t extent[4];
  int64_t stride[4];
} sepconv_tensor;

/* A layer's weights as the user has them, f32 whatever the layer's dtype, dense. sepconv_pack
 * rounds those of an f16 layer to nearest, ties to even; its biases stay f32. Absent stages and
 * biases are NULL. `weights` is the only or last pointwise, or the conv2d; `bias` is the last
 * stage's, op depthwise too, whose weights and depthwise_bias stay NULL. */
typedef struct sepconv_weights {
  const float *expand, *expand_bias, *depthwise, *depthwise_bias, *weights, *bias;
} sepconv_weights;

/* SEPCONV_HWIO: expand [ci][hidden], depthwise [kh][kw][c*m], pointwise [ci][co], conv2d
 * [kh][kw][ci][co]. SEPCONV_OIHW (PyTorch): [hidden][ci], [c*m][kh][kw], [co][ci],
 * [co][ci][kh][kw]. */
typedef enum sepconv_order { SEPCONV_HWIO = 0, SEPCONV_OIHW = 1 } sepconv_order;

/* Runs body(body_context, i) for every i in [0, count), in any order, on any threads, and returns
 * when all are done. At most one thread runs a given i. */
typedef void (*sepconv_body)(void* body_context, uint32_t i);
typedef void (*sepconv_parallel_for)(void* context, uint32_t count, sepconv_body body,
                                     void* body_context);

typedef struct sepconv_kernel sepconv_kernel;

/* One run. Zero-initialise, then fill in. */
typedef struct sepconv_call {
  const void* packed; /* from sepconv_pack, aligned to SEPCONV_ALIGNMENT */
  size_t packed_bytes;
  sepconv_tensor input;
  sepconv_tensor residual; /* pointwise layers with a residual only; else data NULL */
  sepconv_tensor output;
  void*
      workspace; /* aligned to SEPCONV_ALIGNMENT; may be NULL where sepconv_workspace_bytes is 0 */
  size_t workspace_bytes;
  sepconv_parallel_for parallel_for; /* NULL: all on the caller's thread */
  void* parallel_context;
  uint32_t threads; /* with parallel_for: into how many pieces to cut the work; 0 counts as 1 */
} sepconv_call;

/* What a library says of one of its kernels. Read-only, static lifetime. Fields may be added at the
 * end in a later ABI version only together with SEPCONV_ABI_VERSION. */
struct sepconv_kernel {
  uint32_t abi_version;
  const char* layer;          /* the layer's name in its file */
  const char* canonical_name; /* e.g. "dw_f32_n1h112w112c32_k3s1p1_relu6" */
  const char* layout;         /* "nhwc" or "nchw" */
  sepconv_tensor input;       /* data NULL; extents with the tuned batch, the compiled strides */
  sepconv_tensor residual;    /* extents 0 where the kernel takes none */
  sepconv_tensor output;
  size_t packed_bytes;                    /* room sepconv_pack needs */
  const struct sepconv_kernel_impl* impl; /* private: runtime/src/kernel.h */
  /* the library's own copies of the runtime; call the functions below instead */
  sepconv_status (*pack)(const sepconv_kernel*, sepconv_order, const sepconv_weights*, void*,
                         size_t);
  sepconv_status (*run)(const sepconv_kernel*, const sepconv_call*, uint32_t first, uint32_t last,
                        int whole);
  sepconv_status (*query)(const sepconv_kernel*, const sepconv_call*, uint32_t* tasks,
                          size_t* workspace_bytes, const char** target);
  const char* dtype;    /* "f32" or "f16": of the elements of input, residual and output */
  size_t element_bytes; /* of one of them */
};

/* Whether the functions below may use the kernel: SEPCONV_OK, SEPCONV_NULL_POINTER or
 * SEPCONV_ABI_MISMATCH. They all check it. */
static inline sepconv_status sepconv_kernel_status(const sepconv_kernel* kernel) {
  if (kernel == NULL) return SEPCONV_NULL_POINTER;
  return kernel->abi_version == SEPCONV_ABI_VERSION ? SEPCONV_OK : SEPCONV_ABI_MISMATCH;
}

/* Bytes of the kernel's packed weights; 0 for an unusable kernel. */
static inline size_t sepconv_packed_bytes(const sepconv_kernel* kernel) {
  return sepconv_kernel_status(kernel) == SEPCONV_OK ? kernel->packed_bytes : 0;
}

/* Writes the blob that sepconv_run takes: `bytes` of room at `packed`, aligned to
 * SEPCONV_ALIGNMENT. The blob depends on the layer alone: it may be stored and serves every CPU.
 * `weights` must hold exactly what the layer has (else SEPCONV_NULL_POINTER, SEPCONV_BAD_ARGUMENT),
 * apart from `packed`. */
static inline sepconv_status sepconv_pack(const sepconv_kernel* kernel, sepconv_order order,
                                          const sepconv_weights* weights, void* packed,
                                          size_t bytes) {
  const sepconv_status status = sepconv_kernel_status(kernel);
  return status == SEPCONV_OK ? kernel->pack(kernel, order, weights, packed, bytes) : status;
}

/* Bytes of workspace that sepconv_run needs for this call: its batch, parallel_for and threads
 * count; NULL means the tuned batch on one thread. For sepconv_run_tasks ask without parallel_for;
 * each concurrent caller needs a workspace of its own. 0 also where no variant runs on this CPU or
 * the batch is out of range, which sepconv_run then says. */
static inline size_t sepconv_workspace_bytes(const sepconv_kernel* kernel,
                                             const sepconv_call* call) {
  uint32_t tasks = 0;
  size_t bytes = 0;
  const char* target = NULL;
  if (sepconv_kernel_status(kernel) != SEPCONV_OK) return 0;
  return kernel->query(kernel, call, &tasks, &bytes, &target) == SEPCONV_OK ? bytes : 0;
}

/* Name of the target whose code runs on this CPU; NULL when there is none. The environment variable
 * SEPCONV_TARGET forces one; it is read once, at the library's first call. */
static inline const char* sepconv_target(const sepconv_kernel* kernel) {
  uint32_t tasks = 0;
  size_t bytes = 0;
  const char* target = NULL;
  if (sepconv_kernel_status(kernel) != SEPCONV_OK) return NULL;
  return kernel->query(kernel, NULL, &tasks, &bytes, &target) == SEPCONV_OK ? target : NULL;
}

/* Computes the whole output, on the caller's thread or through call->parallel_for. Wrong arguments
 * are a status and touch no buffer. The output may overlap nothing else. */
static inline sepconv_status sepconv_run(const sepconv_kernel* kernel, const sepconv_call* call) {
  const sepconv_status status = sepconv_kernel_status(kernel);
  return status == SEPCONV_OK ? kernel->run(kernel, call, 0, 0, 1) : status;
}

/* Number of independent tasks of the call's batch, for sepconv_run_tasks. 0 where no variant
 * runs on this CPU or the batch is empty or out of range; 1 for a kernel of several phases, and for
 * one that computes a tuned batch at once where the call's is no multiple of it: these sepconv_run
 * alone can run. */
static inline uint32_t sepconv_tasks(const sepconv_kernel* kernel, const sepconv_call* call) {
  uint32_t tasks = 0;
  size_t bytes = 0;
  const char* target = NULL;
  if (sepconv_kernel_status(kernel) != SEPCONV_OK) return 0;
  return kernel->query(kernel, call, &tasks, &bytes, &target) == SEPCONV_OK ? tasks : 0;
}

/* Computes tasks [first, last) on the caller's thread; parallel_for is not used. Disjoint ranges
 * may run at once on several threads, each with a workspace of its own. */
static inline sepconv_status sepconv_run_tasks(const sepconv_kernel* kernel,
                                               const sepconv_call* call, uint32_t first,
                                               uint32_t last) {
  const sepconv_status status = sepconv_kernel_status(kernel);
  return status == SEPCONV_OK ? kernel->run(kernel, call, first, last, 0) : status;
}

/* The bits of an IEEE half, for compilers without the type: rounds to nearest, ties to even;
 * infinite from 65520 on. */
static inline uint16_t sepconv_f32_to_f16(float value) {
  uint32_t bits = 0, kept, rest, half;
  const unsigned char* from = (const unsigned char*)&value;
  for (uint32_t i = 0; i < 4; ++i) bits |= (uint32_t)from[i] << (8 * i);
  const uint32_t sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return (uint16_t)(sign | 0x7e00u | (magnitude >> 13 & 0x1ffu));
  if (magnitude >= 0x477ff000u) return (uint16_t)(sign | 0x7c00u);
  if (magnitude >= 0x38800000u) { /* at least 2^-14: a normal half */
    kept = (magnitude - 0x38000000u) >> 13;
    rest = magnitude & 0x1fffu;
    half = 0x1000u;
  } else { /* in units of 2^-24 */
    const uint32_t exponent = magnitude >> 23;
    if (exponent < 102) return (uint16_t)sign;
    const uint32_t significand = (magnitude & 0x7fffffu) | 0x800000u, shift = 126 - exponent;
    kept = significand >> shift;
    rest = significand & ((1u << shift) - 1);
    half = 1u << (shift - 1);
  }
  if (rest > half || (rest == half && (kept & 1u) != 0)) ++kept;
  return (uint16_t)(sign | kept);
}

/* The value of a half's bits, exactly. */
static inline float sepconv_f16_to_f32(uint16_t half) {
  const uint32_t sign = (uint32_t)(half & 0x8000u) << 16, exponent = half >> 10 & 0x1fu;
  uint32_t fraction = half & 0x3ffu, bits = sign | exponent << 23 | fraction << 13;
  float value = 0;
  if (exponent == 0 && fraction != 0) {
    uint32_t shift = 0;
    for (; (fraction & 0x400u) == 0; ++shift) fraction <<= 1;
    bits = sign | (113 - shift) << 23 | (fraction & 0x3ffu) << 13;
  } else if (exponent == 31) {
    bits |= 0x7f800000u;
  } else if (exponent != 0) {
    bits += 112u << 23;
  }
  unsigned char* to = (unsigned char*)&value;
  for (uint32_t i = 0; i < 4; ++i) to[i] = (unsigned char)(bits >> (8 * i));
  return value;
}

/* Dense tensors of the two layouts; extents always in the order n, h, w, c. */
static inline sepconv_tensor sepconv_dense_nhwc(void* data, int64_t n, int64_t h, int64_t w,
                                                int64_t c) {
  sepconv_tensor tensor = {NULL, {0, 0, 0, 0}, {0, 0, 0, 1}};
  tensor.data = data;
  tensor.extent[0] = n, tensor.extent[1] = h, tensor.extent[2] = w, tensor.extent[3] = c;
  tensor.stride[0] = h * w * c, tensor.stride[1] = w * c, tensor.stride[2] = c;
  return tensor;
}
static inline sepconv_tensor sepconv_dense_nchw(void* data, int64_t n, int64_t h, int64_t w,
                                                int64_t c) {
  sepconv_tensor tensor = sepconv_dense_nhwc(data, n, h, w, c);
  tensor.stride[1] = w, tensor.stride[2] = 1, tensor.stride[3] = h * w;
  return tensor;
}

/* What a status means and what to do about it, in English, static lifetime, never NULL. */
static inline const char* sepconv_status_message(sepconv_status status) {
  switch (status) {
    case SEPCONV_OK:
      return "ok";
    case SEPCONV_NULL_POINTER:
      return "a required pointer is null; set the kernel, packed, every tensor's data and every "
             "array of weights that the layer has";
    case SEPCONV_BAD_EXTENT:
      return "a tensor's n, h, w or c is not the kernel's; start from kernel->input, "
             "kernel->residual and kernel->output and change data and n only";
    case SEPCONV_BAD_STRIDE:
      return "a tensor's strides are not the compiled ones; use the strides of kernel->input, "
             "kernel->residual and kernel->output";
    case SEPCONV_MISALIGNED:
      return "a pointer is misaligned; align packed and workspace to SEPCONV_ALIGNMENT bytes and "
             "tensors to their element, on a CUDA device to 16 bytes";
    case SEPCONV_OVERLAP:
      return "two buffers overlap that must not; give the output, the packed weights and the "
             "workspace memory of their own";
    case SEPCONV_SHORT_BUFFER:
      return "the room for packed weights is too small; it takes kernel->packed_bytes";
    case SEPCONV_SHORT_WORKSPACE:
      return "the workspace is too small; it takes sepconv_workspace_bytes of this very call";
    case SEPCONV_WRONG_BLOB:
      return "the packed weights are not this layer's; pack them with this kernel and this version "
             "of the library";
    case SEPCONV_UNSUPPORTED_CPU:
      return "no variant of the library runs on this CPU; generate the library for a weaker target "
             "too";
    case SEPCONV_UNKNOWN_TARGET:
      return "SEPCONV_TARGET names no variant of this library; unset it or name one that the "
             "library's header lists";
    case SEPCONV_BAD_ARGUMENT:
      return "an argument is outside its domain; check the order, the task range and that absent "
             "weights are null";
    case SEPCONV_NOT_SPLITTABLE:
      return "the kernel has several phases, or computes a tuned batch at once of which the call's "
             "is no multiple; use sepconv_run, with a parallel_for for several threads";
    case SEPCONV_ABI_MISMATCH:
      return "sepconv/sepconv.h and the library are of different versions; use the header that was "
             "generated beside the library";
    case SEPCONV_KERNEL_FAILED:
      return "the compiled code gave up; this is a bug of sepconv, please report it with the "
             "kernel's canonical name";
    case SEPCONV_NO_DEVICE:
      return "no GPU that the library has code for: no driver, no device, or one that is too old; "
             "add a CPU target to the library as a fallback, or install the driver";
    case SEPCONV_DEVICE_FAILED:
      return "the device's driver refused; look its code up (driver_error of sepconv_gpu), and "
             "check that context, stream and device pointers belong together";
    case SEPCONV_DEVICE_MEMORY:
      return "the device has too little memory left; free some and open the kernel again";
  }
  return "unknown status";
}

#ifdef __cplusplus
}
#endif
#endif /* SEPCONV_SEPCONV_H */
