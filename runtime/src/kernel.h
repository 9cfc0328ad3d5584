/* Runtime, private: the descriptors that emit/ writes as data and the library's code reads.
 * Every field has a fixed width and natural alignment (8), so that the emitter can lay it out for
 * any 64-bit architecture. Pointers are to static data of the same library. */
#ifndef SEPCONV_RUNTIME_KERNEL_H
#define SEPCONV_RUNTIME_KERNEL_H

#include "sepconv/sepconv.h"

/* The emitted Halide function, in its argv form. args: &user_context, input, packed parameters of
 * the phase, residual (if the phase has one), output; the buffers as struct halide_buffer_t *. */
typedef int (*sepconv_argv_function)(void** args);

enum {
  SEPCONV_PART_POINTWISE = 0,
  SEPCONV_PART_DEPTHWISE = 1,
  SEPCONV_PART_CONV2D = 2,
  SEPCONV_PART_BIAS = 3
};
enum {
  SEPCONV_ROLE_EXPAND = 0,
  SEPCONV_ROLE_EXPAND_BIAS,
  SEPCONV_ROLE_DEPTHWISE,
  SEPCONV_ROLE_DEPTHWISE_BIAS,
  SEPCONV_ROLE_WEIGHTS,
  SEPCONV_ROLE_BIAS
};
/* What packed elements are. */
enum { SEPCONV_DTYPE_F32 = 0, SEPCONV_DTYPE_F16 = 1 };
enum { SEPCONV_AXIS_ROWS = 0, SEPCONV_AXIS_CHANNELS = 1, SEPCONV_AXIS_PIXELS = 2 };
enum {
  SEPCONV_PHASE_RESIDUAL = 1, /* the phase takes a residual argument */
  SEPCONV_PHASE_FLAT = 2      /* it sees all pixels of an image as one row */
};

/* One packed parameter; layouts in spec/layer.h (Parameter). */
typedef struct sepconv_part {
  uint32_t kind, role;
  int64_t ci, co, kh, kw; /* as the user has them; depthwise: co = c*m, ci = 1 */
  int64_t offset, bytes;  /* in the payload, after the blob's header */
  int64_t extents[5];     /* packed, innermost first; 0 ends the list */
  uint32_t dtype, reserved;
} sepconv_part;

/* A phase on a device: one launch of one kernel, all of whose extents are constants. */
typedef struct sepconv_launch {
  const char* source; /* PTX or OpenCL C, ends with a zero */
  const char* kernel; /* its entry */
  uint64_t* state;    /* SEPCONV_SESSION_WORDS of the library's for sepconv_run, zero at first; of a
                         variant's first phase, else NULL */
  uint64_t source_bytes;      /* with the zero */
  uint32_t grid[3], block[3]; /* blocks, and threads of one */
  uint32_t shared_bytes;      /* dynamic, of a block */
  uint32_t max_registers;     /* of a thread, for CUDA's compiler */
  uint32_t argument_count;
  uint32_t arguments[9]; /* each a buffer: 0 the input, then parameters, residual, output */
} sepconv_launch;
enum { SEPCONV_SESSION_WORDS = 64 };

/* One Halide function: output rows, channels or pixels [min, min+extent) of one image. */
typedef struct sepconv_phase {
  union {
    sepconv_argv_function function;
    const sepconv_launch* launch; /* where the variant requires a device */
  };
  uint32_t axis, flags;
  int64_t grain; /* extent of a task along the axis; the last takes the rest too */
  int64_t tasks; /* max(1, extent of the axis / grain) */
  /* Tasks that are worth a thread of their own, and a range of their own: one call of the function.
   * Tiles may overlap within a range, so no call has fewer tasks of a phase that has as many. */
  int64_t least;
  int64_t range;
  int64_t images; /* that are rows of one image to the function, as in its extents; of a variant's
                     only phase, else 1 */
  int64_t input_hwc[3], output_hwc[3];
  int64_t input_offset, output_offset; /* bytes into the shared workspace; -1: the call's tensor */
  uint32_t first_part, part_count;     /* the phase's parameters in sepconv_kernel_impl::parts */
} sepconv_phase;

/* The kernel as compiled for one target. */
typedef struct sepconv_variant {
  const char* target;         /* canonical target name */
  uint64_t required_features; /* bits of cpu.h */
  int64_t scratch_bytes;      /* of halide_malloc per thread, multiple of 64 */
  int64_t shared_bytes;       /* of tensors between phases, multiple of 64 */
  const sepconv_phase* phases;
  uint64_t phase_count;
} sepconv_variant;

typedef struct sepconv_kernel_impl {
  uint64_t layer_hash; /* of the canonical name less batch, layout and pixel strides: what a blob
                          depends on */
  uint64_t packing_version; /* spec::kPackingVersion */
  const sepconv_part* parts;
  uint64_t part_count;
  const sepconv_variant* variants; /* best first */
  uint64_t variant_count;
  int64_t between_bytes; /* of an element of the tensors between phases */
  int64_t
      residual_is_input; /* inverted_residual with residual: the phase's residual is the input */
} sepconv_kernel_impl;

/* The library: emitted as the local symbol sepconv_library. */
typedef struct sepconv_library {
  const sepconv_kernel* kernels;
  uint64_t kernel_count;
} sepconv_library;

#endif
