// Measure: runs a check that may be hostile: in a process tree with limits that ends as a whole.
// Knows no kernel.
#pragma once

#include <cstdint>
#include <functional>

#include "measure/isolate.h"

namespace sepconv::measure {

/// What a contained check may use. It opens no file for writing, starts no process and sends no
/// signal to others. What it says on stdout and stderr is dropped; saying more than `output_bytes`
/// ends it with SIGXFSZ.
struct Containment {
  double seconds = 60;     ///< wall time
  double cpu_seconds = 0;  ///< of all its threads together; 0: no limit
  int64_t output_bytes = 1 << 20;
  int64_t memory_bytes = int64_t{8} << 30;  ///< address space beyond what it starts with
  /// A device's driver works in it, which opens device files and caches, maps far more than it uses
  /// and starts programs: of all limits only time, and the guardian, remain.
  bool driver = false;
};

/// Like isolated(), below a guardian process that adopts whatever the check leaves behind and kills
/// all of it. Where the system allows no system call filter, the limits and the guardian remain.
/// The outcome's reason is cut after 4000 characters.
[[nodiscard]] Outcome contained(const Containment& limits, const std::function<Outcome()>& check);

}  // namespace sepconv::measure
