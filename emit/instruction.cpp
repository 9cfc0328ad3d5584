// Emit, private to assembly: one instruction's class. Knows no loop.
#include "emit/instruction.h"

#include <initializer_list>

namespace sepconv::emit {
namespace {

using Kind = Instruction::Kind;

bool starts(std::string_view word, std::initializer_list<const char*> beginnings) {
  for (const char* beginning : beginnings) {
    if (word.starts_with(beginning)) return true;
  }
  return false;
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// Whether the operands name a register `<letter><digit>`, such as q3 or v0.
bool names_register(std::string_view operands, std::string_view letters) {
  for (size_t i = 0; i + 1 < operands.size(); ++i) {
    const bool begins = i == 0 || has(" \t,{[", operands.substr(i - 1, 1));
    if (begins && has(letters, operands.substr(i, 1)) && operands[i + 1] >= '0' &&
        operands[i + 1] <= '9') {
      return true;
    }
  }
  return false;
}

int arm_lanes(std::string_view operands) {
  if (has(operands, ".8h")) return 8;
  if (has(operands, ".4s") || has(operands, ".4h")) return 4;
  if (has(operands, ".2s") || has(operands, ".2d")) return 2;
  return 1;
}

Instruction read_arm(std::string_view word, std::string_view operands) {
  Instruction one;
  const bool vector = names_register(operands, "vqdsh");
  const bool memory = has(operands, "[");
  one.loads = memory && starts(word, {"ld"});
  // [sp] or [sp, #16]; an array on the stack has an index or a pointer of its own.
  const size_t stack = operands.find("[sp");
  const bool fixed = stack != std::string_view::npos &&
                     (operands[stack + 3] == ']' || has(operands.substr(stack), "#")) &&
                     !has(operands.substr(stack), "lsl");
  one.on_stack = memory && vector && fixed && starts(word, {"ld", "st"});
  if (starts(word, {"bl", "blr"}) && word != "blt" && word != "ble") {
    one.kind = Kind::call;
  } else if (word == "b" || word == "br" || word == "ret" ||
             starts(word, {"b.", "cbz", "cbnz", "tbz", "tbnz"})) {
    one.kind = Kind::branch;
  } else if (!vector) {
    one.kind = Kind::other;
  } else if (starts(word, {"fmla", "fmls", "fmadd", "fmsub", "fnmadd", "fnmsub", "fmlal"})) {
    one.kind = Kind::multiply_add;
    one.lanes = arm_lanes(operands);
  } else if (starts(word,
                    {"dup", "zip", "uzp", "trn", "ext", "rev", "tbl", "tbx", "ins", "ld1r"}) ||
             (word == "mov" && has(operands, "]"))) {
    one.kind = Kind::shuffle;
  } else if (memory || starts(word, {"mov", "fmov", "umov", "smov"})) {
    one.kind = Kind::vector_move;
  } else {
    one.kind = Kind::vector_arithmetic;
  }
  return one;
}

int x86_lanes(std::string_view word, std::string_view operands) {
  if (word.ends_with("ss") || word.ends_with("sd")) return 1;
  const int floats = has(operands, "%zmm") ? 16 : has(operands, "%ymm") ? 8 : 4;
  return word.ends_with("pd") ? floats / 2 : floats;
}

Instruction read_x86(std::string_view word, std::string_view operands, bool fma) {
  Instruction one;
  const bool vector = has(operands, "mm");
  // AT&T order: the destination comes last; a memory operand before it is read.
  const size_t open = operands.find('('), close = operands.find(')');
  const bool memory = open != std::string_view::npos && close != std::string_view::npos;
  const bool writes = memory && !has(operands.substr(close), ",") && starts(word, {"v", "mov"});
  const std::string_view address = memory ? operands.substr(open, close - open) : "";
  one.loads = memory && !writes && !starts(word, {"lea", "prefetch", "nop", "call", "j"});
  one.on_stack = vector && (address == "(%rsp" || address == "(%rbp");
  const bool multiplies = !fma && starts(word, {"mulps", "mulss"});
  if (multiplies || starts(word, {"vfmadd", "vfmsub", "vfnmadd", "vfnmsub"})) {
    one.kind = Kind::multiply_add;
    one.lanes = x86_lanes(word, operands);
  } else if (starts(word, {"call"})) {
    one.kind = Kind::call;
  } else if (word.starts_with('j') || starts(word, {"ret"})) {
    one.kind = Kind::branch;
  } else if (!vector) {
    one.kind = Kind::other;
  } else if (starts(word, {"vbroadcast", "vperm", "vshuf", "vunpck", "vinsert", "vextract",
                           "vpbroadcast", "shufps", "unpck", "pshuf", "vmovddup", "vmovs"})) {
    one.kind = Kind::shuffle;
  } else if (starts(word, {"vmov", "mov"})) {
    one.kind = Kind::vector_move;
  } else {
    one.kind = Kind::vector_arithmetic;
  }
  return one;
}

}  // namespace

Instruction read_instruction(std::string_view code, bool arm, bool fma) {
  const size_t end = code.find_first_of(" \t");
  const std::string_view word = code.substr(0, end);
  std::string_view operands = end == std::string_view::npos ? "" : code.substr(end);
  while (!operands.empty() && (operands[0] == ' ' || operands[0] == '\t'))
    operands.remove_prefix(1);
  return arm ? read_arm(word, operands) : read_x86(word, operands, fma);
}

}  // namespace sepconv::emit
