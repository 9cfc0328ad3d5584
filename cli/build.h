// Cli: layers to a shared object, for verify and bench: emit's compiler behind
// measure's callable. Knows no measurement.
#pragma once

#include <filesystem>
#include <vector>

#include "cli/options.h"
#include "measure/build.h"

namespace sepconv::cli {

/// Layers in one library, as generate writes it, and the shared object of it; both stay in
/// `folder`. A layer that does not compile is left out and carries its errors.
[[nodiscard]] Result<measure::Built> build_in(const std::filesystem::path& folder,
                                              const std::vector<spec::Layer>& layers,
                                              const targets::Target& target,
                                              const emit::Chooser& choose,
                                              const emit::CompileOptions& compile);

/// The library is the one that generate writes, under a temporary folder. A layer that does not
/// compile is left out and carries its errors.
[[nodiscard]] measure::Builder make_builder(emit::Chooser choose, emit::CompileOptions compile);

}  // namespace sepconv::cli
