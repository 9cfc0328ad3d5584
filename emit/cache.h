// Emit, private: the content-addressed cache of compiled kernels, shared by processes. Knows no
// Halide.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "emit/job.h"

namespace sepconv::emit {

/// The folder that the options mean: theirs, else $SEPCONV_CACHE_DIR, $XDG_CACHE_HOME/sepconv,
/// ~/.cache/sepconv. Kind environment when none can be named.
[[nodiscard]] Result<std::filesystem::path> cache_folder(const CacheOptions& options);

/// Digest of everything that decides a kernel's bytes: the job, the tool and Halide.
[[nodiscard]] std::string cache_key(const Job& job, const std::string& tool_identity);

/// Copies the entry's files into `destination` (made here) and marks it as used. None when there is
/// no entry; a damaged one is removed.
[[nodiscard]] std::optional<KernelFacts> cache_fetch(const std::filesystem::path& cache,
                                                     const std::string& key,
                                                     const std::filesystem::path& destination);

/// Stores a copy of the files of `source` and removes the entries longest unused while all together
/// exceed the limit. Whoever comes first wins: equal keys mean equal content. Kind environment on
/// failure.
[[nodiscard]] Result<void> cache_store(const std::filesystem::path& cache, const std::string& key,
                                       const std::filesystem::path& source, int64_t limit_bytes);

}  // namespace sepconv::emit
