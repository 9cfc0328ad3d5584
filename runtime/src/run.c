/* Runtime: a call as images, phases and pieces for threads. Knows no buffer layout. */
#include "internal.h"

/* One phase over consecutive images, a phase's `images` at a time, whose tasks pieces claim in
 * ranges. */
typedef struct work {
  const sepconv_kernel* kernel;
  const sepconv_call* call;
  const sepconv_variant* variant;
  const sepconv_phase* phase;
  int64_t image; /* of task 0 */
  uint64_t tasks;
  uint32_t pieces;
  sepconv_shares* shares; /* NULL: each piece has its share alone */
  int failed;
} work;

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* No more pieces than threads, and none with less work than a thread is worth. */
static uint32_t wanted_pieces(const sepconv_call* call, const sepconv_phase* phase,
                              uint64_t tasks) {
  const uint32_t threads =
      call != NULL && call->parallel_for != NULL && call->threads > 0 ? call->threads : 1;
  if (threads == 1) return (uint32_t)least(tasks, 1);
  const uint64_t worthwhile = tasks / (uint64_t)phase->least;
  return (uint32_t)least(threads, worthwhile > 0 ? worthwhile : least(tasks, 1));
}

/* How many times a phase's images are in n: mostly there is one, and a short call feels a division.
 */
static int64_t whole_batches(const sepconv_phase* phase, int64_t n) {
  return phase->images == 1 ? n : n / phase->images;
}

/* Whether a batch is no whole number of what the variant computes at a time. */
static int is_ragged(const sepconv_variant* variant, int64_t n) {
  const sepconv_phase* phase = &variant->phases[0];
  return whole_batches(phase, n) * phase->images != n;
}

/* Tasks of the phase that may run at once: images of a kernel of several phases follow each other,
 * because they share the tensors between the phases. */
static uint64_t tasks_at_once(const sepconv_variant* variant, const sepconv_phase* phase,
                              int64_t n) {
  const uint64_t at_once = (uint64_t)whole_batches(phase, n);
  return (uint64_t)phase->tasks * (variant->phase_count == 1 ? at_once : (uint64_t)(n > 0));
}

/* Tensors between phases first, then one scratch slot a piece, then what is left over of a
 * ragged batch is copied to. */
static size_t needed_workspace(const sepconv_kernel* kernel, const sepconv_variant* variant,
                               const sepconv_call* call, int64_t n) {
  const int64_t images = variant->phases[0].images;
  uint32_t slots = 0;
  size_t copies = 0;
  if (is_ragged(variant, n)) {
    copies = sepconv_copied_bytes(kernel, images);
    n += images;
  }
  for (uint64_t i = 0; i < variant->phase_count; ++i) {
    const sepconv_phase* phase = &variant->phases[i];
    const uint32_t pieces = wanted_pieces(call, phase, tasks_at_once(variant, phase, n));
    if (pieces > slots) slots = pieces;
  }
  if (slots == 0 || sepconv_on_device(variant)) return 0;
  return (size_t)variant->shared_bytes + (size_t)variant->scratch_bytes * slots + copies;
}

/* Tasks [first, last), as one call of the phase an image. */
static void run_range(work* all, uint32_t piece, uint64_t first, uint64_t last) {
  const uint64_t an_image = (uint64_t)all->phase->tasks;
  sepconv_slot slot;
  slot.bytes = (size_t)all->variant->scratch_bytes;
  slot.memory = slot.bytes == 0 ? NULL
                                : (unsigned char*)all->call->workspace +
                                      all->variant->shared_bytes + slot.bytes * piece;
  while (first < last) {
    /* Most calls are of one image, and some shorter than a division of them is worth. */
    const uint64_t image = first < an_image ? 0 : first / an_image;
    const uint64_t task = first - image * an_image;
    const uint64_t count = least(an_image - task, last - first);
    slot.count = 0;
    if (!sepconv_run_phase(all->kernel, all->call, all->phase,
                           all->image + (int64_t)image * all->phase->images, (int64_t)task,
                           (int64_t)count, &slot)) {
      __atomic_store_n(&all->failed, 1, __ATOMIC_RELAXED);
      return;
    }
    first += count;
  }
}

/* The task that begins nearest to where equal shares of all images' extents would. The last task
 * of an image may be longer than the others. */
static uint64_t first_task(const work* all, uint64_t piece) {
  const uint64_t an_image = (uint64_t)all->phase->tasks, grain = (uint64_t)all->phase->grain;
  const uint64_t extent = (uint64_t)sepconv_phase_extent(all->phase);
  const uint64_t total = all->tasks / an_image * extent;
  const uint64_t exact = total / all->pieces * piece + total % all->pieces * piece / all->pieces;
  const uint64_t within = exact % extent;
  const uint64_t task = least(within / grain, an_image - 1);
  const uint64_t next = task + 1 == an_image ? extent : (task + 1) * grain;
  return exact / extent * an_image + task + (within - task * grain >= next - within);
}

