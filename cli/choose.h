// Cli: the point of each layer: forced, from a database, or the heuristic's. Knows no verb.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/options.h"
#include "emit/library.h"
#include "schedules/db/database.h"

namespace sepconv::cli {

/// A point and why it is this one.
struct Selection {
  schedules::Point point;
  std::string source;                ///< "heuristic", "db" or "forced"
  std::optional<db::Record> record;  ///< the one used
  std::vector<std::string> notes;    ///< what the database said, for explain
};
using Selector =
    std::function<Result<Selection>(const spec::Layer& layer, const targets::Target& target)>;

/// The database that is installed with the tool.
[[nodiscard]] std::filesystem::path shipped_database();

/// --schedule, else the usable record of exactly this layer and target (and --machine), else the
/// heuristic's point. Kind input for a database or --machine that is no good, usage for flags that
/// exclude each other. The selector fails with kind input where several machines' records differ
/// and --machine does not choose, or where --schedule is not in the layer's space.
[[nodiscard]] Result<Selector> make_selector(const Options& options);
/// The same for emit.
[[nodiscard]] Result<emit::Chooser> make_chooser(const Options& options);

}  // namespace sepconv::cli
