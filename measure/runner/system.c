/* Measure: what the runner needs of Linux, by system calls. Knows no kernel. */
#include "system.h"

#include "protocol.h"

#if defined(__aarch64__)
enum {
  READ = 63,
  WRITE = 64,
  EXIT = 94,
  MMAP = 222,
  MUNMAP = 215,
  MPROTECT = 226,
  SIGACTION = 134
};

static long call(long number, long a, long b, long c, long d, long e, long f) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc 0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                   : "memory");
  return x0;
}

__asm__(
    ".globl _start\n_start:\n\tmov x29, #0\n\tmov x30, #0\n\tmov x0, sp\n\tbl run_requests\n\tbrk "
    "#1\n");

void flush_code(void* code, size_t bytes) {
  const uintptr_t line = 16; /* no cache has shorter lines */
  const uintptr_t first = (uintptr_t)code & ~(line - 1), last = (uintptr_t)code + bytes;
  for (uintptr_t at = first; at < last; at += line) __asm__ volatile("dc cvau, %0" ::"r"(at));
  __asm__ volatile("dsb ish");
  for (uintptr_t at = first; at < last; at += line) __asm__ volatile("ic ivau, %0" ::"r"(at));
  __asm__ volatile("dsb ish\n\tisb");
}
#elif defined(__x86_64__)
enum { READ = 0, WRITE = 1, EXIT = 231, MMAP = 9, MUNMAP = 11, MPROTECT = 10, SIGACTION = 13 };

static long call(long number, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

__asm__(
    ".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall "
    "run_requests\n\tud2\n");

void flush_code(void* code, size_t bytes) { (void)code, (void)bytes; }
#endif

static char** variables;
static uintptr_t* auxiliaries;

void start_system(uintptr_t* stack) {
  variables = (char**)(stack + 1 + stack[0] + 1);
  char** end = variables;
  while (*end != NULL) ++end;
  auxiliaries = (uintptr_t*)(end + 1);
}

uint64_t auxiliary(unsigned long type) {
  for (const uintptr_t* pair = auxiliaries; pair[0] != 0; pair += 2) {
    if (pair[0] == type) return pair[1];
  }
  return 0;
}

char* environment(const char* name) {
  const size_t length = text_length(name);
  for (char** variable = variables; *variable != NULL; ++variable) {
    size_t same = 0;
    while (same < length && (*variable)[same] == name[same]) ++same;
    if (same == length && (*variable)[same] == '=') return *variable + length + 1;
  }
  return NULL;
}

void leave(int code) {
  call(EXIT, code, 0, 0, 0, 0, 0);
  __builtin_trap();
}

enum { INTERRUPTED = -4, AGAIN = -11 };

void read_all(void* data, size_t bytes) {
  char* to = data;
  while (bytes > 0) {
    const long got = call(READ, 0, (long)to, (long)bytes, 0, 0, 0);
    if (got == INTERRUPTED || got == AGAIN) continue;
    if (got <= 0) leave(0);
    to += got, bytes -= (size_t)got;
  }
}

void write_all(const void* data, size_t bytes) {
  const char* from = data;
  while (bytes > 0) {
    const long put = call(WRITE, 1, (long)from, (long)bytes, 0, 0, 0);
    if (put == INTERRUPTED || put == AGAIN) continue;
    if (put <= 0) leave(1);
    from += put, bytes -= (size_t)put;
  }
}

enum { PAGE_SIZE = 6 }; /* AT_PAGESZ */

size_t page_bytes(void) {
  const size_t bytes = auxiliary(PAGE_SIZE);
  return bytes == 0 ? 4096 : bytes;
}

void* map_pages(size_t bytes) {
  const long pages = call(MMAP, 0, (long)bytes, 3, 0x22, -1, 0); /* private, anonymous */
  if (pages < 0 && pages > -4096) fault("the runner's system has no memory left");
  return (void*)pages;
}

void unmap_pages(void* pages, size_t bytes) { call(MUNMAP, (long)pages, (long)bytes, 0, 0, 0, 0); }

void set_access(void* pages, size_t bytes, int access) {
  if (call(MPROTECT, (long)pages, (long)bytes, access, 0, 0, 0) != 0) {
    fault("the runner's system refuses to protect memory");
  }
}

struct action {
  void (*handler)(int, void*, void*);
  unsigned long flags;
  void (*restorer)(void);
  uint64_t mask;
};

static void (*fault_handler)(int, uintptr_t);

static void on_signal(int signal, void* information, void* context) {
  (void)context;
  fault_handler(signal, *(uintptr_t*)((char*)information + 16)); /* si_addr */
  leave(1);
}

static void never_returns(void) { leave(1); }

void catch_faults(void (*handler)(int, uintptr_t)) {
  static const int signals[] = {4, 7, 8, 11}; /* ILL, BUS, FPE, SEGV */
  const struct action action = {on_signal, 4 | 0x04000000, never_returns, 0}; /* SIGINFO */
  fault_handler = handler;
  for (size_t i = 0; i < sizeof signals / sizeof *signals; ++i) {
    call(SIGACTION, signals[i], (long)&action, 0, 8, 0, 0);
  }
}

void fault(const char* text) {
  const sepconv_runner_frame frame = {SEPCONV_RUNNER_MAGIC, SEPCONV_RUNNER_FAULT, 0,
                                      text_length(text)};
  write_all(&frame, sizeof frame);
  write_all(text, frame.bytes);
  leave(1);
}

void* memcpy(void* restrict to, const void* restrict from, size_t bytes) {
  return memmove(to, from, bytes);
}

typedef uint64_t __attribute__((may_alias, aligned(1))) word;

void* memmove(void* to, const void* from, size_t bytes) {
  char* t = to;
  const char* f = from;
  if (t <= f || t >= f + bytes) {
    for (; bytes >= sizeof(word); bytes -= sizeof(word), t += sizeof(word), f += sizeof(word)) {
      *(word*)t = *(const word*)f;
    }
    while (bytes-- > 0) *t++ = *f++;
  } else {
    while (bytes-- > 0) t[bytes] = f[bytes];
  }
  return to;
}

void* memset(void* to, int value, size_t bytes) {
  char* t = to;
  const uint64_t all = 0x0101010101010101ull * (unsigned char)value;
  for (; bytes >= sizeof(word); bytes -= sizeof(word), t += sizeof(word)) *(word*)t = all;
  while (bytes-- > 0) *t++ = (char)value;
  return to;
}

size_t text_length(const char* text) {
  size_t length = 0;
  while (text[length] != 0) ++length;
  return length;
}

int same_text(const char* a, const char* b) {
  while (*a != 0 && *a == *b) ++a, ++b;
  return *a == *b;
}
