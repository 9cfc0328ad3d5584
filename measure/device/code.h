// Measure, device: the small kernels that find a device's ceilings, as PTX and OpenCL C. Knows no
// driver and no clock.
#pragma once

#include <cstdint>
#include <string>

#include "targets/target.h"

namespace sepconv::measure {

inline constexpr uint32_t kMeasureThreads = 256;  ///< of a block of either kernel

/// Independent chains of multiply-adds in registers. One buffer: a float for each thread of a
/// block.
[[nodiscard]] std::string peak_code(targets::Device kind);
/// FLOP of one of its blocks.
[[nodiscard]] double peak_block_flops(targets::Device kind);

/// What a thread of the streaming kernel does in each pass.
struct Stream {
  bool reads = true, writes = true;
  uint32_t vectors = 0;  ///< of 16 bytes in a buffer; a power of two
  uint32_t threads = 0;  ///< of all blocks; divides `vectors`
  uint32_t passes = 1;
  [[nodiscard]] double bytes() const {
    return 16.0 * (int{reads} + int{writes}) * threads * passes;
  }
};
/// Reads and writes vectors of 16 bytes, past the first-level cache. Two buffers: from, to.
[[nodiscard]] std::string stream_code(targets::Device kind, const Stream& stream);

}  // namespace sepconv::measure
