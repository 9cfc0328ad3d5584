// Emit: what the assembly of a kernel holds: instructions by class, and the inner loops that
// multiply and add. Knows no compiler and no machine's speed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "emit/library.h"

namespace sepconv::emit {

/// Instructions by class.
struct InstructionCounts {
  int64_t fma = 0;  ///< multiply-adds; where a target has none, vector multiplications
  int64_t vector_arithmetic = 0, vector_moves = 0, broadcasts_shuffles = 0, branches = 0, calls = 0,
          other = 0;
  int64_t loads = 0;         ///< from memory, also as an operand of another class
  int64_t spill_stores = 0;  ///< vector stores to the stack frame, which have no index
  int64_t spill_loads = 0;
  int64_t macs = 0;  ///< multiply-adds of values: those of instructions times their lanes
  [[nodiscard]] int64_t all() const {
    return fma + vector_arithmetic + vector_moves + broadcasts_shuffles + branches + calls + other;
  }
};

/// A loop without another one inside.
struct InnerLoop {
  std::string name;  ///< Halide's, such as sum_1.s1.taps_1$x
  int phase = 0;
  int stage = -1;                 ///< that its name tells; -1: the phase's last
  double iterations = 0;          ///< in one run over an image
  std::vector<std::string> code;  ///< its instructions, without branches and comments
  InstructionCounts counts;       ///< of one iteration
  [[nodiscard]] double macs() const { return iterations * static_cast<double>(counts.macs); }
};

struct Assembly {
  InstructionCounts counts;      ///< of the text
  std::vector<InnerLoop> loops;  ///< that multiply and add, those with the most work first
  /// Executed in one run over an image, branches that depend on data taken: the sum over basic
  /// blocks of their instructions times the iterations of the loops around them.
  double executed = 0;
  double executed_outside = 0;  ///< of these, what is in none of `loops`
};

/// Reads what LLVM prints for x86-64 (AT&T) or arm64, with its comments about loops. `trips` are
/// the loops of all phases in the order of the functions. Loops that are not among them count as
/// one iteration.
[[nodiscard]] Assembly read_assembly(std::string_view text, const targets::Target& target,
                                     const std::vector<LoopTrips>& trips);

}  // namespace sepconv::emit
