// Schedules, database: records and whole databases as text. Knows no file.
#include "schedules/db/database_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <tuple>

#include "support/sha256.h"

namespace sepconv::db {
namespace {

constexpr std::string_view kFormatStart = "# sepconv-db/";
constexpr std::string_view kFormat = "# sepconv-db/1";
constexpr std::string_view kLegend =
    "# layer target machine point figures, a line each; docs/tuning.md explains them";
constexpr std::array<std::string_view, 9> kFigures = {
    "us=", "heuristic_us=", "noise=", "threads=", "trials=", "by=", "halide=", "space=", "trial="};
constexpr size_t kLineBytes = 8192, kErrors = 20;
constexpr double kLongest = 1e12;

std::string checksum(std::string_view text) { return support::sha256(text).substr(0, 8); }

Error line_error(std::string message, std::string_view line, std::string hint) {
  Error error;
  error.kind = ErrorKind::input;
  error.message = std::move(message);
  error.value = std::string(line.substr(0, 200));
  error.hint = std::move(hint);
  return error;
}

tl::unexpected<Errors> wrong(std::string message, std::string_view line) {
  return fail(line_error(std::move(message), line,
                         "take the line from version control, or delete it and tune again"));
}

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> list;
  while (true) {
    const size_t space = line.find(' ');
    list.push_back(line.substr(0, space));
    if (space == std::string_view::npos) return list;
    line.remove_prefix(space + 1);
  }
}

template <class T>
bool number(std::string_view text, T& value) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  return parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size() && value >= 0;
}

bool figure(std::string_view text, double& value) {
  return number(text, value) && std::isfinite(value) && value <= kLongest;
}

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= 200 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; });
}

