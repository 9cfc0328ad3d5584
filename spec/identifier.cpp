// Spec: which words may name a layer or a library, since both become C symbols. Knows no file.
#include <algorithm>
#include <array>
#include <string>

#include "spec/validate.h"

namespace sepconv::spec {
namespace {

constexpr size_t kMaxNameLength = 63;

// C17 and C++20, with the alternative tokens.
constexpr std::array<std::string_view, 101> kKeywords{"alignas",
                                                      "alignof",
                                                      "and",
                                                      "and_eq",
                                                      "asm",
                                                      "auto",
                                                      "bitand",
                                                      "bitor",
                                                      "bool",
                                                      "break",
                                                      "case",
                                                      "catch",
                                                      "char",
                                                      "char8_t",
                                                      "char16_t",
                                                      "char32_t",
                                                      "class",
                                                      "compl",
                                                      "concept",
                                                      "const",
                                                      "consteval",
                                                      "constexpr",
                                                      "constinit",
                                                      "const_cast",
                                                      "continue",
                                                      "co_await",
                                                      "co_return",
                                                      "co_yield",
                                                      "decltype",
                                                      "default",
                                                      "delete",
                                                      "do",
                                                      "double",
                                                      "dynamic_cast",
                                                      "else",
                                                      "enum",
                                                      "explicit",
                                                      "export",
                                                      "extern",
                                                      "false",
                                                      "float",
                                                      "for",
                                                      "friend",
                                                      "goto",
                                                      "if",
                                                      "inline",
                                                      "int",
                                                      "long",
                                                      "mutable",
                                                      "namespace",
                                                      "new",
                                                      "noexcept",
                                                      "not",
                                                      "not_eq",
                                                      "nullptr",
                                                      "operator",
                                                      "or",
                                                      "or_eq",
                                                      "private",
                                                      "protected",
                                                      "public",
                                                      "register",
                                                      "reinterpret_cast",
                                                      "requires",
                                                      "restrict",
                                                      "return",
                                                      "short",
                                                      "signed",
                                                      "sizeof",
                                                      "static",
                                                      "static_assert",
                                                      "static_cast",
                                                      "struct",
                                                      "switch",
                                                      "template",
                                                      "this",
                                                      "thread_local",
                                                      "throw",
                                                      "true",
                                                      "try",
                                                      "typedef",
                                                      "typeid",
                                                      "typename",
                                                      "union",
                                                      "unsigned",
                                                      "using",
                                                      "virtual",
                                                      "void",
                                                      "volatile",
                                                      "wchar_t",
                                                      "while",
                                                      "xor",
                                                      "xor_eq",
                                                      "_Bool",
                                                      "_Complex",
                                                      "_Imaginary",
                                                      "_Atomic",
                                                      "_Generic",
                                                      "_Noreturn",
                                                      "_Alignas",
                                                      "_Alignof"};

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

bool refuse(std::string* why, const std::string& reason) {
  if (why) *why = reason;
  return false;
}

bool valid_length(std::string_view text, std::string* why) {
  if (text.empty()) return refuse(why, "is empty");
  if (text.size() > kMaxNameLength) {
    return refuse(why, "has " + std::to_string(text.size()) + " characters; at most " +
                           std::to_string(kMaxNameLength) + " are allowed");
  }
  return true;
}

bool valid_word(std::string_view text, std::string* why) {
  if (std::find(kKeywords.begin(), kKeywords.end(), text) != kKeywords.end()) {
    return refuse(why, "is a keyword of C or C++");
  }
  return true;
}

}  // namespace

bool valid_layer_name(std::string_view text, std::string* why) {
  if (!valid_length(text, why)) return false;
  const bool spelled = is_lower(text[0]) && std::all_of(text.begin(), text.end(), [](char c) {
                         return is_lower(c) || is_digit(c) || c == '_';
                       });
  if (!spelled) return refuse(why, "must match [a-z][a-z0-9_]*");
  if (text == "count" || text == "at" || text == "find") {
    return refuse(why, "is taken by the library's own function <library>_" + std::string(text));
  }
  return valid_word(text, why);
}

bool valid_library_name(std::string_view text, std::string* why) {
  if (!valid_length(text, why)) return false;
  const bool spelled = !is_digit(text[0]) && std::all_of(text.begin(), text.end(), [](char c) {
    return is_lower(c) || is_upper(c) || is_digit(c) || c == '_';
  });
  if (!spelled) return refuse(why, "must be a C identifier: [A-Za-z_][A-Za-z0-9_]*");
  if (text == "sepconv") return refuse(why, "is the prefix of the runtime's own functions");
  return valid_word(text, why);
}

}  // namespace sepconv::spec
