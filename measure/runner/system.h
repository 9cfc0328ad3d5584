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

/* At most bytes - 1 of a file, and a zero; how many, 0 where there is no such file. */
size_t read_file(const char* path, char* to, size_t bytes);

uint64_t nanoseconds(void); /* of a clock that only goes forward */
uint64_t preemptions(void); /* how often the system took a CPU away from this process */

uint64_t usable_cores(void);
/* Threads live until the process ends; their functions never return. */
void start_thread(void (*function)(void*), void* argument);
void wait_while(const uint32_t* word, uint32_t value); /* may return early */
void wake_all(const uint32_t* word);
void yield(void);

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
/* Copies without the zero; returns the end. */
char* append(char* to, const char* text);
int same_text(const char* a, const char* b);

#endif