bool is_hash(std::string_view text) {
  return text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool read_point(std::string_view text, schedules::Point& point) {
  if (text == "-") return true;
  auto parsed = schedules::parse_point(text);
  if (parsed) point = std::move(*parsed);
  return parsed.has_value();
}

/// The name of the first figure that is wrong; empty: none.
std::string_view read_figures(const std::vector<std::string_view>& list, Record& record) {
  std::array<std::string_view, kFigures.size()> values;
  for (size_t i = 0; i < kFigures.size(); ++i) {
    const std::string_view item = list[4 + i];
    if (!item.starts_with(kFigures[i])) return kFigures[i];
    values[i] = item.substr(kFigures[i].size());
  }
  if (!figure(values[0], record.us)) return kFigures[0];
  if (!figure(values[1], record.heuristic_us)) return kFigures[1];
  if (!figure(values[2], record.noise)) return kFigures[2];
  if (!number(values[3], record.threads) || record.threads < 1) return kFigures[3];
  if (!number(values[4], record.trials)) return kFigures[4];
  if (values[5] != "clock" && values[5] != "model") return kFigures[5];
  record.predicted = values[5] == "model";
  record.halide = std::string(values[6]);
  if (!is_word(record.halide)) return kFigures[6];
  if (!number(values[7], record.space)) return kFigures[7];
  record.provenance = std::string(values[8]);
  if (!is_hash(record.provenance)) return kFigures[8];
  return {};
}

bool is_conflict_marker(std::string_view line) {
  return line.starts_with("<<<<<<<") || line.starts_with("=======") ||
         line.starts_with(">>>>>>>") || line.starts_with("|||||||");
}

/// A line of the file, without newline, and its number from 1.
struct Line {
  std::string_view text;
  int64_t number;
};

std::vector<Line> lines(std::string_view text) {
  std::vector<Line> list;
  for (int64_t number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    // Version control systems may check files out with carriage returns.
    if (line.ends_with('\r')) line.remove_suffix(1);
    list.push_back({line, number});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return list;
}

Error format_error(std::string_view first, const std::string& path) {
  const bool other = first.starts_with(kFormatStart);
  Error error = line_error(other ? "the database has a format that this version does not read"
                                 : "this is no schedule database",
                           first,
                           other ? "use the version of sepconv that wrote it"
                                 : "its first line must be '" + std::string(kFormat) +
                                       "'; `sepconv tune --db FILE` makes one");
  error.file = path;
  error.field = "line 1";
  return error;
}

/// Adds the errors, placed; false once there are enough of them.
bool add(const Errors& found, const std::string& path, int64_t line, Errors& errors) {
  for (Error error : found) {
    error.file = path;
    error.field = "line " + std::to_string(line);
    errors.push_back(std::move(error));
  }
  return errors.size() < kErrors;
}

struct Numbered {
  Record record;
  int64_t line;
};

struct Parsed {
  std::vector<Numbered> records;  ///< in file order
  std::vector<std::string> comments;
};

Result<Parsed> parse(std::string_view text, const std::string& path, bool skip_markers) {
  const std::vector<Line> list = lines(text);
  size_t first = 0;
  while (skip_markers && first < list.size() && is_conflict_marker(list[first].text)) ++first;
  if (first == list.size()) return fail(format_error("", path));
  if (list[first].text != kFormat) return fail(format_error(list[first].text, path));
  Parsed parsed;
  Errors errors;
  for (const auto& [line, number] : list) {
    if (line.empty() || line == kFormat || line == kLegend) continue;
    if (skip_markers && is_conflict_marker(line)) continue;
    if (line.starts_with('#')) {
      parsed.comments.emplace_back(line);
      continue;
    }
    auto record = parse_record(line);
    if (record) {
      parsed.records.push_back({std::move(*record), number});
    } else if (!add(record.error(), path, number, errors)) {
      break;
    }
  }
  if (!errors.empty()) return fail(std::move(errors));
  return parsed;
}

}  // namespace

bool key_less(const Record& one, const Record& other) {
  return std::tie(one.layer, one.target, one.machine) <
         std::tie(other.layer, other.target, other.machine);
}

std::string key_text(const Record& record) {
  return record.layer + " on " + record.target + " (" + record.machine + ")";
}

std::string to_line(const Record& record) {
  const std::string point = schedules::to_string(record.point);
  const std::string text = fmt::format(
      "{} {} {} {} us={:.3f} heuristic_us={:.3f} noise={:.4f} threads={} trials={} by={} halide={} "
      "space={} trial={}",
      record.layer, record.target, record.machine, point.empty() ? "-" : point, record.us,
      record.heuristic_us, record.noise, record.threads, record.trials,
      record.predicted ? "model" : "clock", record.halide, record.space, record.provenance);
  return text + " sum=" + checksum(text);
}

Result<Record> parse_record(std::string_view line) {
  if (is_conflict_marker(line)) {
    return fail(line_error("it is a conflict marker of a version control system", line,
                           "`sepconv db merge FILE --out FILE` settles such conflicts"));
  }
  const size_t sum = line.rfind(" sum=");
  if (line.size() > kLineBytes || sum == std::string_view::npos) {
    return wrong("it is no record", line);
  }
  if (line.substr(sum + 5) != checksum(line.substr(0, sum))) {
    return wrong("its checksum does not match its text: it was damaged or edited", line);
  }
  const auto list = words(line.substr(0, sum));
  if (list.size() != 4 + kFigures.size()) return wrong("it has not the words of a record", line);
  Record record;
  record.layer = std::string(list[0]);
  record.target = std::string(list[1]);
  record.machine = std::string(list[2]);
  if (!is_word(record.layer) || !is_word(record.target)) {
    return wrong("its layer or target is no name", line);
  }
  if (!valid_machine(record.machine)) return wrong("its machine is no class of machines", line);
  if (!read_point(list[3], record.point)) return wrong("its point is misspelt", line);
  const std::string_view bad = read_figures(list, record);
  if (!bad.empty()) return wrong("its figure " + std::string(bad) + " is missing or wrong", line);
  return record;
}

std::string to_text(const Database& database) {
  std::string text = std::string(kFormat) + "\n" + std::string(kLegend) + "\n";
  for (const std::string& comment : database.comments) text += comment + "\n";
  for (const Record& record : database.records) text += to_line(record) + "\n";
  return text;
}

Result<Database> parse_database(std::string_view text, const std::string& path) {
  auto parsed = parse(text, path, false);
  if (!parsed) return fail(std::move(parsed.error()));
  auto& list = parsed->records;
  std::stable_sort(list.begin(), list.end(), [](const Numbered& one, const Numbered& other) {
    return key_less(one.record, other.record);
  });
  Errors errors;
  for (size_t i = 1; i < list.size(); ++i) {
    if (!same_key(list[i - 1].record, list[i].record)) continue;
    const Error twice = line_error(
        "line " + std::to_string(list[i - 1].line) + " also is " + key_text(list[i].record),
        to_line(list[i].record), "`sepconv db merge FILE --out FILE` keeps the better of the two");
    if (!add({twice}, path, list[i].line, errors)) break;
  }
  if (!errors.empty()) return fail(std::move(errors));
  Database database;
  database.comments = std::move(parsed->comments);
  for (Numbered& one : list) database.records.push_back(std::move(one.record));
  return database;
}

Result<Database> parse_unmerged(std::string_view text, const std::string& path) {
  auto parsed = parse(text, path, true);
  if (!parsed) return fail(std::move(parsed.error()));
  std::vector<Database> singles;
  for (Numbered& one : parsed->records) singles.push_back({{std::move(one.record)}, {}});
  Database database = merge(singles).database;
  for (std::string& comment : parsed->comments) {
    const auto& known = database.comments;
    if (std::find(known.begin(), known.end(), comment) == known.end()) {
      database.comments.push_back(std::move(comment));
    }
  }
  return database;
}

}  // namespace sepconv::db
