/* Runtime: chooses the variant of a kernel for this CPU. Knows no instruction set by name. */
#include "cpu.h"
#include "internal.h"

enum { NAME_BYTES = 128 }; /* no target's name is longer; a cut one matches nothing */
enum { UNREAD = 0, COPYING = 1, READY = 2 };

/* Both are written once with the same value whoever comes first, so no thread ever waits. */
static uint64_t cached_features; /* of the CPU; 0: not asked yet */
static int forced_state;
static char forced_target[NAME_BYTES];

static const uint64_t kAsked = 1ull << 63;

static int is_named(const char* target, const char* name) {
  while (*name != 0 && *target == *name) ++target, ++name;
  return *name == 0 && (*target == 0 || *target == '@');
}

static int opencl_without_gpu(const sepconv_variant* variant, uint64_t features) {
  return (variant->required_features & SEPCONV_DEVICE_OPENCL) != 0 &&
         (features & SEPCONV_DEVICE_OPENCL_GPU) == 0;
}

sepconv_status sepconv_choose(const sepconv_kernel_impl* impl, uint64_t features,
                              const char* forced, const sepconv_variant** variant) {
  int known = *forced == 0;
  int device = 0; /* whether a variant lacked nothing but a device */
  const sepconv_variant* found = NULL;
  for (uint64_t i = 0; i < impl->variant_count; ++i) {
    const sepconv_variant* candidate = &impl->variants[i];
    if (*forced != 0 && !is_named(candidate->target, forced)) continue;
    known = 1;
    const uint64_t missing = candidate->required_features & ~features;
    if (missing != 0 && (missing & ~SEPCONV_DEVICE_BITS) == 0) device = 1;
    if (missing != 0) continue;
    const int late = opencl_without_gpu(candidate, features);
    if (found == NULL || !late) found = candidate;
    if (!late) break;
  }
  if (found != NULL) {
    *variant = found;
    return SEPCONV_OK;
  }
  if (!known) return SEPCONV_UNKNOWN_TARGET;
  return device ? SEPCONV_NO_DEVICE : SEPCONV_UNSUPPORTED_CPU;
}

static uint64_t cpu_features(void) {
  uint64_t value = __atomic_load_n(&cached_features, __ATOMIC_RELAXED);
  if (value == 0) {
    value = sepconv_cpu_features() | kAsked;
    __atomic_store_n(&cached_features, value, __ATOMIC_RELAXED);
  }
  return value & ~kAsked;
}

/* Only drivers that some variant needs are asked; such variants come first. */
static uint64_t device_features(const sepconv_kernel_impl* impl) {
  uint64_t wanted = 0;
  for (uint64_t i = 0; i < impl->variant_count && sepconv_on_device(&impl->variants[i]); ++i) {
    wanted |= impl->variants[i].required_features;
  }
  return wanted != 0 ? sepconv_device_features(wanted) : 0;
}

/* SEPCONV_TARGET as it was at the first call: a copy, because setenv may change the original. While
 * one thread makes it, others read the variable themselves into `mine`. */
static const char* forced(char mine[NAME_BYTES]) {
  if (__atomic_load_n(&forced_state, __ATOMIC_ACQUIRE) == READY) return forced_target;
  const char* value = getenv("SEPCONV_TARGET");
  size_t length = 0;
  while (value != NULL && value[length] != 0 && length + 1 < NAME_BYTES) {
    mine[length] = value[length];
    ++length;
  }
  mine[length] = 0;
  int expected = UNREAD;
  if (__atomic_compare_exchange_n(&forced_state, &expected, COPYING, 0, __ATOMIC_RELAXED,
                                  __ATOMIC_RELAXED)) {
    memcpy(forced_target, mine, length + 1);
    __atomic_store_n(&forced_state, READY, __ATOMIC_RELEASE);
  }
  return mine;
}

int sepconv_on_device(const sepconv_variant* variant) {
  return (variant->required_features & SEPCONV_DEVICE_BITS) != 0;
}

sepconv_status sepconv_dispatch(const sepconv_kernel_impl* impl, int any_device,
                                const sepconv_variant** variant) {
  char mine[NAME_BYTES];
  uint64_t features = cpu_features() | device_features(impl);
  if (any_device) features |= SEPCONV_DEVICE_OPENCL_GPU;
  return sepconv_choose(impl, features, forced(mine), variant);
}
