// Schedules, database: the journal on disk: reading with damage, repair, appending. Knows no layer.
#include "schedules/db/journal.h"

#include <algorithm>

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
    if (auto added = file->append_lines(line.text); !added) return added;
  }
  return {};
}

/// The text without the lines that begin at these offsets, which ascend.
std::string without(std::string_view text, const std::vector<int64_t>& offsets) {
  std::string kept;
  auto next = offsets.begin();
  each_line(text, [&](std::string_view line, int64_t, int64_t offset) {
    if (next != offsets.end() && *next == offset) {
      ++next;
    } else {
      kept.append(line).append("\n");
    }
  });
  return kept;
}

std::vector<int64_t> offsets(const std::vector<JournalLine>& lines) {
  std::vector<int64_t> list;
  for (const JournalLine& line : lines) list.push_back(line.offset);
  return list;
}

/// Writers that wait for the lock meanwhile notice that the file is another one.
Result<void> rewrite(const fs::path& path, std::string_view text, const JournalContent& content,
                     const std::vector<int64_t>& dropped) {
  if (dropped.empty()) return {};
  if (auto done = set_aside(path, content.damaged); !done) return done;
  return support::write_file_atomic(path, without(text, dropped));
}

Error unrecordable(const fs::path& path, const Trial& trial, const Errors& why) {
  Error error;
  error.file = path.string();
  error.layer = trial.layer;
  error.message = "a trial cannot be recorded: " + why.front().message;
  error.hint = "this is a bug of sepconv; please report it with the command";
  return error;
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
  const auto file = LockedFile::open(named, LockedFile::Mode::append);
  if (!file) return fail(file.error());
  const fs::path path = real_path(named);
  const auto text = file->read();
  if (!text) return fail(text.error());
  JournalContent found = parse_journal(*text);
  if (auto done = rewrite(path, *text, found, offsets(found.damaged)); !done) {
    return fail(std::move(done.error()));
  }
  return Journal(path, std::move(found));
}

Result<std::vector<Trial>> filter_journal(const fs::path& named,
                                          const std::function<bool(const Trial&)>& keep) {
  if (auto readable = read_journal(named); !readable) return fail(std::move(readable.error()));
  const auto file = LockedFile::open(named, LockedFile::Mode::append);
  if (!file) return fail(file.error());
  const auto text = file->read();
  if (!text) return fail(text.error());
  std::vector<int64_t> dropped;
  std::vector<Trial> removed;
  each_line(*text, [&](std::string_view line, int64_t, int64_t offset) {
    auto trial = parse_trial(line);
    if (trial ? keep(*trial) : line_schema(line) > kJournalSchema) return;
    dropped.push_back(offset);
    if (trial) removed.push_back(std::move(*trial));
  });
  if (auto done = rewrite(real_path(named), *text, parse_journal(*text), dropped); !done) {
    return fail(std::move(done.error()));
  }
  return removed;
}

Result<void> Journal::append(const Trial& trial) const { return append(std::vector{trial}); }

Result<void> Journal::append(const std::vector<Trial>& trials) const {
  std::string text;
  for (const Trial& trial : trials) {
    const std::string line = to_line(trial);
    if (const auto again = parse_trial(line); !again) {
      return fail(unrecordable(path_, trial, again.error()));
    }
    text += (text.empty() ? "" : "\n") + line;
  }
  if (text.empty()) return {};
  const auto file = LockedFile::open(path_, LockedFile::Mode::append);
  if (!file) return fail(file.error());
  return file->append_lines(text);
}

}  // namespace sepconv::db
