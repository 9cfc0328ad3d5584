// Cli: the temporary folder of a tuning session, in which all its temporary files lie. Knows no
// file's content.
#pragma once

#include <filesystem>
#include <string>

#include "support/error.h"
#include "support/files.h"

namespace sepconv::cli {

/// Removed with the value. What killed sessions left is removed when the next one makes its own: a
/// lock, which dies with its holder, tells them apart. While the value lives, TMPDIR names it.
/// Movable.
class TuneFolder {
 public:
  /// Kind environment on failure.
  [[nodiscard]] static Result<TuneFolder> make();
  TuneFolder(TuneFolder&& other) noexcept;
  TuneFolder& operator=(TuneFolder&&) = delete;
  ~TuneFolder();

  [[nodiscard]] const std::filesystem::path& path() const { return folder_.path(); }

 private:
  TuneFolder(support::TempFolder folder, int lock, std::string outer)
      : folder_(std::move(folder)), lock_(lock), outer_(std::move(outer)) {}
  support::TempFolder folder_;
  int lock_ = -1;      ///< descriptor of the lock file; -1: moved away
  std::string outer_;  ///< TMPDIR before
};

}  // namespace sepconv::cli
