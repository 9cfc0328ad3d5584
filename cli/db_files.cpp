// Cli: the tuner's files as the verb db sees them: databases and journals, filtered, as JSON and
// CSV. Knows no verb.
#include "cli/db_files.h"

#include <fmt/core.h>

#include <algorithm>

#include "schedules/space.h"
#include "spec/name.h"
#include "support/files.h"

namespace sepconv::cli {
namespace {

bool contains(const std::vector<std::string>& list, const std::string& word) {
  return list.empty() || std::find(list.begin(), list.end(), word) != list.end();
}

/// An empty journal is one to which nothing was appended yet; an empty database is damage.
bool looks_like_journal(const std::string& path, const std::string& text) {
  if (text.starts_with("# sepconv-db/")) return false;
  if (text.empty()) return path.ends_with(".journal");
  return text.starts_with("{") || path.ends_with(".journal");
}

Error no_trials(const std::string& path, const db::JournalContent& journal) {
  const db::JournalLine& first = journal.newer.empty() ? journal.damaged[0] : journal.newer[0];
  Error error;
  error.kind = ErrorKind::input;
  error.file = path;
  error.field = "line " + std::to_string(first.line);
  error.message = "the journal holds no trial that this version reads: " + first.reason;
  error.hint = "name a journal that `sepconv tune` wrote";
  return error;
}

double minimum(const std::vector<double>& samples) {
  return samples.empty() ? 0 : *std::min_element(samples.begin(), samples.end());
}

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string result = "\"";
  for (const char c : text) result += c == '"' ? std::string("\"\"") : std::string(1, c);
  return result + "\"";
}

std::string cell(const Json& value) {
  if (value.is_null()) return "";
  return value.is_string() ? quoted(value.get<std::string>()) : value.dump();
}

/// One line an object, in the order of the first one's fields.
std::string csv(const std::vector<Json>& rows, const Json& fields) {
  std::string text;
  for (const auto& [key, value] : fields.items()) text += (text.empty() ? "" : ",") + key;
  text += "\n";
  for (const Json& row : rows) {
    std::string line;
    for (const auto& [key, value] : row.items()) line += (line.empty() ? "" : ",") + cell(value);
    text += line + "\n";
  }
  return text;
}

}  // namespace

Result<Filter> read_filter(const Options& options) {
  Filter filter;
  filter.machine = options.machine;
  if (!options.names.empty() || !options.files.empty()) {
    const auto layers = read_layers(options);
    if (!layers) return fail(layers.error());
    for (const spec::Layer& layer : layers->layers) {
      filter.layers.push_back(spec::canonical_name(layer));
    }
  }
  if (!options.targets.empty()) {
    const auto targets = read_targets(options);
    if (!targets) return fail(targets.error());
    for (const targets::Target& target : *targets) filter.targets.push_back(target.name);
  }
  return filter;
}

bool selects(const Filter& filter, const std::string& layer, const std::string& target,
             const std::string& machine) {
  return contains(filter.layers, layer) && contains(filter.targets, target) &&
         (filter.machine.empty() || filter.machine == machine);
}

Result<TunerFile> read_tuner_file(const std::string& path, bool unmerged) {
  const auto text = support::read_file(path);
  if (!text) return fail(text.error());
  TunerFile file;
  file.path = path;
  file.is_journal = looks_like_journal(path, *text);
  if (file.is_journal) {
    // Read again under the lock, so that the record that a tuner is writing is not taken for
    // damage.
    auto content = db::read_journal(path);
    if (!content) return fail(std::move(content.error()));
    file.journal = std::move(*content);
    if (file.journal.trials.empty() && !text->empty() &&
        (!file.journal.damaged.empty() || !file.journal.newer.empty())) {
      return fail(no_trials(path, file.journal));
    }
    return file;
  }
  auto database = unmerged ? db::parse_unmerged(*text, path) : db::parse_database(*text, path);
  if (!database) return fail(std::move(database.error()));
  file.database = std::move(*database);
  return file;
}

void apply(const Filter& filter, TunerFile& file) {
  const auto rejected = [&](const auto& one) {
    return !selects(filter, one.layer, one.target, one.machine);
  };
  std::erase_if(file.database.records, rejected);
  std::erase_if(file.journal.trials, rejected);
}

std::vector<db::Record> records(const TunerFile& file) {
  if (!file.is_journal) return file.database.records;
  std::vector<db::Record> list;
  for (const db::Summary& summary : db::summarise(file.journal.trials)) {
    if (!summary.ranking.empty()) list.push_back(summary.ranking.front());
  }
  return list;
}

Json record_json(const db::Record& record) {
  const bool compared = record.heuristic_us > 0 && record.us > 0;
  return {{"layer", record.layer},
          {"target", record.target},
          {"machine", record.machine},
          {"point", schedules::to_string(record.point)},
          {"us", record.us},
          {"heuristic_us", record.heuristic_us > 0 ? Json(record.heuristic_us) : Json(nullptr)},
          {"gain", compared ? Json(record.heuristic_us / record.us) : Json(nullptr)},
          {"noise", record.noise},
          {"threads", record.threads},
          {"trials", record.trials},
          {"predicted", record.predicted},
          {"halide", record.halide},
          {"space", record.space},
          {"trial", record.provenance}};
}

Json trial_json(const db::Trial& trial) {
  const auto or_null = [](const std::vector<double>& samples, double value) {
    return samples.empty() ? Json(nullptr) : Json(value);
  };
  const Json line = Json::parse(db::to_line(trial));
  Json row;
  for (const auto& [key, value] : line.items()) {
    if (key == "samples_us") {
      row["median_us"] = or_null(trial.samples_us, db::median(trial.samples_us));
      row["min_us"] = or_null(trial.samples_us, minimum(trial.samples_us));
      row["samples"] = trial.samples_us.size();
    } else if (key == "incumbent_us") {
      row["incumbent_median_us"] = or_null(trial.incumbent_us, db::median(trial.incumbent_us));
    } else if (key == "sum") {
      row["trial"] = value;
    } else if (key != "schema") {
      row[key] = value;
    }
  }
  return row;
}

Json lines_json(const std::vector<db::JournalLine>& lines) {
  Json list = Json::array();
  for (const db::JournalLine& line : lines) {
    list.push_back({{"line", line.line}, {"offset", line.offset}, {"reason", line.reason}});
  }
  return list;
}

void warn_of_damage(const TunerFile& file) {
  for (const auto* lines : {&file.journal.damaged, &file.journal.newer}) {
    for (const db::JournalLine& line : *lines) {
      fmt::print(stderr, "sepconv: {}: line {} (byte {}) is passed over: {}\n", file.path,
                 line.line, line.offset, line.reason);
    }
  }
}

std::string figures_text(const db::Record& record) {
  std::string text = fmt::format("{:.2f} us", record.us);
  if (record.predicted) text += " (predicted)";
  if (record.heuristic_us > 0 && record.us > 0) {
    text += fmt::format(", {:.2f} times as fast as the heuristic's point",
                        record.heuristic_us / record.us);
  }
  return text;
}

std::string csv(const TunerFile& file) {
  std::vector<Json> rows;
  if (file.is_journal) {
    for (const db::Trial& trial : file.journal.trials) rows.push_back(trial_json(trial));
    return csv(rows, trial_json({}));
  }
  for (const db::Record& record : file.database.records) rows.push_back(record_json(record));
  return csv(rows, record_json({}));
}

}  // namespace sepconv::cli
