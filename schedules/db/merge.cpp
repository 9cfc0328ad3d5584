// Schedules, database: joining and comparing databases. Knows no file.
#include <algorithm>
#include <charconv>
#include <tuple>

#include "schedules/db/database_text.h"

namespace sepconv::db {
namespace {

/// "21.0.0" as {21, 0, 0}, so that 9 comes before 21; what is no number counts as 0.
std::vector<int> version_numbers(const std::string& text) {
  std::vector<int> numbers;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('.', begin), text.size());
    int number = 0;
    std::from_chars(text.data() + begin, text.data() + end, number);
    numbers.push_back(number);
    begin = end + 1;
  }
  return numbers;
}

/// Says which of two records of one key stays, and why; a total order, so that the order in which
/// databases are joined does not matter.
struct Verdict {
  bool second;
  std::string reason;
};

template <class T>
bool decides(const T& first, const T& second, bool larger_stays, const char* reason,
             Verdict& verdict) {
  if (first == second) return false;
  verdict = {(first < second) == larger_stays, reason};
  return true;
}

Verdict judge(const Record& one, const Record& other) {
  Verdict verdict{false, "the lines are equal"};
  const bool decided =
      decides(one.space, other.space, true, "a later schedule space", verdict) ||
      decides(version_numbers(one.halide), version_numbers(other.halide), true, "a later compiler",
              verdict) ||
      decides(one.predicted, other.predicted, false, "measured, not predicted", verdict) ||
      decides(one.threads, other.threads, false, "fewer threads", verdict) ||
      decides(one.us, other.us, false, "a shorter time", verdict) ||
      decides(one.trials, other.trials, true, "more trials", verdict) ||
      decides(to_line(one), to_line(other), false, "the order of the lines", verdict);
  (void)decided;
  return verdict;
}

}  // namespace

Merged merge(const std::vector<Database>& inputs) {
  Merged merged;
  std::vector<Record> all;
  for (const Database& input : inputs) {
    all.insert(all.end(), input.records.begin(), input.records.end());
    for (const std::string& comment : input.comments) {
      auto& comments = merged.database.comments;
      if (std::find(comments.begin(), comments.end(), comment) == comments.end()) {
        comments.push_back(comment);
      }
    }
  }
  // With the lines as the last key, conflicts too come in one order, whatever that of the inputs.
  std::sort(all.begin(), all.end(), [](const Record& one, const Record& other) {
    if (!same_key(one, other)) return key_less(one, other);
    return to_line(one) < to_line(other);
  });
  for (Record& record : all) {
    auto& records = merged.database.records;
    if (records.empty() || !same_key(records.back(), record)) {
      records.push_back(std::move(record));
      continue;
    }
    const Verdict verdict = judge(records.back(), record);
    if (verdict.second) std::swap(records.back(), record);
    if (records.back().point != record.point) {
      merged.conflicts.push_back({records.back(), std::move(record), verdict.reason});
    }
  }
  return merged;
}

Difference diff(const Database& before, const Database& after) {
  Difference difference;
  auto old = before.records.begin();
  auto fresh = after.records.begin();
  while (old != before.records.end() || fresh != after.records.end()) {
    if (fresh == after.records.end() || (old != before.records.end() && key_less(*old, *fresh))) {
      difference.removed.push_back(*old++);
    } else if (old == before.records.end() || key_less(*fresh, *old)) {
      difference.added.push_back(*fresh++);
    } else {
      if (to_line(*old) != to_line(*fresh)) difference.changed.push_back({*old, *fresh});
      ++old;
      ++fresh;
    }
  }
  return difference;
}

}  // namespace sepconv::db
