// Targets: which of LLVM's models of pipelines describes a target's core. Knows no code.
#pragma once

#include <string_view>

#include "targets/target.h"

namespace sepconv::targets {

/// As LLVM's programs take it for -mcpu.
[[nodiscard]] std::string_view pipeline_model(const Target& target);

}  // namespace sepconv::targets
