/* Measure: what the runner's machine is and what it can do at best. Knows no kernel. */
#ifndef SEPCONV_RUNNER_MACHINE_H
#define SEPCONV_RUNNER_MACHINE_H

#include "protocol.h"

void describe_machine(sepconv_runner_machine* machine);

/* 0 where the runner has no loops of that instruction set. */
int measure_rate(const sepconv_runner_rate* wanted, double* rate);

/* Walks through other memory, so that no cache holds anything of a kernel. */
void evict_caches(uint64_t bytes);

#endif
