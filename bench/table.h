// Bench: a report as tables for people. Knows no clock and no terminal.
#pragma once

#include <string>

#include "bench/rows.h"

namespace sepconv::bench {

/// Machine, rows, sums. A row that is not ok has its reason and the command that repeats it on the
/// lines below it.
[[nodiscard]] std::string table(const BenchReport& report);

/// Separable layers beside the ordinary convolutions of the same shape in their file: parameters,
/// FLOPs of both parts, statistics of the latency, and how much faster the separable one is. Empty
/// where no file has such a pair.
[[nodiscard]] std::string convolution_table(const BenchReport& report);

}  // namespace sepconv::bench
