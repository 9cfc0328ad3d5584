// Schedules: what a launch of a GPU tile is predicted to cost on a named GPU. Knows no Halide and
// no search.
#pragma once

#include "schedules/gpu_space.h"
#include "targets/target.h"

namespace sepconv::schedules {

/// Predicted, never measured; for comparing tiles and for saying what bounds them.
struct GpuCost {
  int64_t registers = 0;  ///< of a thread, estimated, with loads issued ahead
  int64_t held = 0;       ///< of these, what no other order of the loads frees
  int64_t resident = 0;   ///< blocks of a multiprocessor at once; 0: none fits
  double occupancy = 0;   ///< share of a multiprocessor's threads that these are
  double fma_share = 0;   ///< of the instructions of the innermost loop
  double l2_bytes = 0;    ///< moved between second cache and multiprocessors
  double dram_bytes = 0;  ///< input, output and weights once each, where L2 does not hold them
  double multiprocessor_us = 0, l2_us = 0, dram_us = 0;  ///< as if each were alone
  [[nodiscard]] double us() const;  ///< the longest, and a part of the others: overlap is not full
  [[nodiscard]] const char* bound() const;
};
[[nodiscard]] GpuCost gpu_cost(const spec::Layer& layer, const Phase& phase, const GpuTile& tile,
                               const targets::Gpu& gpu);

/// Predicted microseconds of all launches of a legal point.
[[nodiscard]] double gpu_microseconds(const spec::Layer& layer, const targets::Gpu& gpu,
                                      const Point& point);

}  // namespace sepconv::schedules
