// Bench: a layer's numbers against measured ceilings, and sums of rows. Knows no clock.
#pragma once

#include <vector>

#include "bench/rows.h"
#include "spec/cost.h"

namespace sepconv::bench {

/// The share of reads in all bytes that the layer must move.
[[nodiscard]] double read_share(const spec::Cost& cost);

/// min(peak, intensity * bandwidth of the level that holds the layer's bytes), GFLOP/s.
[[nodiscard]] double roofline_gflops(const spec::Cost& cost, double peak_gflops,
                                     const measure::Ceilings& ceilings);

/// Sets gflops, roofline_gflops, of_roofline and, for a row above the peak by more than its padding
/// taps, status and reason. Precondition: median_us is set.
void set_roofline(BenchRow& row, const spec::Cost& cost, double peak_gflops,
                  const measure::Ceilings& ceilings);

/// Sets what several threads gain over one. Precondition: median_us and roofline_gflops are set.
void set_speedup(BenchRow& row, double one_thread_us, double one_thread_roofline_gflops);

/// Per file and target: one sum per op in order of appearance, then "total". Only rows that are ok
/// count; the weighted and geometric means are empty where no row has the number.
[[nodiscard]] std::vector<FileSum> sums(const std::vector<BenchRow>& rows);

}  // namespace sepconv::bench
