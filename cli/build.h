// Cli: layers to an shared object, for verify and bench: emit's compiler behind
// measure's callable. Knows no measurement.
#pragma once

#include "cli/options.h"
#include "measure/build.h"

namespace sepconv::cli {

/// The library is the one that generate writes, under a temporary folder. A layer that does not
/// compile is left out and carries its errors.
[[nodiscard]] measure::Builder make_builder(emit::Chooser choose, emit::CompileOptions compile);

}  // namespace sepconv::cli
