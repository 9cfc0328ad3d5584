// Support: files on disk: whole reads, atomic writes, temporary folders, locks, path checks. Knows
// no format of ours.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "support/error.h"

namespace sepconv::support {

/// The whole file. Kind input when it is missing, not a regular file, unreadable or larger than
/// `limit_bytes`.
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path,
                                            int64_t limit_bytes = int64_t{1} << 30);

/// Writes through a temporary file in the same folder, synced and renamed over `path`: readers see
/// the old content or the new, never a part. Kind environment on failure; nothing is left behind.
[[nodiscard]] Result<void> write_file_atomic(const std::filesystem::path& path,
                                             std::string_view content);

/// Writes without sync or rename, for files in a temporary folder. Kind environment on failure.
[[nodiscard]] Result<void> write_file(const std::filesystem::path& path, std::string_view content);

/// Makes a folder and its parents. Kind environment on failure.
[[nodiscard]] Result<void> make_folder(const std::filesystem::path& path);

/// Whether text names something inside the folder it is relative to: not empty, not absolute, no
/// ".." part, no control characters. `why` gets the reason.
[[nodiscard]] bool is_safe_relative_path(std::string_view text, std::string* why = nullptr);

/// An error that says what the operating system refused: "<what>: <strerror(code)>".
[[nodiscard]] Error system_error(std::string_view what, const std::filesystem::path& path,
                                 int code);

/// A folder that is removed with its content when the value goes away. Movable.
class TempFolder {
 public:
  /// A fresh folder `<parent>/<prefix>XXXXXX`, mode 0700; an empty parent means the system's
  /// temporary folder. Kind environment on failure.
  [[nodiscard]] static Result<TempFolder> make(const std::filesystem::path& parent = {},
                                               std::string_view prefix = "sepconv-");
  TempFolder(TempFolder&& other) noexcept;
  TempFolder& operator=(TempFolder&& other) noexcept;
  ~TempFolder();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Gives the folder up: it stays on disk (or has been renamed away).
  std::filesystem::path release();

 private:
  explicit TempFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

/// An exclusive lock between processes; it dies with its holder. Movable.
class FileLock {
 public:
  /// Makes the file where it is missing and waits for the lock. Kind environment on failure.
  [[nodiscard]] static Result<FileLock> acquire(const std::filesystem::path& path);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace sepconv::support
