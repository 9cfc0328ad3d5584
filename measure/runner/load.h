/* Measure: a shared object from memory into the runner. Knows no kernel. */
#ifndef SEPCONV_RUNNER_LOAD_H
#define SEPCONV_RUNNER_LOAD_H

#include <stddef.h>

typedef struct image {
  char* base;
  const void *symbols, *strings;
  size_t symbol_count;
} image;

/* Maps the segments, resolves memcpy, memmove, memset, getenv and getauxval to the runner's own and
 * protects code and constants. NULL, or what is wrong with the object. */
const char* load_image(const char* file, size_t bytes, image* loaded);
/* The address of a symbol; NULL when there is none. */
void* find_symbol(const image* loaded, const char* name);

#endif
