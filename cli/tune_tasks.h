// Cli: layers, targets and a database to the tuner's tasks. Knows no measurement and no output.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/options.h"
#include "cli/tune_trials.h"
#include "schedules/db/database.h"
#include "support/error.h"
#include "tune/domain.h"
#include "tune/session.h"

namespace sepconv::cli {

/// The flags of the verb, as typed.
struct TuneFlags : Options {
  std::string journal, budget, start = "heuristic", strategy = "guided", simulate, shard;
  std::optional<std::string> report;
  int64_t trials = 0, patience = 0;
  uint64_t seed = 0;
  bool dry_run = false;
  bool predicted = false;  ///< not typed: times are a model's
};

/// A task with what the verb says about it.
struct PlannedTask {
  tune::Task task;
  std::string layer;  ///< its first name in the files
  int64_t count = 1;  ///< of all layers with this canonical name
  schedules::Point heuristic;
  std::optional<db::Record> before;  ///< what the database has and may be used here
  db::Versions versions;
  tune::Recorded known;  ///< what the journal has
  tune::Size size;
};

/// "90", "90s", "10m", "2h" as seconds; none for anything else.
[[nodiscard]] std::optional<double> parse_duration(const std::string& text);

/// A shard `i/n` with 1 <= i <= n; none for anything else. Empty: 1/1.
struct Shard {
  size_t index = 1, count = 1;
};
[[nodiscard]] std::optional<Shard> parse_shard(const std::string& text);

/// The class of this machine: its core's name, or its CPU's as a word.
[[nodiscard]] std::string host_machine();
/// A CPU's name as such a class.
[[nodiscard]] std::string machine_word(const std::string& cpu);

/// Where points come from. Records of the shipped database are no incumbents of another, but good
/// points to start from.
struct Databases {
  db::Database own;  ///< that gets the winners; empty where its file does not exist yet
  db::Database shipped;
};

/// One task per different layer and target, in the order of the layers; of these the shard's. The
/// points that are tried first are the heuristic's, the database's and those of the nearest records
/// in it and in the shipped one, or random ones.
[[nodiscard]] std::vector<PlannedTask> plan_tasks(const Layers& layers,
                                                  const std::vector<targets::Target>& targets,
                                                  const Databases& databases,
                                                  const std::vector<db::Trial>& journal,
                                                  const TuneFlags& flags);

}  // namespace sepconv::cli
