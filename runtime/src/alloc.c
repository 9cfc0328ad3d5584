/* Runtime: the memory that emitted code asks for, out of the caller's workspace. Knows no kernel.
 */
#include "internal.h"

static size_t round_up(size_t bytes) {
  return (bytes + SEPCONV_ALIGNMENT - 1) / SEPCONV_ALIGNMENT * SEPCONV_ALIGNMENT;
}

/* The first gap that is large enough. Blocks nest as a rule, which makes it the end of the last. */
void* halide_malloc(void* user_context, size_t bytes) {
  sepconv_slot* slot = (sepconv_slot*)user_context;
  if (slot == NULL || slot->count == SEPCONV_SLOT_BLOCKS || bytes > slot->bytes) return NULL;
  const size_t size = round_up(bytes > 0 ? bytes : 1);
  size_t begin = 0;
  uint32_t place = 0;
  while (place < slot->count && slot->blocks[place].begin - begin < size) {
    begin = slot->blocks[place++].end;
  }
  if (slot->bytes - begin < size) return NULL;
  for (uint32_t i = slot->count; i > place; --i) slot->blocks[i] = slot->blocks[i - 1];
  slot->blocks[place].begin = begin;
  slot->blocks[place].end = begin + size;
  ++slot->count;
  return slot->memory + begin;
}

void halide_free(void* user_context, void* block) {
  sepconv_slot* slot = (sepconv_slot*)user_context;
  if (slot == NULL || block == NULL) return;
  const size_t begin = (size_t)((unsigned char*)block - slot->memory);
  uint32_t place = slot->count;
  while (place > 0 && slot->blocks[place - 1].begin != begin) --place;
  if (place == 0) return;
  for (uint32_t i = place; i < slot->count; ++i) slot->blocks[i - 1] = slot->blocks[i];
  --slot->count;
}
