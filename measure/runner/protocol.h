/* Measure: the messages between the tool and the runner, which executes a library's kernels where
 * the tool cannot. Knows no layer.
 *
 * Both sides are 64-bit and little-endian. Every message is a frame and its payload. The runner
 * begins with HELLO; then it answers each request with a frame of the same kind, or with FAULT and
 * its end. It ends when its stdin does. */
#ifndef SEPCONV_RUNNER_PROTOCOL_H
#define SEPCONV_RUNNER_PROTOCOL_H

#include <stdint.h>

#define SEPCONV_RUNNER_VERSION 2
#define SEPCONV_RUNNER_MAGIC 0x766e6f6370657372ull

enum {
  SEPCONV_RUNNER_HELLO = 1, /* code: the version */
  SEPCONV_RUNNER_LOAD = 2,  /* sepconv_runner_name (the library's) and a shared object; answer: code
                               0 and a sepconv_runner_entry a kernel, or code 1 and a text */
  SEPCONV_RUNNER_PACK = 3,  /* sepconv_runner_pack and the arrays; answer: code is the status, and
                               the blob */
  SEPCONV_RUNNER_QUERY = 4, /* sepconv_runner_call; answer: code is the status, and a uint64_t with
                               the bytes of workspace */
  SEPCONV_RUNNER_RUN = 5,   /* sepconv_runner_call and the bytes of packed, input, residual and
                               output; answer: code is the status, and the output */
  SEPCONV_RUNNER_FAULT = 6, /* only from the runner: a text */
  SEPCONV_RUNNER_MACHINE = 7, /* answer: sepconv_runner_machine */
  SEPCONV_RUNNER_HOLD = 8, /* as RUN, on as many threads as the call says; the operands stay until
                              the next HOLD */
  SEPCONV_RUNNER_TIME = 9, /* sepconv_runner_time, of the call held; answer: code is the status,
                              and a sepconv_runner_sample */
  SEPCONV_RUNNER_RATE = 10 /* sepconv_runner_rate; answer: code 0 and a double, or code 1: the
                              runner has no such loops */
};

typedef struct sepconv_runner_frame {
  uint64_t magic;
  uint32_t kind, code;
  uint64_t bytes; /* of the payload */
} sepconv_runner_frame;

typedef struct sepconv_runner_name {
  char text[128]; /* ends with a zero */
} sepconv_runner_name;

typedef struct sepconv_runner_entry {
  sepconv_runner_name layer, canonical_name;
  sepconv_runner_name target; /* whose code the runner's CPU runs; empty: none does */
  uint64_t packed_bytes;
} sepconv_runner_entry;

/* A buffer of the runner's own between inaccessible pages. `at_start`: its first byte is the first
 * of a page; else its last byte is the last but for `slack`. Nothing may write beside it. */
typedef struct sepconv_runner_buffer {
  uint64_t bytes, at_start, slack;
} sepconv_runner_buffer;

typedef struct sepconv_runner_tensor {
  sepconv_runner_buffer buffer;
  int64_t extent[4], stride[4];
} sepconv_runner_tensor;

/* counts: floats of expand, expand_bias, depthwise, depthwise_bias, weights, bias; 0: absent */
typedef struct sepconv_runner_pack {
  uint64_t kernel, order;
  sepconv_runner_buffer packed;
  uint64_t counts[6];
} sepconv_runner_pack;

/* threads: 0 without parallel_for; else into how many pieces, which run one after the other, last
 * piece first. */
typedef struct sepconv_runner_call {
  uint64_t kernel, threads;
  sepconv_runner_buffer packed, workspace;
  sepconv_runner_tensor input, residual, output;
} sepconv_runner_call;

/* What the runner's system says of itself; texts are empty and numbers 0 where it says nothing. */
typedef struct sepconv_runner_machine {
  char cpu[128];            /* the CPU's name or the board's */
  char emulator[64];        /* not empty: what emulates the CPU, so that times mean nothing */
  uint64_t features, cores; /* features: bits of runtime/src/cpu.h */
  int64_t cache_bytes[3];   /* L1d, L2, L3 */
} sepconv_runner_machine;

/* One call untimed, which brings code and data into the caches, or a walk through `evict_bytes` of
 * other memory; then `calls` calls. */
typedef struct sepconv_runner_time {
  uint64_t calls, evict_bytes;
} sepconv_runner_time;

typedef struct sepconv_runner_sample {
  uint64_t nanoseconds; /* of all calls */
  uint64_t preemptions; /* how often the system took a CPU away meanwhile */
} sepconv_runner_sample;

/* The best rate of one of loops.h's loops: FLOP/s of multiply-adds where `mix` is SEPCONV_MIXES,
 * else bytes/s of passes of that mix over `floats` floats of each thread. */
typedef struct sepconv_runner_rate {
  uint32_t instruction_set, mix, threads, unused;
  uint64_t floats, nanoseconds;
} sepconv_runner_rate;

#endif