static void run_piece(void* context, uint32_t piece) {
  work* all = (work*)context;
  uint64_t first, last;
  if (all->shares == NULL) {
    run_range(all, piece, first_task(all, piece), first_task(all, piece + 1ull));
    return;
  }
  while (!__atomic_load_n(&all->failed, __ATOMIC_RELAXED) &&
         sepconv_claim(all->shares, piece, &first, &last)) {
    run_range(all, piece, first, last);
  }
}

static void run_pieces(work* all) {
  sepconv_shares shares;
  all->shares = all->pieces <= SEPCONV_MOST_SHARES ? &shares : NULL;
  if (all->shares != NULL) {
    shares.count = all->pieces;
    shares.range = (uint64_t)all->phase->range;
    uint64_t first = 0;
    for (uint32_t i = 0; i < all->pieces; ++i) {
      const uint64_t next = first_task(all, i + 1ull);
      sepconv_set_share(&shares, i, first, next);
      first = next;
    }
  }
  all->call->parallel_for(all->call->parallel_context, all->pieces, run_piece, all);
}

/* All tasks of a phase; returns when they are done, which is the barrier between phases. */
static void run_all(work* all) {
  all->pieces = wanted_pieces(all->call, all->phase, all->tasks);
  if (all->pieces > 1) {
    run_pieces(all);
  } else {
    run_range(all, 0, 0, all->tasks);
  }
}

static void run_phases(work* all, int64_t n) {
  const sepconv_variant* variant = all->variant;
  const int64_t rounds = variant->phase_count == 1 ? (n > 0) : n;
  for (all->image = 0; all->image < rounds && !all->failed; ++all->image) {
    for (uint64_t i = 0; i < variant->phase_count && !all->failed; ++i) {
      all->phase = &variant->phases[i];
      all->tasks = tasks_at_once(variant, all->phase, n);
      run_all(all);
    }
  }
}

/* What a ragged batch leaves over, in a copy that is large enough. So an image is at the same place
 * of what the function sees whatever the batch, and its bits are the same. */
static void run_rest(work* all, int64_t n, size_t workspace_bytes) {
  const int64_t images = all->phase->images;
  unsigned char* const end = (unsigned char*)all->call->workspace + workspace_bytes;
  sepconv_call rest = *all->call;
  const int64_t done = whole_batches(all->phase, n) * images;
  sepconv_take_images(all->kernel, &rest, done, n - done);
  sepconv_call copied = rest;
  sepconv_copy_in(all->kernel, &copied, images, end - sepconv_copied_bytes(all->kernel, images));
  all->call = &copied;
  all->image = 0;
  all->tasks = (uint64_t)all->phase->tasks;
  run_all(all);
  if (!all->failed) sepconv_copy_out(&copied.output, &rest.output, all->kernel->element_bytes);
}

sepconv_status sepconv_kernel_run(const sepconv_kernel* kernel, const sepconv_call* call,
                                  uint32_t first, uint32_t last, int whole) {
  const sepconv_variant* variant = NULL;
  if (call == NULL) return SEPCONV_NULL_POINTER;
  sepconv_status status = sepconv_dispatch(kernel->impl, 0, &variant);
  if (status != SEPCONV_OK) return status;
  const int64_t n = call->output.extent[0];
  status = sepconv_check_batch(kernel, variant, n);
  if (status != SEPCONV_OK) return status;
  const int device = sepconv_on_device(variant);
  const int ragged = is_ragged(variant, n);
  if (!whole && (device || ragged || variant->phase_count != 1)) return SEPCONV_NOT_SPLITTABLE;
  const size_t bytes = needed_workspace(kernel, variant, whole ? call : NULL, n);
  status = sepconv_check_call(kernel, call, bytes);
  if (status != SEPCONV_OK) return status;
  if (device) return n > 0 ? sepconv_device_run(kernel, variant, call) : SEPCONV_OK;
  work all = {kernel, call, variant, &variant->phases[0], 0, 0, 0, NULL, 0};
  if (whole) {
    run_phases(&all, n);
    if (ragged && !all.failed) run_rest(&all, n, bytes);
  } else {
    if (first > last || last > tasks_at_once(variant, all.phase, n)) return SEPCONV_BAD_ARGUMENT;
    run_range(&all, 0, first, last);
  }
  return all.failed ? SEPCONV_KERNEL_FAILED : SEPCONV_OK;
}

sepconv_status sepconv_kernel_query(const sepconv_kernel* kernel, const sepconv_call* call,
                                    uint32_t* tasks, size_t* workspace_bytes, const char** target) {
  const sepconv_variant* variant = NULL;
  sepconv_status status = sepconv_dispatch(kernel->impl, 0, &variant);
  if (status != SEPCONV_OK) return status;
  const int64_t n = call != NULL ? call->output.extent[0] : kernel->output.extent[0];
  status = sepconv_check_batch(kernel, variant, n);
  if (status != SEPCONV_OK) return status;
  const int splittable =
      variant->phase_count == 1 && !sepconv_on_device(variant) && !is_ragged(variant, n);
  *tasks = splittable ? (uint32_t)tasks_at_once(variant, &variant->phases[0], n) : 1;
  *workspace_bytes = needed_workspace(kernel, variant, call, n);
  *target = variant->target;
  return SEPCONV_OK;
}
