// Measure: the gate: layers and targets to rows that say which kernels are right. Knows no
// compiler and no output format.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "measure/build.h"
#include "measure/isolate.h"
#include "measure/runner.h"
#include "spec/layer.h"
#include "targets/target.h"

namespace sepconv::measure {

/// One layer on one target.
struct VerifyRow {
  std::string layer;   ///< its name in its file
  std::string name;    ///< canonical
  std::string target;  ///< canonical
  Status status = Status::skipped;
  /// Of the pass with real values: the error and bound of the output with the largest share of its
  /// bound. Of a failed exact pass: the largest error, and 0. Empty where nothing was computed.
  std::optional<double> max_error, bound;
  std::string reason;  ///< empty when passed
  std::string repeat;  ///< command that runs this row again; options.repeat supplies it
};

struct VerifyOptions {
  int threads = 1;  ///< of the kernels; at least 2 are tried
  /// How to run code for a target elsewhere; no function, or no value: here, in this process.
  std::function<std::optional<Runner>(const targets::Target& target)> runner;
  double row_seconds = 300;  ///< wall time after which a row's kernel counts as hanging
  /// Called on the caller's thread after each row; `done` counts from 1.
  std::function<void(const VerifyRow& row, size_t done, size_t total)> progress;
  /// The command that repeats a row.
  std::function<std::string(const spec::Layer& layer, const targets::Target& target)> repeat;
};

/// One row per layer and target, layers outermost, in the given orders. Calls the builder once per
/// target that runs here or through a runner, with all layers under canonical names, each once, and
/// their exact twins, which ask for the points of their layers. One that comes with another point
/// makes the row mistrusted. When the user interrupts, the remaining rows are skipped.
[[nodiscard]] std::vector<VerifyRow> verify(const std::vector<spec::Layer>& layers,
                                            const std::vector<targets::Target>& targets,
                                            const Builder& build, const VerifyOptions& options);

}  // namespace sepconv::measure
