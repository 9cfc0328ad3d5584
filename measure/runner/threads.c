/* Measure: threads for parallel_for in the runner. Knows no kernel. */
#include "threads.h"

#include "system.h"

enum { SPINS = 4000 };

typedef void (*work_body)(void*, uint32_t);

static struct {
  uint32_t threads; /* but the caller's */
  uint32_t round, next, busy;
  uint32_t count;
  work_body body;
  void* context;
} pool;

static void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static uint32_t get(const uint32_t* word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }

static void work(void) {
  while (1) {
    const uint32_t index = __atomic_fetch_add(&pool.next, 1, __ATOMIC_ACQ_REL);
    if (index >= pool.count) return;
    pool.body(pool.context, index);
  }
}

static void serve(void* first_round) {
  for (uint32_t seen = (uint32_t)(uintptr_t)first_round;; ++seen) {
    for (int spins = 0; get(&pool.round) == seen; ++spins) {
      if (spins < SPINS) {
        relax();
      } else {
        wait_while(&pool.round, seen);
      }
    }
    work();
    __atomic_fetch_sub(&pool.busy, 1, __ATOMIC_ACQ_REL);
  }
}

void need_threads(uint32_t threads) {
  if (threads > MOST_THREADS) fault("the tool asks for too many threads");
  while (pool.threads + 1 < threads) {
    ++pool.threads;
    start_thread(serve, (void*)(uintptr_t)pool.round);
  }
}

void run_threads(void* unused, uint32_t count, work_body body, void* context) {
  (void)unused;
  pool.count = count;
  pool.body = body;
  pool.context = context;
  __atomic_store_n(&pool.next, 0, __ATOMIC_RELEASE);
  __atomic_store_n(&pool.busy, pool.threads, __ATOMIC_RELEASE);
  __atomic_fetch_add(&pool.round, 1, __ATOMIC_ACQ_REL);
  if (pool.threads > 0) wake_all(&pool.round);
  work();
  for (int spins = 0; get(&pool.busy) > 0; ++spins) {
    if (spins < SPINS) {
      relax();
    } else {
      yield();
    }
  }
}
