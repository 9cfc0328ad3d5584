// Bench: the words of a row. Knows no clock and no output format.
#include "bench/rows.h"

namespace sepconv::bench {

const char* word(Status status) {
  constexpr const char* words[] = {"ok", "failed", "mistrusted", "skipped"};
  return words[static_cast<int>(status)];
}

}  // namespace sepconv::bench
