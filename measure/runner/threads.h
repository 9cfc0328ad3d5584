/* Measure: threads for parallel_for in the runner. Knows no kernel. */
#ifndef SEPCONV_RUNNER_THREADS_H
#define SEPCONV_RUNNER_THREADS_H

#include <stdint.h>

enum { MOST_THREADS = 256 };

/* Starts threads until there are so many, the caller's among them. */
void need_threads(uint32_t threads);

/* A sepconv_parallel_for on all of them; takes no context. Waiting threads spin shortly before they
 * sleep, as the tool's own do. */
void run_threads(void* unused, uint32_t count, void (*body)(void* context, uint32_t index),
                 void* context);

#endif
