/* Measure: buffers of the runner between inaccessible pages. Knows no kernel. */
#include "buffers.h"

enum { BUFFERS = 24, PATTERN = 0xa5 };

/* The rest of a buffer's own pages holds PATTERN. */
typedef struct guarded {
  const char* name;
  char *pages, *data;
  size_t mapped, bytes;
} guarded;

static guarded buffers[BUFFERS];
static int buffer_count, kept;

static size_t up(size_t bytes, size_t to) { return (bytes + to - 1) / to * to; }
static size_t guard_bytes(void) { return up(65536, page_bytes()); }

char* guarded_buffer(const char* name, sepconv_runner_buffer wanted) {
  if (buffer_count == BUFFERS) fault("the tool asks for too many buffers");
  guarded* buffer = &buffers[buffer_count++];
  const size_t room = up(wanted.bytes + wanted.slack, page_bytes());
  buffer->name = name;
  buffer->bytes = wanted.bytes;
  buffer->mapped = room + 2 * guard_bytes();
  buffer->pages = map_pages(buffer->mapped);
  char* first = buffer->pages + guard_bytes();
  buffer->data = wanted.at_start ? first : first + room - wanted.slack - wanted.bytes;
  set_access(buffer->pages, guard_bytes(), ACCESS_NONE);
  set_access(first + room, guard_bytes(), ACCESS_NONE);
  memset(first, PATTERN, (size_t)(buffer->data - first));
  memset(buffer->data + wanted.bytes, PATTERN,
         room - wanted.bytes - (size_t)(buffer->data - first));
  return wanted.bytes == 0 ? NULL : buffer->data;
}

char* received_buffer(const char* name, sepconv_runner_buffer wanted, int writable) {
  char* data = guarded_buffer(name, wanted);
  if (data == NULL) return NULL;
  read_all(data, wanted.bytes);
  if (!writable) protect_last_buffer();
  return data;
}

void protect_last_buffer(void) {
  const guarded* buffer = &buffers[buffer_count - 1];
  set_access(buffer->pages + guard_bytes(), buffer->mapped - 2 * guard_bytes(), ACCESS_READ);
}

static char* append_number(char* to, uint64_t number) {
  char digits[20];
  int count = 0;
  do digits[count++] = (char)('0' + number % 10);
  while ((number /= 10) > 0);
  while (count > 0) *to++ = digits[--count];
  return to;
}

static _Noreturn void fault_beside(const char* what, const guarded* buffer) {
  char text[200];
  *append(append(append(text, what), " "), buffer->name) = 0;
  fault(text);
}

void check_surroundings(void) {
  for (int i = 0; i < buffer_count; ++i) {
    const char* first = buffers[i].pages + guard_bytes();
    const char* last = buffers[i].pages + buffers[i].mapped - guard_bytes();
    for (const char* at = first; at < last; ++at) {
      if (at == buffers[i].data) at += buffers[i].bytes;
      if (at < last && (unsigned char)*at != PATTERN)
        fault_beside("wrote just beside", &buffers[i]);
    }
  }
}

void keep_buffers(void) { kept = buffer_count; }

void release_buffers(void) {
  while (buffer_count > kept) {
    --buffer_count;
    unmap_pages(buffers[buffer_count].pages, buffers[buffer_count].mapped);
  }
}

void release_all_buffers(void) {
  kept = 0;
  release_buffers();
}

void on_fault(int signal, uintptr_t address) {
  if (signal == 4) fault("executed an instruction that the runner's CPU does not have");
  for (int i = 0; i < buffer_count; ++i) {
    const uintptr_t first = (uintptr_t)buffers[i].pages, data = (uintptr_t)buffers[i].data;
    if (address < first || address >= first + buffers[i].mapped) continue;
    char text[200];
    char* end = append(text, "accessed ");
    if (address >= data && address < data + buffers[i].bytes) {
      fault_beside("wrote into the read-only", &buffers[i]);
    }
    const int before = address < data;
    end = append_number(end, before ? data - address : address - data - buffers[i].bytes);
    end = append(end, before ? " bytes before the start of " : " bytes after the end of ");
    *append(end, buffers[i].name) = 0;
    fault(text);
  }
  fault(signal == 8 ? "divided by zero" : "accessed memory that is no buffer of the call");
}
