// Emit, private to assembly: one instruction's class. Knows no loop.
#pragma once

#include <string_view>

namespace sepconv::emit {

struct Instruction {
  enum class Kind {
    multiply_add,
    vector_arithmetic,
    vector_move,
    shuffle,
    branch,
    call,
    other,
  };
  Kind kind = Kind::other;
  int lanes = 0;          ///< of a multiply_add
  bool loads = false;     ///< reads memory
  bool on_stack = false;  ///< a vector to or from a fixed place of the stack frame
};

/// `fma`: whether the target has multiply-adds; else multiplications of vectors stand for them.
[[nodiscard]] Instruction read_instruction(std::string_view code, bool arm, bool fma);

}  // namespace sepconv::emit
