/* Measure: what the runner's machine is and what it can do at best. Knows no kernel. */
#include "machine.h"

#include "loops.h"
#include "runtime/src/cpu.h"
#include "system.h"
#include "threads.h"

/* The rest of the line after `key` and its colon; 0 where there is none or no room. */
static int find_field(const char* text, const char* key, char* to, size_t bytes) {
  const size_t length = text_length(key);
  for (const char* line = text; *line != 0; ++line) {
    size_t same = 0;
    while (same < length && line[same] == key[same]) ++same;
    if (same == length) {
      const char* from = line + length;
      while (*from == ' ' || *from == '\t' || *from == ':') ++from;
      size_t i = 0;
      while (i + 1 < bytes && from[i] != '\n' && from[i] != 0) to[i] = from[i], ++i;
      to[i] = 0;
      return i > 0;
    }
    while (*line != '\n' && *line != 0) ++line;
    if (*line == 0) break;
  }
  return 0;
}

static void name_cpu(const char* information, char* to, size_t bytes) {
  if (find_field(information, "model name", to, bytes)) return;
  if (read_file("/sys/firmware/devicetree/base/model", to, bytes) > 0) return;
  char part[32];
  if (find_field(information, "CPU part", part, sizeof part)) {
    *append(append(to, "ARM part "), part) = 0;
  }
}

/* User-mode emulators show the host's processes and, but for some, its CPU. */
static void name_emulator(const char* information, char* to, size_t bytes) {
  static char status[512];
  char name[64];
  read_file("/proc/self/status", status, sizeof status);
  if (find_field(status, "Name", name, sizeof name) && name[0] == 'q' && name[1] == 'e' &&
      name[2] == 'm' && name[3] == 'u') {
    append(to, name);
    return;
  }
#if defined(__aarch64__)
  const char* own = "CPU implementer";
#else
  const char* own = "vendor_id";
#endif
  if (information[0] != 0 && !find_field(information, own, to, bytes)) {
    append(to, "an emulator");
  } else {
    memset(to, 0, bytes);
  }
}

static int64_t number(const char* text) {
  int64_t value = 0;
  while (*text >= '0' && *text <= '9') value = 10 * value + (*text++ - '0');
  return *text == 'K' ? value << 10 : *text == 'M' ? value << 20 : value;
}

/* A file of the first CPU's index-th cache. */
static const char* cache_file(int index, const char* name, char* text, size_t bytes) {
  char path[96], digit[2] = {(char)('0' + index), 0};
  char* end = append(path, "/sys/devices/system/cpu/cpu0/cache/index");
  *append(append(append(end, digit), "/"), name) = 0;
  read_file(path, text, bytes);
  return text;
}

static void find_caches(int64_t bytes[3]) {
  char text[32];
  for (int index = 0; index < 8; ++index) {
    const int64_t level = number(cache_file(index, "level", text, sizeof text));
    if (level < 1 || level > 3 || cache_file(index, "type", text, sizeof text)[0] == 'I') continue;
    bytes[level - 1] = number(cache_file(index, "size", text, sizeof text));
  }
}

void describe_machine(sepconv_runner_machine* machine) {
  static char information[16384];
  memset(machine, 0, sizeof *machine);
  read_file("/proc/cpuinfo", information, sizeof information);
  name_cpu(information, machine->cpu, sizeof machine->cpu);
  name_emulator(information, machine->emulator, sizeof machine->emulator);
  machine->features = sepconv_cpu_features();
  machine->cores = usable_cores();
  find_caches(machine->cache_bytes);
}

typedef struct rate_work {
  const sepconv_loops* loops;
  const sepconv_runner_rate* wanted;
  float* memory;
  size_t stride; /* floats from one thread's memory to the next one's */
  double rates[MOST_THREADS];
} rate_work;

static void measure_thread(void* context, uint32_t thread) {
  rate_work* work = context;
  const sepconv_runner_rate* wanted = work->wanted;
  float* memory = work->memory + thread * work->stride;
  if (wanted->floats > 0) {
    for (size_t i = 0; i < wanted->floats; i += 1024) memory[i] = 1.0f; /* its pages, its values */
  }
  work->rates[thread] = sepconv_best_rate(work->loops, (int)wanted->mix, memory, wanted->floats,
                                          wanted->nanoseconds, nanoseconds);
}

/* Bytes. AMD's L1d predicts ways from a hash of linear address bits; pages on either side of a
 * round address may collide in it and evict each other, those of one such stretch do not. */
enum { STRETCH = 2 << 20 };

int measure_rate(const sepconv_runner_rate* wanted, double* rate) {
  static rate_work work;
  work.loops = sepconv_loops_of(wanted->instruction_set);
  work.wanted = wanted;
  if (work.loops == NULL || wanted->mix > SEPCONV_MIXES || wanted->threads == 0) return 0;
  need_threads(wanted->threads);
  const size_t each = (wanted->floats * sizeof(float) + STRETCH - 1) / STRETCH * STRETCH;
  const size_t bytes = each * wanted->threads + STRETCH;
  static char* pages; /* kept, since the largest working set is asked for first */
  static size_t have;
  if (bytes > have) {
    if (have > 0) unmap_pages(pages, have);
    pages = map_pages(bytes);
    have = bytes;
  }
  work.memory = (float*)(((uintptr_t)pages + STRETCH - 1) / STRETCH * STRETCH);
  work.stride = each / sizeof(float);
  run_threads(NULL, wanted->threads, measure_thread, &work);
  *rate = 0;
  for (uint32_t i = 0; i < wanted->threads; ++i) *rate += work.rates[i];
  return 1;
}

void evict_caches(uint64_t bytes) {
  static float* memory;
  static uint64_t have;
  if (bytes > have) {
    if (memory != NULL) unmap_pages(memory, have);
    memory = map_pages(bytes);
    have = bytes;
  }
  for (uint64_t i = 0; i < bytes / sizeof(float); i += 16) memory[i] += 1.0f;
}
