/* Runtime: looks kernels up in the library's list. Knows no layer. */
#include "internal.h"

/* Emitted as `sepconv_library`; C has one name space for types and objects, so it has another name
 * here. */
extern const sepconv_library sepconv_library_data __asm__("sepconv_library")
    __attribute__((visibility("hidden")));

static int same(const char* a, const char* b) {
  while (*a != 0 && *a == *b) ++a, ++b;
  return *a == *b;
}

SEPCONV_EXPORTED size_t sepconv_library_count(void) {
  return (size_t)sepconv_library_data.kernel_count;
}

SEPCONV_EXPORTED const sepconv_kernel* sepconv_library_at(size_t index) {
  return index < sepconv_library_data.kernel_count ? &sepconv_library_data.kernels[index] : NULL;
}

SEPCONV_EXPORTED const sepconv_kernel* sepconv_library_find(const char* layer_or_canonical_name) {
  if (layer_or_canonical_name == NULL) return NULL;
  /* Layers' own names win: one of them may be another layer's canonical name. */
  for (size_t i = 0; i < sepconv_library_data.kernel_count; ++i) {
    const sepconv_kernel* kernel = &sepconv_library_data.kernels[i];
    if (same(kernel->layer, layer_or_canonical_name)) return kernel;
  }
  for (size_t i = 0; i < sepconv_library_data.kernel_count; ++i) {
    const sepconv_kernel* kernel = &sepconv_library_data.kernels[i];
    if (same(kernel->canonical_name, layer_or_canonical_name)) return kernel;
  }
  return NULL;
}
