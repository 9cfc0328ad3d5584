// Cli: the temporary folder of a tuning session, in which all its temporary files lie. Knows no
// file's content.
#pragma once

#include <filesystem>

#include "support/error.h"
#include "support/files.h"

namespace sepconv::cli {

/// Removed with the value. Folders of sessions that were killed are removed when the next one makes
/// its own. While it lives, TMPDIR names it. Movable.
class TuneFolder {
 public:
  /// Kind environment on failure.
  [[nodiscard]] static Result<TuneFolder> make();
  TuneFolder(TuneFolder&&) = default;
  ~TuneFolder();

  [[nodiscard]] const std::filesystem::path& path() const { return folder_.path(); }

 private:
  TuneFolder(support::TempFolder folder, std::string outer)
      : folder_(std::move(folder)), outer_(std::move(outer)) {}
  support::TempFolder folder_;
  std::string outer_;  ///< TMPDIR before
};

}  // namespace sepconv::cli
