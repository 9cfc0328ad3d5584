// Emit, private: objects and descriptors to one archive. Knows no layer and no Halide.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "emit/descriptors.h"
#include "support/error.h"

namespace sepconv::emit {

struct LinkInput {
  LibraryData library;
  Architecture architecture = Architecture::x86_64;
  std::vector<std::filesystem::path> kernels;  ///< objects; the order does not matter
  std::string runtime;  ///< bytes of the runtime's object for the architecture
};

/// Writes `folder`/lib<name>.a, an archive of one object whose only global symbols are
/// exported_symbols(library) and whose only undefined ones are memcpy, memmove, memset, getenv and,
/// for arm64, getauxval. `folder` is a temporary one: intermediate files stay there. Kind internal
/// when a symbol is missing or a tool fails.
[[nodiscard]] Result<std::filesystem::path> link_archive(const LinkInput& input,
                                                         const std::filesystem::path& folder);

/// <name>_count, <name>_at, <name>_find and one <name>_<layer> a layer.
[[nodiscard]] std::vector<std::string> exported_symbols(const LibraryData& library);

}  // namespace sepconv::emit
