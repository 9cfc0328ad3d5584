/* Measure: what the runner needs of Linux, by system calls. Knows no kernel. One file, because the
 * numbers and the calling convention of each architecture belong to every call in it. */
#include "system.h"

#include "protocol.h"

#if defined(__aarch64__)
enum {
  READ = 63,
  WRITE = 64,
  OPENAT = 56,
  CLOSE = 57,
  EXIT = 94,
  FUTEX = 98,
  CLOCK_GETTIME = 113,
  GETAFFINITY = 123,
  YIELD = 124,
  SIGACTION = 134,
  GETRUSAGE = 165,
  MUNMAP = 215,
  MMAP = 222,
  MPROTECT = 226
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

/* clone(); the new thread takes function and argument from its stack. */
__asm__(
    "start_on_stack:\n\tstp x0, x1, [x2, #-16]!\n\tmov x1, x2\n\tmov x0, x3\n\tmov x2, #0\n\tmov "
    "x3, "
    "#0\n\tmov x4, #0\n\tmov x8, #220\n\tsvc #0\n\tcbz x0, 1f\n\tret\n1:\tldp x1, x0, [sp], "
    "#16\n\tmov "
    "x29, #0\n\tmov x30, #0\n\tblr x1\n\tbrk #1\n");

void flush_code(void* code, size_t bytes) {
  const uintptr_t line = 16; /* no cache has shorter lines */
  const uintptr_t first = (uintptr_t)code & ~(line - 1), last = (uintptr_t)code + bytes;
  for (uintptr_t at = first; at < last; at += line) __asm__ volatile("dc cvau, %0" ::"r"(at));
  __asm__ volatile("dsb ish");
  for (uintptr_t at = first; at < last; at += line) __asm__ volatile("ic ivau, %0" ::"r"(at));
  __asm__ volatile("dsb ish\n\tisb");
}
#elif defined(__x86_64__)
enum {
  READ = 0,
  WRITE = 1,
  CLOSE = 3,
  MMAP = 9,
  MPROTECT = 10,
  MUNMAP = 11,
  SIGACTION = 13,
  YIELD = 24,
  GETRUSAGE = 98,
  FUTEX = 202,
  GETAFFINITY = 204,
  CLOCK_GETTIME = 228,
  EXIT = 231,
  OPENAT = 257
};

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

/* clone(); the new thread takes function and argument from its stack. */
__asm__(
    "start_on_stack:\n\tsub $16, %rdx\n\tmov %rdi, (%rdx)\n\tmov %rsi, 8(%rdx)\n\tmov %rdx, "
    "%rsi\n\tmov "
    "%rcx, %rdi\n\txor %edx, %edx\n\txor %r10d, %r10d\n\txor %r8d, %r8d\n\tmov $56, "
    "%eax\n\tsyscall\n\ttest %rax, %rax\n\tjz 1f\n\tret\n1:\txor %ebp, %ebp\n\tpop %rax\n\tpop "
    "%rdi\n\tcall *%rax\n\tud2\n");

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

size_t read_file(const char* path, char* to, size_t bytes) {
  const long file = call(OPENAT, -100, (long)path, 0, 0, 0, 0); /* AT_FDCWD, O_RDONLY */
  size_t have = 0;
  while (file >= 0 && have + 1 < bytes) {
    const long got = call(READ, file, (long)(to + have), (long)(bytes - 1 - have), 0, 0, 0);
    if (got <= 0) break;
    have += (size_t)got;
  }
  if (file >= 0) call(CLOSE, file, 0, 0, 0, 0, 0);
  to[have] = 0;
  return have;
}

uint64_t nanoseconds(void) {
  struct {
    int64_t seconds, nanoseconds;
  } now;
  call(CLOCK_GETTIME, 1, (long)&now, 0, 0, 0, 0); /* CLOCK_MONOTONIC */
  return (uint64_t)now.seconds * 1000000000u + (uint64_t)now.nanoseconds;
}

uint64_t preemptions(void) {
  int64_t usage[18] = {0};
  call(GETRUSAGE, 0, (long)usage, 0, 0, 0, 0); /* RUSAGE_SELF */
  return (uint64_t)usage[17];                  /* ru_nivcsw, the last */
}

uint64_t usable_cores(void) {
  static uint64_t mask[128];
  const long bytes = call(GETAFFINITY, 0, sizeof mask, (long)mask, 0, 0, 0);
  uint64_t cores = 0;
  for (long i = 0; i < bytes / (long)sizeof *mask; ++i) {
    for (uint64_t word = mask[i]; word != 0; word &= word - 1) ++cores;
  }
  return cores;
}

enum { STACK_BYTES = 1 << 20 };
/* What a thread shares: memory, files, signals, the process; emulators take nothing else. */
enum { THREAD = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000 | 0x40000 };

long start_on_stack(void (*function)(void*), void* argument, void* top, long flags);

void start_thread(void (*function)(void*), void* argument) {
  char* stack = map_pages(STACK_BYTES);
  if (start_on_stack(function, argument, stack + STACK_BYTES, THREAD) < 0) {
    fault("the runner's system refuses a thread");
  }
}

void wait_while(const uint32_t* word, uint32_t value) {
  call(FUTEX, (long)word, 128, value, 0, 0, 0); /* FUTEX_WAIT_PRIVATE */
}
void wake_all(const uint32_t* word) { call(FUTEX, (long)word, 129, 1 << 30, 0, 0, 0); }
void yield(void) { call(YIELD, 0, 0, 0, 0, 0, 0); }

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

char* append(char* to, const char* text) {
  while (*text != 0) *to++ = *text++;
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
