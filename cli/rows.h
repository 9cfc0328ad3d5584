// Cli: what verify and bench share: refusals before the work and the command that repeats a row.
// Knows no check and no clock.
#pragma once

#include <string>
#include <vector>

#include "cli/options.h"

namespace sepconv::cli {

/// ` --threads ..` and so on: the options that change what a row computes, but for the target.
[[nodiscard]] std::string row_flags(const Options& options);

/// `sepconv <verb> <canonical name> --target ..` with the options that matter; it needs no file.
[[nodiscard]] std::string repeat_command(const char* verb, const Options& options,
                                         const spec::Layer& layer, const targets::Target& target);

/// Targets asked for by name of which no row could run.
[[nodiscard]] Errors unrunnable(const Options& options,
                                const std::vector<targets::Target>& targets);

/// How a row ended: whether its kernel ran, else why not.
struct RowEnd {
  bool ran = false;
  std::string reason;
};
/// Targets asked for by name of which no row ran, although a runner was to run them. Rows: layers
/// outermost.
[[nodiscard]] Errors not_run(const Options& options, const std::vector<targets::Target>& targets,
                             const std::vector<RowEnd>& rows);

/// What the chooser refuses, so that a wrong --schedule is bad input and no failed row.
[[nodiscard]] Errors refused(const emit::Chooser& choose, const Layers& layers,
                             const std::vector<targets::Target>& targets);

}  // namespace sepconv::cli
