// Cli: the texts that inspect and explain show of a layer and its kernel. Knows no option.
#pragma once

#include <string>
#include <vector>

#include "cli/output.h"
#include "emit/library.h"
#include "schedules/schedule.h"
#include "spec/layer.h"
#include "targets/target.h"

namespace sepconv::cli {

/// The chain of stages as loops and formulas, one stage a line.
[[nodiscard]] std::string algorithm_text(const spec::Layer& layer);
/// The point and, knob by knob, its value, meaning and the legal values.
[[nodiscard]] std::string schedule_text(const spec::Layer& layer, const targets::Target& target,
                                        const emit::Choice& choice);
/// Work, bytes and which of the two limits the layer on the target's core, line by line.
[[nodiscard]] std::vector<std::string> cost_lines(const spec::Layer& layer,
                                                  const targets::Target& target);
/// Allocations, executed / nominal MACs, code bytes, and what the assembly holds, which
/// kernel.texts must have as "asm": its inner loops, with what llvm-mca predicts of them where it
/// is on PATH.
[[nodiscard]] Result<Json> stats(const spec::Layer& layer, const targets::Target& target,
                                 const emit::CompiledKernel& kernel);

}  // namespace sepconv::cli
