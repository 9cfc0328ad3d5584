// Schedules, database: the journal, a file of trials that only grows and survives every kill. Knows
// no search and no layer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schedules/db/record.h"
#include "support/error.h"

namespace sepconv::db {

/// A line that is no trial of this version.
struct JournalLine {
  int64_t line = 0;    ///< from 1
  int64_t offset = 0;  ///< byte at which it begins
  std::string reason;
  std::string text;  ///< as it stands in the file, without its newline
};

struct JournalContent {
  std::vector<Trial> trials;         ///< in file order
  std::vector<JournalLine> damaged;  ///< torn or corrupt
  std::vector<JournalLine> newer;    ///< intact, but of a later schema
};

/// Splits text into trials and lines that are none; never fails.
[[nodiscard]] JournalContent parse_journal(std::string_view text);

/// Reads under a shared lock and changes nothing. A missing file is kind input.
[[nodiscard]] Result<JournalContent> read_journal(const std::filesystem::path& path);

/// Rewrites the journal with the trials for which `keep` is true, under the lock, atomically; lines
/// of a later version stay, damaged ones move to damaged_path(). Returns what was removed. Kind
/// input when the file is missing, else environment.
[[nodiscard]] Result<std::vector<Trial>> filter_journal(
    const std::filesystem::path& path, const std::function<bool(const Trial&)>& keep);

/// `<path>.damaged`, where open() puts damaged lines.
[[nodiscard]] std::filesystem::path damaged_path(const std::filesystem::path& path);

/// A journal to append to. The lock is held only while a record is written, so several processes
/// may share one journal, each with its own Journal. A class so that only an opened, thus repaired,
/// file is appended to.
class Journal {
 public:
  /// Makes the file where it is missing. Damaged lines move to damaged_path(): they are safe there
  /// before they leave the journal. Kind environment when the file cannot be used.
  [[nodiscard]] static Result<Journal> open(const std::filesystem::path& path);

  /// What open() found, damaged lines included.
  [[nodiscard]] const JournalContent& found() const { return found_; }

  /// Writes one line and syncs it to the disk. On failure nothing is added; kind environment when
  /// the disk refuses, internal when the trial is not one that parse_trial() takes.
  [[nodiscard]] Result<void> append(const Trial& trial) const;
  /// Likewise many at once: all or none.
  [[nodiscard]] Result<void> append(const std::vector<Trial>& trials) const;

 private:
  Journal(std::filesystem::path path, JournalContent found)
      : path_(std::move(path)), found_(std::move(found)) {}
  std::filesystem::path path_;
  JournalContent found_;
};

}  // namespace sepconv::db
