/* Runtime: the tasks of a phase as shares that pieces claim ranges of. Knows no kernel and no
 * thread.
 *
 * Each piece has a share of the tasks and claims it front to back, half of what is left at a time.
 * A piece without tasks left claims from the back of the fullest share. So equal cores compute the
 * same rows in every phase and layer, where those lie in their caches, and unequal ones end within
 * a range of each other. Shares, and taking from the fullest: E. P. Markatos, T. J. LeBlanc, "Using
 * processor affinity in loop scheduling on shared-memory multiprocessors", IEEE TPDS 5(4), 1994.
 * Halves: S. F. Hummel, E. Schonberg, L. E. Flynn, "Factoring: a method for scheduling parallel
 * loops", CACM 35(8), 1992. Of two cores the slower one, of speed r to 1, ends its first half in
 * time while r is at least 1/3. */
#include "internal.h"

static uint64_t first_of(uint64_t share) { return share >> 32; }
static uint64_t last_of(uint64_t share) { return share & UINT32_MAX; }
static uint64_t left_in(uint64_t share) { return last_of(share) - first_of(share); }
static uint64_t share_of(uint64_t first, uint64_t last) { return first << 32 | last; }

/* The first range of a share is its larger part, and none of a share is below `range`. A share of
 * less than four ranges stays whole: a smaller part of it would cost more than it evens out. */
static uint64_t claimed(uint64_t left, uint64_t range) {
  if (left / 4 < range) return left;
  if (left / 8 < range) return left - range;
  return left - left / 2;
}

/* A range from one end of a share. False when the share is empty. */
static int claim_of(uint64_t* share, uint64_t range, int front, uint64_t* first, uint64_t* last) {
  uint64_t seen = __atomic_load_n(share, __ATOMIC_RELAXED);
  while (left_in(seen) > 0) {
    const uint64_t count = claimed(left_in(seen), range);
    *first = front ? first_of(seen) : last_of(seen) - count;
    *last = *first + count;
    const uint64_t rest = front ? share_of(*last, last_of(seen)) : share_of(first_of(seen), *first);
    /* Shares only shrink, so a share that reads the same is the same. The tasks' tensors pass
     * between threads through parallel_for alone, so no order is needed here. */
    if (__atomic_compare_exchange_n(share, &seen, rest, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
      return 1;
    }
  }
  return 0;
}

/* The share with most tasks left; NULL when there are none. */
static uint64_t* fullest(sepconv_shares* shares) {
  uint64_t* found = NULL;
  uint64_t most = 0;
  for (uint32_t i = 0; i < shares->count; ++i) {
    const uint64_t left = left_in(__atomic_load_n(&shares->left[i], __ATOMIC_RELAXED));
    if (left > most) most = left, found = &shares->left[i];
  }
  return found;
}

void sepconv_set_share(sepconv_shares* shares, uint32_t piece, uint64_t first, uint64_t last) {
  shares->left[piece] = share_of(first, last);
}

int sepconv_claim(sepconv_shares* shares, uint32_t piece, uint64_t* first, uint64_t* last) {
  if (claim_of(&shares->left[piece], shares->range, 1, first, last)) return 1;
  uint64_t* share;
  while ((share = fullest(shares)) != NULL) {
    if (claim_of(share, shares->range, 0, first, last)) return 1;
  }
  return 0;
}
