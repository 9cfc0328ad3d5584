// Cli: the verbs db merge and prune: changing the tuner's files. Measures nothing.
#include <fmt/core.h>

#include <memory>
#include <set>

#include "cli/db_files.h"
#include "cli/db_verbs.h"

namespace sepconv::cli {
namespace {

struct Merge : Options {
  std::vector<std::string> inputs;
  std::string out;
};

struct Prune : Options {
  std::string file;
  bool dry_run = false;
};

Result<std::vector<TunerFile>> read_inputs(const Merge& merge) {
  std::vector<TunerFile> files;
  Errors errors;
  for (const std::string& path : merge.inputs) {
    auto file = read_tuner_file(path, true);
    if (file) {
      warn_of_damage(*file);
      files.push_back(std::move(*file));
    } else {
      errors.insert(errors.end(), file.error().begin(), file.error().end());
    }
  }
  if (!errors.empty()) return fail(std::move(errors));
  for (const TunerFile& file : files) {
    if (file.is_journal == files.front().is_journal) continue;
    Error error;
    error.kind = ErrorKind::usage;
    error.file = file.path;
    error.message = "databases and journals cannot be merged with each other";
    error.hint = "merge the databases with one call and the journals with another";
    return fail(std::move(error));
  }
  return files;
}

Json conflict_json(const db::Conflict& conflict) {
  return {{"layer", conflict.kept.layer},
          {"target", conflict.kept.target},
          {"machine", conflict.kept.machine},
          {"kept", record_json(conflict.kept)},
          {"dropped", record_json(conflict.dropped)},
          {"reason", conflict.reason}};
}

int merge_databases(const Merge& merge, const std::vector<TunerFile>& files) {
  std::vector<db::Database> inputs;
  for (const TunerFile& file : files) inputs.push_back(file.database);
  const db::Merged merged = db::merge(inputs);
  if (auto saved = db::save(merge.out, merged.database); !saved) {
    return report(saved.error(), merge.json);
  }
  Json conflicts = Json::array();
  for (const db::Conflict& conflict : merged.conflicts) {
    conflicts.push_back(conflict_json(conflict));
    fmt::print(stderr, "{} on {} ({}): {} stays, {} goes: {}\n", conflict.kept.layer,
               conflict.kept.target, conflict.kept.machine,
               schedules::to_string(conflict.kept.point),
               schedules::to_string(conflict.dropped.point), conflict.reason);
  }
  const size_t count = merged.database.records.size();
  if (merge.json) {
    print_json(
        {{"out", merge.out}, {"kind", "database"}, {"count", count}, {"conflicts", conflicts}});
  } else {
    fmt::print("wrote {}: {} records, {} conflicts\n", merge.out, count, conflicts.size());
  }
  return kOk;
}

/// Appends what the journal lacks, so that it may be one of the inputs or in use by a tuner.
int merge_journals(const Merge& merge, const std::vector<TunerFile>& files) {
  const auto journal = db::Journal::open(merge.out);
  if (!journal) return report(journal.error(), merge.json);
  std::set<std::string> known;
  for (const db::Trial& trial : journal->found().trials) known.insert(db::trial_hash(trial));
  std::vector<db::Trial> fresh;
  for (const TunerFile& file : files) {
    for (const db::Trial& trial : file.journal.trials) {
      if (known.insert(db::trial_hash(trial)).second) fresh.push_back(trial);
    }
  }
  if (auto added = journal->append(fresh); !added) return report(added.error(), merge.json);
  if (merge.json) {
    print_json({{"out", merge.out},
                {"kind", "journal"},
                {"count", known.size()},
                {"conflicts", Json::array()}});
  } else {
    fmt::print("wrote {}: {} trials, {} of them new\n", merge.out, known.size(), fresh.size());
  }
  return kOk;
}

int merge(const Merge& merge) {
  const auto files = read_inputs(merge);
  if (!files) return report(files.error(), merge.json);
  return files->front().is_journal ? merge_journals(merge, *files) : merge_databases(merge, *files);
}

/// Why a record or trial goes; empty: it stays.
std::string reason(const db::Record& record, const Filter& filter) {
  if (!selects(filter, record.layer, record.target, record.machine)) {
    return "it is none of those asked for";
  }
  return db::unusable(record);
}

/// As far as reason() looks at it.
db::Record as_record(const db::Trial& trial) {
  db::Record record;
  record.layer = trial.layer;
  record.target = trial.target;
  record.machine = trial.machine;
  if (!trial.point.empty()) record.point = *schedules::parse_point(trial.point);
  record.halide = trial.versions.halide;
  record.space = trial.versions.space;
  return record;
}

int report_pruned(const Prune& prune, size_t kept, const Json& removed) {
  if (prune.json) {
    print_json(
        {{"file", prune.file}, {"kept", kept}, {"removed", removed}, {"dry_run", prune.dry_run}});
    return kOk;
  }
  for (const Json& row : removed) {
    fmt::print("{} on {} ({}): {}\n", row["layer"].get<std::string>(),
               row["target"].get<std::string>(), row["machine"].get<std::string>(),
               row["reason"].get<std::string>());
  }
  fmt::print("{} kept, {} {}\n", kept, removed.size(),
             prune.dry_run ? "would be removed" : "removed");
  return kOk;
}

int prune_database(const Prune& prune, const Filter& filter, db::Database database) {
  Json removed = Json::array();
  std::erase_if(database.records, [&](const db::Record& record) {
    const std::string why = reason(record, filter);
    if (why.empty()) return false;
    removed.push_back(record_json(record));
    removed.back()["reason"] = why;
    return true;
  });
  if (!prune.dry_run && !removed.empty()) {
    if (auto saved = db::save(prune.file, database); !saved) {
      return report(saved.error(), prune.json);
    }
  }
  return report_pruned(prune, database.records.size(), removed);
}

int prune_journal(const Prune& prune, const Filter& filter, const db::JournalContent& journal) {
  Json removed = Json::array();
  for (const db::Trial& trial : journal.trials) {
    const std::string why = reason(as_record(trial), filter);
    if (why.empty()) continue;
    removed.push_back(trial_json(trial));
    removed.back()["reason"] = why;
  }
  if (!prune.dry_run) {
    auto done = db::filter_journal(prune.file, [&](const db::Trial& trial) {
      return reason(as_record(trial), filter).empty();
    });
    if (!done) return report(done.error(), prune.json);
  }
  return report_pruned(prune, journal.trials.size() - removed.size(), removed);
}

int prune(const Prune& prune) {
  const auto filter = read_filter(prune);
  if (!filter) return report(filter.error(), prune.json);
  const auto file = read_tuner_file(prune.file);
  if (!file) return report(file.error(), prune.json);
  warn_of_damage(*file);
  return file->is_journal ? prune_journal(prune, *filter, file->journal)
                          : prune_database(prune, *filter, file->database);
}

}  // namespace

void add_db_merge(CLI::App& app, int& code) {
  CLI::App* verb = app.add_subcommand("merge", "Join databases, or journals");
  const auto merged = std::make_shared<Merge>();
  verb->add_option("FILE", merged->inputs, "Files of one kind")->required();
  verb->add_option("--out", merged->out, "File to write; it may be one of the inputs")
      ->required()
      ->type_name("FILE");
  add_json(*verb, *merged);
  verb->callback([merged, &code] { code = merge(*merged); });
}

void add_db_prune(CLI::App& app, int& code) {
  CLI::App* verb =
      app.add_subcommand("prune", "Remove what this version cannot use, and what is not asked for");
  const auto pruned = std::make_shared<Prune>();
  verb->add_option("FILE", pruned->file, "Database or journal")->required();
  verb->add_option("--layers", pruned->files, "Keep only the layers of these files")
      ->type_name("FILE");
  verb->add_option("--target", pruned->targets, "Keep only these targets")
      ->type_name("T[,T..]")
      ->allow_extra_args(false);
  verb->add_option("--machine", pruned->machine, "Keep only this class of machines")
      ->type_name("M");
  verb->add_flag("--dry-run", pruned->dry_run, "Only say what would be removed");
  add_json(*verb, *pruned);
  verb->callback([pruned, &code] { code = prune(*pruned); });
}

}  // namespace sepconv::cli
