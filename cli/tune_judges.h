// Cli: what judges the candidates of a tuning session: the clock of this machine or of a runner's,
// or a model of a core. Knows no search.
#pragma once

#include <string>
#include <vector>

#include "cli/runner.h"
#include "emit/library.h"
#include "schedules/space.h"
#include "spec/layer.h"

namespace sepconv::cli {

struct Judges {
  RunnerOf runner;         ///< where kernels run; without a function, or a value of it: here
  bool predicted = false;  ///< times come from a model; kernels are only checked, where they run
  std::string machine;     ///< the class of machines that they stand for
};

/// Clocks where the targets run here or where --runner leads to a real machine; else, as in an
/// emulator, the model. Kind usage where one call would need both, environment where the runner
/// does not start or the model is missing.
[[nodiscard]] Result<Judges> find_judges(const Options& options,
                                         const std::vector<targets::Target>& targets);

/// Microseconds of a call with the layer's batch on the target's core at 1 GHz, as llvm-mca
/// predicts them. The options are those that compiled the point before, so that the cache has it:
/// see with_assembly().
[[nodiscard]] Result<double> predicted_us(const spec::Layer& layer, const targets::Target& target,
                                          const schedules::Point& point,
                                          const emit::CompileOptions& options);
/// The options, for kernels that will be predicted.
[[nodiscard]] emit::CompileOptions with_assembly(emit::CompileOptions options);

/// How far a prediction must lie below another one to mean anything.
inline constexpr double kModelNoise = 0.15;

}  // namespace sepconv::cli
