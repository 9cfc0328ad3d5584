// Emit: what llvm-mca, LLVM's model of cores' pipelines, predicts of a kernel. Predictions, never
// measurements. Knows no compiler.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "emit/assembly.h"
#include "support/error.h"
#include "targets/target.h"

namespace sepconv::emit {

/// llvm-mca of LLVM 16 or newer, which is the first with a model of Neoverse N1. Kind environment,
/// naming the package, when PATH has none.
[[nodiscard]] Result<std::filesystem::path> find_mca();

/// One loop on one core.
struct Prediction {
  std::string core;
  double cycles = 0;  ///< of an iteration, in the steady state
  /// Of the cycles in which the core's multiply-add units could work, those in which they do; 0
  /// where the model knows the units too badly for more than a ranking.
  double fma_share = 0;
};
/// For the target's own core and, on ARM, for an in-order one. Kind environment without llvm-mca,
/// internal when it does not understand the code.
[[nodiscard]] Result<std::vector<Prediction>> predict(const InnerLoop& loop,
                                                      const targets::Target& target);

/// A kernel's run over one image on the target's core: its inner loops as predicted, what is
/// outside them by its number of instructions.
[[nodiscard]] Result<double> predict_cycles(const Assembly& assembly,
                                            const targets::Target& target);

}  // namespace sepconv::emit
