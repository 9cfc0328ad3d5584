// Cli: how code for a target runs here: natively, or through a runner program that a command
// starts. Knows no kernel.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/options.h"
#include "measure/runner.h"

namespace sepconv::cli {

void add_runner(CLI::App& verb, Options& options);  ///< --runner --runner-push

/// How to run each target: through --runner, else, where it does not run here, through an emulator
/// on PATH; no value: natively or not at all. Writes the runner program and runs --runner-push.
/// Kind environment when that fails.
using RunnerOf = std::function<std::optional<measure::Runner>(const targets::Target&)>;
[[nodiscard]] Result<RunnerOf> make_runners(const Options& options,
                                            const std::vector<targets::Target>& targets);

/// Start of a command that emulates a target which does not run here; empty: none on PATH.
[[nodiscard]] std::string emulator(const targets::Target& target);

}  // namespace sepconv::cli
