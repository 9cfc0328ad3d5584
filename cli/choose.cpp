// Cli: the point of each layer: forced, from a database, or the heuristic's. Knows no verb.
#include "cli/choose.h"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <set>

#include "cli/output.h"
#include "schedules/schedule.h"
#include "spec/name.h"
#include "support/process.h"

namespace sepconv::cli {
namespace {

/// A loaded database and where it came from.
struct Source {
  db::Database database;
  std::string file;     ///< as typed, or the shipped one; empty: there is none
  std::string machine;  ///< --machine
};

Error machine_error(ErrorKind kind, const Options& options, std::string message, std::string hint) {
  Error error;
  error.kind = kind;
  error.field = "--machine";
  error.value = options.machine;
  error.message = std::move(message);
  error.hint = std::move(hint);
  return error;
}

std::string machines(const std::vector<db::Record>& records) {
  std::set<std::string> names;
  for (const db::Record& record : records) names.insert(record.machine);
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

Errors check_machine(const Options& options, const Source& source) {
  if (options.machine.empty()) return {};
  for (const db::Record& record : source.database.records) {
    if (record.machine == options.machine) return {};
  }
  const std::string known = machines(source.database.records);
  Error error = machine_error(ErrorKind::input, options,
                              "the database holds no record of this class of machines",
                              known.empty() ? "it holds no records" : "it has: " + known);
  error.file = source.file;
  return {error};
}

/// Says once how many records are passed over, so that a stale file does not go unnoticed.
void warn_of_unusable(const Source& source) {
  size_t count = 0;
  for (const db::Record& record : source.database.records) {
    if (!db::unusable(record).empty()) ++count;
  }
  if (count == 0) return;
  fmt::print(stderr, "sepconv: {}: {} of {} records are not used; `sepconv db list {}` says why\n",
             source.file, count, source.database.records.size(), shell_word(source.file));
}

Result<Source> read_source(const Options& options) {
  if (options.db == "none") {
    if (options.machine.empty()) return Source{};
    return fail(machine_error(ErrorKind::usage, options,
                              "chooses among the records of a database, and --db none has none",
                              "leave one of the two away"));
  }
  Source source;
  source.machine = options.machine;
  const std::filesystem::path path =
      options.db.empty() ? shipped_database() : std::filesystem::path(options.db);
  std::error_code ignored;
  // A tool that was copied out of its folders has no database, and nobody asked for one.
  if (!options.db.empty() || std::filesystem::exists(path, ignored)) {
    auto database = db::load(path);
    if (!database) return fail(std::move(database.error()));
    source.database = std::move(*database);
    source.file = path.string();
  }
  if (Errors errors = check_machine(options, source); !errors.empty()) {
    return fail(std::move(errors));
  }
  warn_of_unusable(source);
  return source;
}

std::string figures(const db::Record& record) {
  std::string text =
      fmt::format("{} {:.1f} us", record.predicted ? "predicted" : "measured", record.us);
  if (record.heuristic_us > 0) {
    text += fmt::format(" against {:.1f} of the heuristic's point", record.heuristic_us);
  }
  return text + fmt::format(" on {} with {} thread{}, {} trials, confirmed by trial {}",
                            record.machine, record.threads, record.threads == 1 ? "" : "s",
                            record.trials, record.provenance);
}

/// What there is beside exact matches.
std::string nearest_note(const Source& source, const spec::Layer& layer,
                         const targets::Target& target) {
  const auto near = db::nearest(source.database, layer, target, 1);
  const std::string none = source.file + " has no record of exactly this layer and target";
  if (near.empty()) return none + ", nor of a similar one";
  return fmt::format("{}; nearest is {} on {} ({}), at distance {:.2f}, not used", none,
                     near.front().record.layer, near.front().record.target,
                     near.front().record.machine, near.front().distance);
}

Error ambiguous(const Source& source, const spec::Layer& layer, const targets::Target& target,
                const std::vector<db::Record>& records) {
  Error error;
  error.kind = ErrorKind::input;
  error.file = source.file;
  error.layer = layer.name;
  error.field = "--machine";
  error.message = "the records of several classes of machines differ for target " + target.name;
  error.hint = "choose with --machine one of: " + machines(records);
  return error;
}

/// What a model of a core says counts only where no clock has said anything.
void prefer_measured(std::vector<db::Record>& records) {
  const auto predicted = [](const db::Record& record) { return record.predicted; };
  if (std::all_of(records.begin(), records.end(), predicted)) return;
  records.erase(std::remove_if(records.begin(), records.end(), predicted), records.end());
}

Result<Selection> select(const Source& source, const spec::Layer& layer,
                         const targets::Target& target) {
  Selection selection{schedules::heuristic(layer, target), "heuristic", {}, {}};
  if (source.file.empty()) {
    selection.notes.emplace_back("database: none");
    return selection;
  }
  const std::string name = spec::canonical_name(layer);
  std::vector<db::Record> usable;
  const auto records = source.machine.empty()
                           ? db::find(source.database, name, target.name)
                           : db::find(source.database, name, target.name, source.machine);
  for (const db::Record& record : records) {
    const std::string why = db::unusable(record);
    if (why.empty()) {
      usable.push_back(record);
    } else {
      selection.notes.push_back(fmt::format("database: {}: the record of {} is not used: {}",
                                            source.file, record.machine, why));
    }
  }
  prefer_measured(usable);
  if (usable.empty()) {
    if (records.empty()) {
      selection.notes.push_back("database: " + nearest_note(source, layer, target));
    }
    return selection;
  }
  for (const db::Record& record : usable) {
    if (record.point != usable.front().point) {
      return fail(ambiguous(source, layer, target, usable));
    }
  }
  selection.point = usable.front().point;
  selection.source = "db";
  selection.record = usable.front();
  selection.notes.push_back(
      fmt::format("database: {}: its record is of exactly this layer and target (distance 0): {}",
                  source.file, figures(usable.front())));
  return selection;
}

Result<Selector> forced(const std::string& text) {
  auto point = schedules::parse_point(text);
  if (!point) return fail(std::move(point.error()));
  return Selector([forced = *point](const spec::Layer& layer,
                                    const targets::Target& target) -> Result<Selection> {
    Errors errors = schedules::legal(forced, layer, target);
    for (Error& error : errors) error.layer = layer.name;
    if (!errors.empty()) return fail(std::move(errors));
    return Selection{forced, "forced", {}, {"database: not asked: --schedule forces the point"}};
  });
}

}  // namespace

std::filesystem::path shipped_database() {
  return support::own_executable().parent_path().parent_path() / "share/sepconv/tuned.db";
}

Result<Selector> make_selector(const Options& options) {
  if (!options.schedule.empty() && !options.machine.empty()) {
    return fail(machine_error(ErrorKind::usage, options,
                              "chooses among the records of a database, and --schedule needs none",
                              "leave one of the two away"));
  }
  if (!options.schedule.empty() && !options.db.empty() && options.db != "none") {
    Error error = machine_error(ErrorKind::usage, options, "--schedule needs no database",
                                "leave one of the two away");
    error.field = "--db";
    error.value = options.db;
    return fail(error);
  }
  if (!options.schedule.empty()) return forced(options.schedule);
  auto source = read_source(options);
  if (!source) return fail(std::move(source.error()));
  const auto shared = std::make_shared<const Source>(std::move(*source));
  return Selector(
      [shared](const spec::Layer& layer, const targets::Target& target) -> Result<Selection> {
        if (Errors errors = schedules::unsupported(layer, target); !errors.empty()) {
          return fail(std::move(errors));
        }
        return select(*shared, layer, target);
      });
}

Result<emit::Chooser> make_chooser(const Options& options) {
  auto select = make_selector(options);
  if (!select) return fail(std::move(select.error()));
  return emit::Chooser(
      [select = std::move(*select)](const spec::Layer& layer,
                                    const targets::Target& target) -> Result<emit::Choice> {
        auto selection = select(layer, target);
        if (!selection) return fail(std::move(selection.error()));
        emit::Choice choice{std::move(selection->point), std::move(selection->source)};
        if (selection->record) choice.record = selection->record->provenance;
        return choice;
      });
}

}  // namespace sepconv::cli
