// Emit, private: the LLVM programs that assemble and link for any architecture. Knows no kernel.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "support/error.h"

namespace sepconv::emit {

/// A program by its name ("llvm-objcopy", "ld.lld", "llvm-mc"), plain or with a version suffix
/// (-22 ... -14). Kind environment, naming the package, when PATH has none.
[[nodiscard]] Result<std::filesystem::path> find_tool(const std::string& name);

/// Runs a tool in `folder` with file names relative to it, so that no path gets into its output.
/// Kind internal, with what it said on stderr, when it fails.
[[nodiscard]] Result<void> run_tool(const std::string& name,
                                    const std::vector<std::string>& arguments,
                                    const std::filesystem::path& folder);

}  // namespace sepconv::emit
