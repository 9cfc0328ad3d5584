// Emit, private: the little of ELF64 that is needed. Knows no kernel.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "support/error.h"

namespace sepconv::emit {

/// Bytes of all executable sections of a little-endian ELF64 object. Kind internal when it is none.
[[nodiscard]] Result<int64_t> code_bytes(std::string_view object);

/// The names that other objects can see or must supply.
struct ElfSymbols {
  std::set<std::string> defined, undefined;
};
[[nodiscard]] Result<ElfSymbols> global_symbols(std::string_view object);

}  // namespace sepconv::emit
