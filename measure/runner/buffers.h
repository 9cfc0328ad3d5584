/* Measure: buffers of the runner between inaccessible pages. Knows no kernel. */
#ifndef SEPCONV_RUNNER_BUFFERS_H
#define SEPCONV_RUNNER_BUFFERS_H

#include "protocol.h"
#include "system.h"

/* Buffers form a stack: each function works on those that lie above `kept`. */

/* A new buffer; NULL for one of no bytes. */
char* guarded_buffer(const char* name, sepconv_runner_buffer wanted);
/* The same with its content from the tool. NULL, and nothing read, for no bytes. */
char* received_buffer(const char* name, sepconv_runner_buffer wanted, int writable);
/* Nothing may write into the last one from now on. */
void protect_last_buffer(void);
/* Ends the process with FAULT where something wrote beside a buffer. */
void check_surroundings(void);
/* Keeps the buffers there are until release_all_buffers(). */
void keep_buffers(void);
void release_buffers(void); /* those that are not kept */
void release_all_buffers(void);
/* Says FAULT on what a kernel did; the handler for catch_faults(). */
void on_fault(int signal, uintptr_t address);

#endif
