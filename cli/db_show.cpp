// Cli: the verbs db list, best, diff and export: reading the tuner's files. Changes none of them.
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <memory>

#include "cli/choose.h"
#include "cli/db_files.h"
#include "cli/db_verbs.h"
#include "support/files.h"

namespace sepconv::cli {
namespace {

struct Show : Options {
  std::string file, other, out, format = "csv";
  int top = 1;
};

void add_filter(CLI::App& verb, Show& show) {
  verb.add_option("--layers", show.files, "Only the layers of these files")->type_name("FILE");
  verb.add_option("--target", show.targets, "Only these targets")
      ->type_name("T[,T..]")
      ->allow_extra_args(false);
  verb.add_option("--machine", show.machine, "Only this class of machines")->type_name("M");
}

/// The file that is asked for, else the shipped one, filtered.
Result<TunerFile> read_filtered(const Show& show) {
  auto filter = read_filter(show);
  if (!filter) return fail(std::move(filter.error()));
  auto file = read_tuner_file(show.file.empty() ? shipped_database().string() : show.file);
  if (!file) return fail(std::move(file.error()));
  apply(*filter, *file);
  return file;
}

Json summary_json(const db::Summary& summary) {
  Json outcomes = Json::object();
  for (size_t i = 0; i < summary.outcomes.size(); ++i) {
    outcomes[db::word(static_cast<db::TrialOutcome>(i))] = summary.outcomes[i];
  }
  return {{"layer", summary.layer},
          {"target", summary.target},
          {"machine", summary.machine},
          {"threads", summary.threads},
          {"halide", summary.versions.halide},
          {"space", summary.versions.space},
          {"trials", summary.trials},
          {"outcomes", outcomes},
          {"best", summary.ranking.empty() ? Json(nullptr) : record_json(summary.ranking.front())}};
}

void list_journal(const TunerFile& file, bool json) {
  const auto summaries = db::summarise(file.journal.trials);
  if (json) {
    Json rows = Json::array();
    for (const db::Summary& summary : summaries) rows.push_back(summary_json(summary));
    return print_json({{"file", file.path},
                       {"kind", "journal"},
                       {"layers", rows},
                       {"damaged", lines_json(file.journal.damaged)},
                       {"newer", lines_json(file.journal.newer)}});
  }
  for (const db::Summary& summary : summaries) {
    fmt::print("{} on {} ({}, {} thread{}): {} trials", summary.layer, summary.target,
               summary.machine, summary.threads, summary.threads == 1 ? "" : "s", summary.trials);
    for (size_t i = 1; i < summary.outcomes.size(); ++i) {
      if (summary.outcomes[i] == 0) continue;
      fmt::print(", {} {}", summary.outcomes[i], db::word(static_cast<db::TrialOutcome>(i)));
    }
    if (!summary.ranking.empty()) fmt::print("; best {}", figures_text(summary.ranking.front()));
    fmt::print("\n");
  }
}

void list_database(const TunerFile& file, bool json) {
  Json rows = Json::array();
  for (const db::Record& record : file.database.records) {
    const std::string why = db::unusable(record);
    Json row = record_json(record);
    row["usable"] = why.empty();
    row["reason"] = why;
    rows.push_back(std::move(row));
    if (json) continue;
    fmt::print("{} on {} ({}): {}\n", record.layer, record.target, record.machine,
               figures_text(record));
    if (!why.empty()) fmt::print("  not used: {}\n", why);
  }
  if (json) return print_json({{"file", file.path}, {"kind", "database"}, {"records", rows}});
  if (rows.empty()) fmt::print(stderr, "sepconv: {}: no records\n", file.path);
}

int list(const Show& show) {
  const auto file = read_filtered(show);
  if (!file) return report(file.error(), show.json);
  warn_of_damage(*file);
  file->is_journal ? list_journal(*file, show.json) : list_database(*file, show.json);
  return kOk;
}

/// The fastest first, of each layer and target.
std::vector<std::vector<db::Record>> rankings(const TunerFile& file) {
  std::vector<std::vector<db::Record>> all;
  if (file.is_journal) {
    for (db::Summary& summary : db::summarise(file.journal.trials)) {
      all.push_back(std::move(summary.ranking));
    }
    return all;
  }
  std::map<std::pair<std::string, std::string>, std::vector<db::Record>> grouped;
  for (const db::Record& record : file.database.records) {
    grouped[{record.layer, record.target}].push_back(record);
  }
  for (auto& [key, group] : grouped) {
    std::stable_sort(group.begin(), group.end(),
                     [](const auto& one, const auto& other) { return one.us < other.us; });
    all.push_back(std::move(group));
  }
  return all;
}

int best(const Show& show) {
  const auto file = read_filtered(show);
  if (!file) return report(file.error(), show.json);
  warn_of_damage(*file);
  Json rows = Json::array();
  for (const auto& ranking : rankings(*file)) {
    const size_t count = std::min(ranking.size(), static_cast<size_t>(show.top));
    for (size_t i = 0; i < count; ++i) {
      const db::Record& record = ranking[i];
      Json row{{"rank", i + 1}};
      row.update(record_json(record));
      rows.push_back(std::move(row));
      if (show.json) continue;
      if (i == 0) fmt::print("{} on {}\n", record.layer, record.target);
      fmt::print("  {}. {}: {}\n     {}\n", i + 1, record.machine, figures_text(record),
                 schedules::to_string(record.point));
    }
  }
  if (show.json) print_json({{"results", rows}});
  if (rows.empty()) fmt::print(stderr, "sepconv: {}: nothing that is asked for\n", file->path);
  return kOk;
}

Result<db::Database> comparable(const std::string& path) {
  auto file = read_tuner_file(path);
  if (!file) return fail(std::move(file.error()));
  warn_of_damage(*file);
  // Of a journal's summaries that differ in threads or versions alone, one stands for all.
  return db::merge({db::Database{records(*file), {}}}).database;
}

void print(const db::Difference& difference) {
  const auto line = [](char sign, const db::Record& record) {
    fmt::print("{} {} on {} ({}): {}\n", sign, record.layer, record.target, record.machine,
               figures_text(record));
  };
  for (const db::Record& record : difference.removed) line('-', record);
  for (const db::Record& record : difference.added) line('+', record);
  for (const db::Change& change : difference.changed) {
    line('~', change.after);
    fmt::print("  was {}\n", figures_text(change.before));
    if (change.before.point == change.after.point) continue;
    fmt::print("  point {}\n     to {}\n", schedules::to_string(change.before.point),
               schedules::to_string(change.after.point));
  }
}

int diff(const Show& show) {
  const auto before = comparable(show.file);
  if (!before) return report(before.error(), show.json);
  const auto after = comparable(show.other);
  if (!after) return report(after.error(), show.json);
  const db::Difference difference = db::diff(*before, *after);
  if (!show.json) {
    print(difference);
    return kOk;
  }
  Json added = Json::array(), removed = Json::array(), changed = Json::array();
  for (const db::Record& record : difference.added) added.push_back(record_json(record));
  for (const db::Record& record : difference.removed) removed.push_back(record_json(record));
  for (const db::Change& change : difference.changed) {
    changed.push_back(
        {{"before", record_json(change.before)}, {"after", record_json(change.after)}});
  }
  print_json({{"added", added}, {"removed", removed}, {"changed", changed}});
  return kOk;
}

Json export_json(const TunerFile& file) {
  Json rows = Json::array();
  for (const db::Record& record : file.database.records) rows.push_back(record_json(record));
  for (const db::Trial& trial : file.journal.trials) rows.push_back(trial_json(trial));
  return {{file.is_journal ? "trials" : "records", rows}};
}

int export_file(const Show& show) {
  const auto file = read_filtered(show);
  if (!file) return report(file.error(), show.json);
  warn_of_damage(*file);
  const bool as_json = show.format == "json" || (show.json && show.out.empty());
  const std::string text = as_json ? export_json(*file).dump(2) + "\n" : csv(*file);
  if (show.out.empty()) {
    fmt::print("{}", text);
    return kOk;
  }
  if (auto written = support::write_file_atomic(show.out, text); !written) {
    return report(written.error(), show.json);
  }
  const size_t rows = file->database.records.size() + file->journal.trials.size();
  if (show.json) print_json({{"out", show.out}, {"rows", rows}});
  return kOk;
}

}  // namespace

void add_db_list(CLI::App& app, int& code) {
  CLI::App* verb = app.add_subcommand("list", "List records, or a journal's trials by layer");
  const auto show = std::make_shared<Show>();
  verb->add_option("FILE", show->file, "Database or journal; default: the installed database");
  add_filter(*verb, *show);
  add_json(*verb, *show);
  verb->callback([show, &code] { code = list(*show); });
}

void add_db_best(CLI::App& app, int& code) {
  CLI::App* verb = app.add_subcommand("best", "The fastest points of each layer and target");
  const auto show = std::make_shared<Show>();
  verb->add_option("FILE", show->file, "Database or journal")->required();
  verb->add_option("NAME", show->names, "Only these layers, as canonical names");
  add_filter(*verb, *show);
  verb->add_option("--top", show->top, "How many of each; default: 1")->check(CLI::Range(1, 10000));
  add_json(*verb, *show);
  verb->callback([show, &code] { code = best(*show); });
}

void add_db_diff(CLI::App& app, int& code) {
  CLI::App* verb = app.add_subcommand("diff", "What the second file holds that the first does not");
  const auto show = std::make_shared<Show>();
  verb->add_option("BEFORE", show->file, "Database or journal")->required();
  verb->add_option("AFTER", show->other, "Database or journal")->required();
  add_json(*verb, *show);
  verb->callback([show, &code] { code = diff(*show); });
}

void add_db_export(CLI::App& app, int& code) {
  CLI::App* verb = app.add_subcommand("export", "Write records or trials for other programs");
  const auto show = std::make_shared<Show>();
  verb->add_option("FILE", show->file, "Database or journal; default: the installed database");
  add_filter(*verb, *show);
  verb->add_option("--format", show->format, "csv (default) or json")
      ->check(CLI::IsMember({"csv", "json"}));
  verb->add_option("--out", show->out, "File to write; default: stdout")->type_name("FILE");
  add_json(*verb, *show);
  verb->callback([show, &code] { code = export_file(*show); });
}

}  // namespace sepconv::cli
