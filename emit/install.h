// Emit, private: a finished folder into the user's output folder, all or nothing. Knows no kernel.
#pragma once

#include <filesystem>

#include "support/error.h"

namespace sepconv::emit {

/// A temporary folder's parent for `out`: on the same file system, so that moving is renaming.
[[nodiscard]] Result<std::filesystem::path> staging_parent(const std::filesystem::path& out);

/// Moves every file of `staged` to the same relative place under `out`, replacing what is there and
/// leaving other files alone. When a move fails, everything is put back. Kind environment.
[[nodiscard]] Result<void> install_tree(const std::filesystem::path& staged,
                                        const std::filesystem::path& out);

}  // namespace sepconv::emit
