// Bench: one target's kernels: built, opened, found for a row. Knows no clock.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/rows.h"
#include "measure/build.h"
#include "measure/ceilings.h"
#include "measure/library.h"
#include "measure/runner.h"

namespace sepconv::bench {

/// One target's kernels, or why there are none.
struct TargetBuild {
  Status status = Status::ok;
  std::string reason;
  measure::Built built;
  std::optional<measure::Library> library;       ///< opened here
  std::optional<measure::RemoteLibrary> remote;  ///< or by a runner
  std::vector<double> peaks;                     ///< GFLOP/s, one per timed row
  std::string device;                            ///< its name, where kernels run on one
  measure::Ceilings ceilings;
};

/// Builds the layers for the target and opens them, here or by the runner; of a device also its
/// ceilings. What went wrong is in the result's status and reason.
[[nodiscard]] TargetBuild build_target(const targets::Target& target,
                                       const std::vector<spec::Layer>& layers,
                                       const measure::Builder& build,
                                       const std::optional<measure::Runner>& runner);

/// The kernel of the layer at `index` of those built, or empty with the row's status and reason
/// set. Sets the row's schedule and code_bytes too.
[[nodiscard]] std::optional<measure::Kernel> find_kernel(const TargetBuild& build,
                                                         const spec::Layer& layer, size_t index,
                                                         BenchRow& row);

}  // namespace sepconv::bench
