// Cli: candidates of one layer to opened libraries, compiled side by side. Knows no measurement.
#pragma once

#include <memory>
#include <vector>

#include "emit/library.h"
#include "measure/trial.h"
#include "schedules/space.h"
#include "spec/layer.h"
#include "support/error.h"
#include "support/files.h"
#include "targets/target.h"

namespace sepconv::cli {

/// A candidate as a shared object; the files live as long as this value.
struct Candidate {
  measure::Opener open;
  int64_t code_bytes = 0;
};

/// Compiles points of a layer, and of its exact twin, in worker processes at once; one Result a
/// point, in order. The cache that the options name is what
/// carries objects from compiling to linking. Fewer Results when the user interrupts.
[[nodiscard]] std::vector<Result<Candidate>> compile_candidates(
    const spec::Layer& layer, const targets::Target& target,
    const std::vector<schedules::Point>& points, const emit::CompileOptions& options);

}  // namespace sepconv::cli
