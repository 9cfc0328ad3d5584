// Cli: candidates of one layer to opened libraries, compiled side by side, here or in a process
// that works ahead. Knows no measurement.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "emit/library.h"
#include "measure/runner.h"
#include "measure/trial.h"
#include "schedules/space.h"
#include "spec/layer.h"
#include "support/background.h"
#include "support/error.h"
#include "support/files.h"
#include "targets/target.h"

namespace sepconv::cli {

/// A candidate as a kernel of a shared object; the files live as long as one of its candidates.
struct Candidate {
  /// Opens it in the process that calls it, or on a runner that this process starts.
  std::function<Result<measure::KernelPair>(const std::optional<measure::Runner>& runner)> open;
  int64_t code_bytes = 0;
};

/// Compiles points of a layer, and of its exact twin, in worker processes at once, and links them
/// to one library; one Result a point, in order. None when the user interrupts.
[[nodiscard]] std::vector<Result<Candidate>> compile_candidates(
    const spec::Layer& layer, const targets::Target& target,
    const std::vector<schedules::Point>& points, const emit::CompileOptions& options);

/// The same, in a process of its own, while this one measures. Movable.
class CandidatesAhead {
 public:
  [[nodiscard]] static Result<CandidatesAhead> start(const spec::Layer& layer,
                                                     const targets::Target& target,
                                                     const std::vector<schedules::Point>& points,
                                                     const emit::CompileOptions& options);
  /// Waits for what compile_candidates() returns.
  [[nodiscard]] std::vector<Result<Candidate>> take();

 private:
  CandidatesAhead(spec::Layer layer, std::shared_ptr<support::TempFolder> folder,
                  support::Background process)
      : layer_(std::move(layer)), folder_(std::move(folder)), process_(std::move(process)) {}
  spec::Layer layer_;
  std::shared_ptr<support::TempFolder> folder_;
  support::Background process_;  ///< ends before its folder goes
};

}  // namespace sepconv::cli
