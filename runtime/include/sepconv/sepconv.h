/* Runtime: the C ABI of generated libraries; all that an app includes. Knows no Halide, no libc beyond the standard headers.
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

#define SEPCONV_ABI_VERSION 1
#define SEPCONV_ALIGNMENT 64 /* bytes: of packed blobs and workspaces; tensors need their element's */

typedef enum sepconv_status {
  SEPCONV_OK = 0,
  SEPCONV_NULL_POINTER = 1,     /* a required pointer is null */
  SEPCONV_BAD_EXTENT = 2,       /* a tensor's n, h, w or c is not the kernel's (n: any >= 0) */
  SEPCONV_BAD_STRIDE = 3,       /* a tensor's strides are not the compiled ones */
  SEPCONV_MISALIGNED = 4,       /* a pointer is not aligned as the kernel needs */
  SEPCONV_OVERLAP = 5,          /* output overlaps another buffer */
  SEPCONV_SHORT_BUFFER = 6,     /* the packed blob or its room is too small */
  SEPCONV_SHORT_WORKSPACE = 7,  /* workspace_bytes is below sepconv_workspace_bytes */
  SEPCONV_WRONG_BLOB = 8,       /* packed for another layer, layout or ABI, or not packed at all */
  SEPCONV_UNSUPPORTED_CPU = 9,  /* no variant of the library runs on this CPU and OS */
  SEPCONV_UNKNOWN_TARGET = 10,  /* SEPCONV_TARGET names no variant of this library */
  SEPCONV_BAD_ARGUMENT = 11,    /* an order, range or count outside its domain */
  SEPCONV_NOT_SPLITTABLE = 12,  /* sepconv_run_tasks on a kernel of several phases */
  SEPCONV_ABI_MISMATCH = 13     /* header and library are of different ABI versions */
} sepconv_status;

/* A non-owning view. Index order n, h, w, c whatever the layout; strides in elements. */
typedef struct sepconv_tensor {
  void *data;
  int64_t extent[4];
  int64_t stride[4];
} sepconv_tensor;

/* A layer's weights as the user has them, f32, dense. Absent stages and biases are NULL. `weights` is
 * the only or last pointwise, or the conv2d; `bias` is the last stage's, op depthwise too, whose
 * weights and depthwise_bias stay NULL. */
typedef struct sepconv_weights {
  const float *expand, *expand_bias, *depthwise, *depthwise_bias, *weights, *bias;
} sepconv_weights;

/* SEPCONV_HWIO: expand [ci][hidden], depthwise [kh][kw][c*m], pointwise [ci][co], conv2d [kh][kw][ci][co].
 * SEPCONV_OIHW (PyTorch): [hidden][ci], [c*m][kh][kw], [co][ci], [co][ci][kh][kw]. */
typedef enum sepconv_order { SEPCONV_HWIO = 0, SEPCONV_OIHW = 1 } sepconv_order;

/* Runs body(body_context, i) for every i in [0, count), in any order, on any threads, and returns when
 * all are done. At most one thread runs a given i. */
typedef void (*sepconv_body)(void *body_context, uint32_t i);
typedef void (*sepconv_parallel_for)(void *context, uint32_t count, sepconv_body body,
                                     void *body_context);

typedef struct sepconv_kernel sepconv_kernel;

/* One run. Zero-initialise, then fill in. */
typedef struct sepconv_call {
  const void *packed;  /* from sepconv_pack, aligned to SEPCONV_ALIGNMENT */
  size_t packed_bytes;
  sepconv_tensor input;
  sepconv_tensor residual; /* pointwise layers with a residual only; else data NULL */
  sepconv_tensor output;
  void *workspace; /* aligned to SEPCONV_ALIGNMENT; may be NULL where sepconv_workspace_bytes is 0 */
  size_t workspace_bytes;
  sepconv_parallel_for parallel_for; /* NULL: all on the caller's thread */
  void *parallel_context;
  uint32_t threads; /* with parallel_for: into how many pieces to cut the work; 0 counts as 1 */
} sepconv_call;

/* What a library says of one of its kernels. Read-only, static lifetime. Fields may be added at the
 * end in a later ABI version only together with SEPCONV_ABI_VERSION. */
struct sepconv_kernel {
  uint32_t abi_version;
  const char *layer;          /* the layer's name in its file */
  const char *canonical_name; /* e.g. "dw_f32_n1h112w112c32_k3s1p1_relu6" */
  const char *layout;         /* "nhwc" or "nchw" */
  sepconv_tensor input;       /* data NULL; extents with the tuned batch, the compiled strides */
  sepconv_tensor residual;    /* extents 0 where the kernel takes none */
  sepconv_tensor output;
  size_t packed_bytes; /* room sepconv_pack needs */
  const struct sepconv_kernel_impl *impl; /* private: runtime/src/kernel.h */
  /* the library's own copies of the runtime; call the functions below instead */
  sepconv_status (*pack)(const sepconv_kernel *, sepconv_order, const sepconv_weights *, void *,
                         size_t);
  sepconv_status (*run)(const sepconv_kernel *, const sepconv_call *, uint32_t first,
                        uint32_t last, int whole);
  sepconv_status (*query)(const sepconv_kernel *, const sepconv_call *, uint32_t *tasks,
                          size_t *workspace_bytes, const char **target);
};

#ifdef __cplusplus
}
#endif
#endif /* SEPCONV_SEPCONV_H */
