// Bench: the words of a row. Knows no clock and no output format.
#include "bench/rows.h"

#include <utility>

namespace sepconv::bench {

const char* word(Status status) {
  constexpr const char* words[] = {"ok", "failed", "mistrusted", "skipped"};
  return words[static_cast<int>(status)];
}

void set_failed(BenchRow& row, std::string reason) {
  row.status = Status::failed;
  row.reason = std::move(reason);
}

}  // namespace sepconv::bench
