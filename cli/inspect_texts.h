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
/// Allocations, executed / nominal MACs, code bytes, and counts from the assembly, which
/// kernel.texts must hold as "asm".
[[nodiscard]] Json stats(const spec::Layer& layer, const emit::CompiledKernel& kernel);

/// Instructions of x86 assembly by class, and vector moves to and from the stack.
struct InstructionCounts {
  int64_t fma = 0, vector_arithmetic = 0, vector_moves = 0, broadcasts_shuffles = 0, branches = 0,
          calls = 0, other = 0;
  int64_t spills = 0;  ///< vector stores to the stack
};
[[nodiscard]] InstructionCounts count_instructions(const std::string& assembly);

}  // namespace sepconv::cli
