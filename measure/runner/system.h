/* Measure: what the runner needs of Linux, without a libc. Knows no kernel. */
#ifndef SEPCONV_RUNNER_SYSTEM_H
#define SEPCONV_RUNNER_SYSTEM_H

#include <stddef.h>
#include <stdint.h>

/* From the process's initial stack. Call first. */
void start_system(uintptr_t* stack);
uint64_t auxiliary(unsigned long type);
char* environment(const char* name);

/* Transfer everything or end the process: quietly at the end of stdin. */
void read_all(void* data, size_t bytes);
void write_all(const void* data, size_t bytes);
_Noreturn void leave(int code);

size_t page_bytes(void);
/* Zeroed, readable and writable; ends the process with FAULT when there is none. */
void* map_pages(size_t bytes);
void unmap_pages(void* pages, size_t bytes);
enum { ACCESS_NONE = 0, ACCESS_READ = 1, ACCESS_WRITE = 2, ACCESS_EXECUTE = 4 };
void set_access(void* pages, size_t bytes, int access);
/* Makes written code visible to the instruction fetch. */
void flush_code(void* code, size_t bytes);
/* Calls handler(signal, address) on invalid accesses and instructions; it must not return. */
void catch_faults(void (*handler)(int signal, uintptr_t address));

/* Sends FAULT with the text and ends the process. */
_Noreturn void fault(const char* text);

void* memcpy(void* restrict to, const void* restrict from, size_t bytes);
void* memmove(void* to, const void* from, size_t bytes);
void* memset(void* to, int value, size_t bytes);
size_t text_length(const char* text);
int same_text(const char* a, const char* b);

#endif
