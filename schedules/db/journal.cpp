// Schedules, database: the journal on disk: reading with damage, repair, appending. Knows no layer.
#include "schedules/db/journal.h"

#include "schedules/db/locked_file.h"
#include "support/files.h"

namespace sepconv::db {
namespace fs = std::filesystem;

namespace {

/// Calls `use(line, number from 1, offset)` for every line that is not empty.
template <class Use>
void each_line(std::string_view text, const Use& use) {
  int64_t number = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    ++number;
    if (end > begin) use(text.substr(begin, end - begin), number, static_cast<int64_t>(begin));
    begin = end + 1;
  }
}

/// Puts the lines into the file of damaged ones, but for those that an interrupted repair already
/// put there.
Result<void> set_aside(const fs::path& path, const std::vector<JournalLine>& lines) {
  auto file = LockedFile::open(damaged_path(path), LockedFile::Mode::append);
  if (!file) return fail(std::move(file.error()));
  const auto known = file->read();
  if (!known) return fail(known.error());
  for (const JournalLine& line : lines) {
    if (("\n" + *known).find("\n" + line.text + "\n") != std::string::npos) continue;
    if (auto added = file->append_line(line.text); !added) return added;
  }
  return {};
}

/// The text without the damaged lines.
std::string without(std::string_view text, const std::vector<JournalLine>& damaged) {
  std::string kept;
  size_t next = 0;
  each_line(text, [&](std::string_view line, int64_t, int64_t offset) {
    if (next < damaged.size() && damaged[next].offset == offset) {
      ++next;
    } else {
      kept.append(line).append("\n");
    }
  });
  return kept;
}

}  // namespace

JournalContent parse_journal(std::string_view text) {
  JournalContent content;
  each_line(text, [&](std::string_view line, int64_t number, int64_t offset) {
    auto trial = parse_trial(line);
    if (trial) return content.trials.push_back(std::move(*trial));
    const int schema = line_schema(line);
    if (schema > kJournalSchema) {
      content.newer.push_back(
          {number, offset,
           "it has schema " + std::to_string(schema) + ", which a later version wrote",
           std::string(line)});
    } else {
      content.damaged.push_back({number, offset, trial.error().front().message, std::string(line)});
    }
  });
  return content;
}

Result<JournalContent> read_journal(const fs::path& path) {
  const auto file = LockedFile::open(path, LockedFile::Mode::read);
  if (!file) return fail(file.error());
  const auto text = file->read();
  if (!text) return fail(text.error());
  return parse_journal(*text);
}

fs::path damaged_path(const fs::path& path) { return path.string() + ".damaged"; }

Result<Journal> Journal::open(const fs::path& named) {
  const auto made = LockedFile::open(named, LockedFile::Mode::append);
  if (!made) return fail(made.error());
  const fs::path path = real_path(named);
  const auto text = made->read();
  if (!text) return fail(text.error());
  JournalContent found = parse_journal(*text);
  if (!found.damaged.empty()) {
    if (auto done = set_aside(path, found.damaged); !done) return fail(std::move(done.error()));
    // Writers that wait for the lock meanwhile notice that the file is another one.
    if (auto done = support::write_file_atomic(path, without(*text, found.damaged)); !done) {
      return fail(std::move(done.error()));
    }
  }
  return Journal(path, std::move(found));
}

Result<void> Journal::append(const Trial& trial) const {
  const std::string line = to_line(trial);
  if (auto again = parse_trial(line); !again) {
    Error error;
    error.file = path_.string();
    error.layer = trial.layer;
    error.message = "a trial cannot be recorded: " + again.error().front().message;
    error.hint = "this is a bug of sepconv; please report it with the command";
    return fail(std::move(error));
  }
  const auto file = LockedFile::open(path_, LockedFile::Mode::append);
  if (!file) return fail(file.error());
  return file->append_line(line);
}

}  // namespace sepconv::db
