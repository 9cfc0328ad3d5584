/* Runtime, private: what the files of the runtime share. Knows no libc but what is declared here.
 * All of it becomes local to a library when emit/ links it, so that two libraries share nothing. */
#ifndef SEPCONV_RUNTIME_INTERNAL_H
#define SEPCONV_RUNTIME_INTERNAL_H

#include "kernel.h"

/* Of functions that users call: a library linked into an app's shared object is part of what that
 * exports, like the kernels. */
#define SEPCONV_EXPORTED __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif
#ifndef __cplusplus
#pragma GCC visibility push(hidden)
#endif

/* The start of a packed blob; the payload follows. Little-endian like every supported machine. */
typedef struct sepconv_blob_header {
  uint64_t magic, packing_version, layer_hash;
  uint64_t bytes; /* of header and payload */
  uint64_t reserved[4];
} sepconv_blob_header;
#define SEPCONV_BLOB_MAGIC 0x31766e6f63706573ull /* "sepconv1" */
enum { SEPCONV_BLOB_HEADER_BYTES = 64 };

/* Scratch memory of one thread for one phase: a stack of blocks, with holes where one is freed out
 * of order. Sixteen blocks are more than stages can have alive at once. */
enum { SEPCONV_SLOT_BLOCKS = 16 };
typedef struct sepconv_slot {
  unsigned char* memory; /* aligned to SEPCONV_ALIGNMENT */
  size_t bytes;
  uint32_t count;
  struct {
    size_t begin, end;
  } blocks[SEPCONV_SLOT_BLOCKS]; /* live, by address */
} sepconv_slot;

/* What emitted code calls; user_context is a sepconv_slot. NULL when the slot is exhausted. */
void* halide_malloc(void* user_context, size_t bytes);
void halide_free(void* user_context, void* block);

/* Bytes from the first to the last element; 0 when empty. */
int64_t sepconv_tensor_bytes(const sepconv_tensor* tensor, int64_t element_bytes);

/* Whether the kernel takes a residual tensor of its own. */
static inline int sepconv_has_residual(const sepconv_kernel* kernel) {
  return kernel->residual.extent[0] > 0;
}

/* Everything that can be wrong with a call; `workspace_bytes` is what it needs. */
sepconv_status sepconv_check_call(const sepconv_kernel* kernel, const sepconv_call* call,
                                  size_t workspace_bytes);
/* Its parts that concern devices too: tensors one by one, and a packed blob. */
sepconv_status sepconv_check_tensors(const sepconv_kernel* kernel, const sepconv_tensor* input,
                                     const sepconv_tensor* residual, const sepconv_tensor* output);
sepconv_status sepconv_check_blob(const sepconv_kernel* kernel, const void* packed,
                                  size_t packed_bytes);
/* A batch that kernels can count: 0 <= n, and all tasks and bytes fit their types. */
sepconv_status sepconv_check_batch(const sepconv_kernel* kernel, const sepconv_variant* variant,
                                   int64_t n);

/* The first variant that `features` of cpu.h allow, or the one named `forced` if that is not empty.
 * A variant is also found by its name without '@' and the core. OpenCL on a device that is no GPU
 * comes after the variants of the CPU itself. */
sepconv_status sepconv_choose(const sepconv_kernel_impl* impl, uint64_t features,
                              const char* forced, const sepconv_variant** variant);
/* The same for this process: its CPU, its devices and its SEPCONV_TARGET. With `any_device` all
 * devices come before the CPU. */
sepconv_status sepconv_dispatch(const sepconv_kernel_impl* impl, int any_device,
                                const sepconv_variant** variant);

/* Fills a kernel's function pointers: sepconv_kernel's pack, run and query. */
sepconv_status sepconv_kernel_pack(const sepconv_kernel* kernel, sepconv_order order,
                                   const sepconv_weights* weights, void* packed, size_t bytes);
sepconv_status sepconv_kernel_run(const sepconv_kernel* kernel, const sepconv_call* call,
                                  uint32_t first, uint32_t last, int whole);
sepconv_status sepconv_kernel_query(const sepconv_kernel* kernel, const sepconv_call* call,
                                    uint32_t* tasks, size_t* workspace_bytes, const char** target);

/* Of a phase's output along its axis. */
int64_t sepconv_phase_extent(const sepconv_phase* phase);

/* Computes tasks [first, first + count) of one image, on the caller's thread in one call of the
 * phase's function. False when that gave up. */
int sepconv_run_phase(const sepconv_kernel* kernel, const sepconv_call* call,
                      const sepconv_phase* phase, int64_t image, int64_t first, int64_t count,
                      sepconv_slot* slot);

/* Tasks that pieces have not claimed yet, by piece; each share as its first task and the one after
 * its last, in the halves of a word. Set up by one thread, claimed by any number at once. */
enum { SEPCONV_MOST_SHARES = 256 };
typedef struct sepconv_shares {
  uint32_t count; /* of pieces */
  uint64_t range; /* tasks that are worth a range of their own */
  uint64_t left[SEPCONV_MOST_SHARES];
} sepconv_shares;
void sepconv_set_share(sepconv_shares* shares, uint32_t piece, uint64_t first, uint64_t last);
/* The next tasks [*first, *last) for a piece: of its own share, then of others. False when no share
 * has any left. */
int sepconv_claim(sepconv_shares* shares, uint32_t piece, uint64_t* first, uint64_t* last);

/* Makes a call one of `count` of its images from `first` on. */
void sepconv_take_images(const sepconv_kernel* kernel, sepconv_call* call, int64_t first,
                         int64_t count);
/* A call of too few images as one of `images`, in memory of sepconv_copied_bytes: copies what the
 * call reads, with zeros for the images that are missing, and has the copy's tensors there. Then
 * the output's images back, element by element. */
size_t sepconv_copied_bytes(const sepconv_kernel* kernel, int64_t images);
void sepconv_copy_in(const sepconv_kernel* kernel, sepconv_call* call, int64_t images,
                     unsigned char* memory);
void sepconv_copy_out(const sepconv_tensor* from, const sepconv_tensor* to, size_t element_bytes);

/* Whether a variant's phases are launches. */
int sepconv_on_device(const sepconv_variant* variant);
/* The whole call on the first device, with host pointers; waits for the output. One call at a time
 * runs, others wait. Precondition: the call is checked. */
sepconv_status sepconv_device_run(const sepconv_kernel* kernel, const sepconv_variant* variant,
                                  const sepconv_call* call);
#ifndef __cplusplus
#pragma GCC visibility pop
#endif

/* The three exported functions; emit/ renames them to <library>_count, _at and _find. Visible, so
 * that a shared object may export them. */
size_t sepconv_library_count(void);
const sepconv_kernel* sepconv_library_at(size_t index);
const sepconv_kernel* sepconv_library_find(const char* layer_or_canonical_name);

#ifdef __cplusplus
}
#else
/* libc, declared by hand: freestanding compilers bring no headers for it. */
void* memcpy(void* to, const void* from, size_t bytes);
void* memset(void* to, int value, size_t bytes);
char* getenv(const char* name);
#endif
#endif
