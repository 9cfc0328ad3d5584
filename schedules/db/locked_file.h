// Schedules, database, private: a file under a lock that survives its replacement by a rename.
// Knows no format.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "support/error.h"

namespace sepconv::db {

/// An open, locked regular file; the lock dies with the value and with the process. A class because
/// it owns a descriptor. Movable.
class LockedFile {
 public:
  enum class Mode { read, append };
  /// Waits for the lock, shared to read and exclusive to append. Whoever replaced the file in the
  /// meantime is noticed, so that the file is always the one that `path` names. With append a
  /// missing file is made; else it is kind input, as is a folder. Other failures are kind
  /// environment.
  [[nodiscard]] static Result<LockedFile> open(const std::filesystem::path& path, Mode mode);
  LockedFile(LockedFile&& other) noexcept
      : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}
  LockedFile(const LockedFile&) = delete;
  LockedFile& operator=(const LockedFile&) = delete;
  LockedFile& operator=(LockedFile&&) = delete;
  ~LockedFile();

  /// The whole file. Kind input above 1 GiB.
  [[nodiscard]] Result<std::string> read() const;
  /// Adds text, on lines of its own, and syncs; it ends without a newline. On failure (kind
  /// environment) nothing is added.
  [[nodiscard]] Result<void> append_lines(std::string_view lines) const;

 private:
  LockedFile(std::filesystem::path path, int descriptor)
      : path_(std::move(path)), descriptor_(descriptor) {}
  std::filesystem::path path_;
  int descriptor_ = -1;
};

/// Makes the file with this content unless it exists; never overwrites. Kind environment.
[[nodiscard]] Result<void> make_if_missing(const std::filesystem::path& path,
                                           std::string_view content);

/// The file that a path means through symbolic links, so that a rename replaces it and no link.
[[nodiscard]] std::filesystem::path real_path(const std::filesystem::path& path);

}  // namespace sepconv::db
