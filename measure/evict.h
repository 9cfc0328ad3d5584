// Measure: caches as the other layers of a network leave them. Knows no kernel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "measure/ceilings.h"

namespace sepconv::measure {

/// What the rest of a network of these layers moves between two calls of one of them: 64 MiB, or
/// twice the last cache where that is less.
[[nodiscard]] int64_t network_bytes(const CacheSizes& sizes);

/// Reads and writes that much other memory. Nothing else stays in
/// the private caches; a larger last cache keeps what it would keep inside a network.
class Evictor {
 public:
  /// With one thread it empties the caches of the core where it runs, with several those of every
  /// core that this process may use.
  explicit Evictor(int threads);
  void operator()();

 private:
  std::vector<int> cores_;  ///< empty: where the caller runs
  std::vector<float> memory_;
};

/// Writes a tensor anew, value by value, as the layer before does: it lies in the caches then.
void rewrite(void* data, size_t bytes);

}  // namespace sepconv::measure
