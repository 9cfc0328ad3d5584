// Cli: the verb tune before its work: flags checked, files read, tasks planned. Knows no
// measurement.
#include "cli/tune_request.h"

#include <fmt/core.h>

#include <filesystem>
#include <utility>

#include "cli/choose.h"
#include "schedules/schedule.h"
#include "support/process.h"

namespace sepconv::cli {
namespace {

namespace fs = std::filesystem;

constexpr double kDefaultBudget = 600;
constexpr double kSecondsATrial = 0.7;  ///< for the plan, before anything was measured
constexpr double kSecondsAhead = 0.35;  ///< likewise, where the next ones compile meanwhile

Error flag_error(ErrorKind kind, const char* flag, const std::string& value, std::string message,
                 std::string hint) {
  Error error;
  error.kind = kind;
  error.field = flag;
  error.value = value;
  error.message = std::move(message);
  error.hint = std::move(hint);
  return error;
}

Errors check_flags(const TuneFlags& flags) {
  Errors errors;
  const auto usage = [&](const char* flag, const std::string& value, const char* message,
                         const char* hint) {
    errors.push_back(flag_error(ErrorKind::usage, flag, value, message, hint));
  };
  if (flags.db.empty() && flags.simulate.empty() && !flags.dry_run) {
    usage("--db", "", "no database is named", "name the file that gets the winners: --db tuned.db");
  }
  if (flags.db == "none") {
    usage("--db", flags.db, "tuning writes a database", "name the file that gets the winners");
  }
  if (!flags.budget.empty() && !parse_duration(flags.budget)) {
    usage("--budget", flags.budget, "is no duration", "write 90s, 10m or 2h");
  }
  if (!parse_shard(flags.shard)) {
    usage("--shard", flags.shard, "is no part of a whole", "write i/n with 1 <= i <= n, as in 2/8");
  }
  if (!flags.machine.empty() && !db::valid_machine(flags.machine)) {
    usage("--machine", flags.machine, "is no class of machines",
          "a word of a-z, 0-9, '.', '_' and '-', at most 64 characters");
  }
  return errors;
}

Result<Databases> read_databases(const TuneFlags& flags) {
  std::error_code ignored;
  Databases databases;
  if (auto shipped = db::load(shipped_database())) databases.shipped = std::move(*shipped);
  if (flags.db.empty() || !fs::exists(flags.db, ignored)) return databases;
  auto own = db::load(flags.db);
  if (!own) return fail(std::move(own.error()));
  databases.own = std::move(*own);
  return databases;
}

void warn_of_damage(const db::JournalContent& content, const std::string& path, bool moved) {
  if (!content.damaged.empty()) {
    fmt::print(stderr, "sepconv: {}: {} damaged line{} not used{}\n", path, content.damaged.size(),
               content.damaged.size() == 1 ? " is" : "s are",
               moved ? " and kept in " + db::damaged_path(path).string() : "");
  }
  if (!content.newer.empty()) {
    fmt::print(stderr, "sepconv: {}: {} lines of a later version are not used\n", path,
               content.newer.size());
  }
}

Result<void> read_trials(TuneRequest& request) {
  const TuneFlags& flags = request.flags;
  if (!flags.simulate.empty()) {
    auto content = db::read_journal(flags.simulate);
    if (!content) return fail(std::move(content.error()));
    warn_of_damage(*content, flags.simulate, false);
    request.trials = std::move(content->trials);
    return {};
  }
  if (flags.dry_run) return {};
  auto journal = db::Journal::open(flags.journal);
  if (!journal) return fail(std::move(journal.error()));
  warn_of_damage(journal->found(), flags.journal, true);
  request.trials = journal->found().trials;
  request.journal.emplace(std::move(*journal));
  return {};
}

}  // namespace

Result<TuneRequest> read_request(TuneFlags flags) {
  if (Errors errors = check_flags(flags); !errors.empty()) return fail(std::move(errors));
  TuneRequest request;
  if (flags.journal.empty()) flags.journal = flags.db + ".journal";
  auto layers = read_layers(flags);
  if (!layers) return fail(std::move(layers.error()));
  auto targets = read_targets(flags);
  if (!targets) return fail(std::move(targets.error()));
  if (flags.simulate.empty() && !flags.dry_run) {
    for (const targets::Target& target : *targets) {
      std::string why;
      if (target.device == targets::Device::cpu || targets::runs_here(target, &why)) continue;
      return fail(flag_error(ErrorKind::environment, "--target", target.name,
                             "the target's device is not here: " + why,
                             "tune on the machine that has it; see: sepconv targets"));
    }
    auto judges = find_judges(flags, *targets);
    if (!judges) return fail(std::move(judges.error()));
    request.judges = std::move(*judges);
    flags.predicted = request.judges.predicted;
    if (flags.machine.empty()) flags.machine = request.judges.machine;
  }
  Errors errors;
  for (const spec::Layer& layer : layers->layers) {
    for (const targets::Target& target : *targets) {
      const Errors found = schedules::unsupported(layer, target);
      errors.insert(errors.end(), found.begin(), found.end());
    }
  }
  if (!errors.empty()) return fail(std::move(errors));
  if (flags.machine.empty()) flags.machine = host_machine();
  request.flags = flags;
  const auto databases = read_databases(flags);
  if (!databases) return fail(databases.error());
  auto read = read_trials(request);
  if (!read) return fail(std::move(read.error()));
  request.planned = plan_tasks(*layers, *targets, *databases, request.trials, flags);
  return request;
}

tune::SessionOptions session_options(const TuneFlags& flags) {
  tune::SessionOptions options;
  options.seed = flags.seed;
  options.budget.trials = flags.trials;
  options.budget.patience = flags.patience;
  const bool unbounded = flags.trials == 0 && flags.patience == 0 && flags.simulate.empty();
  options.budget.seconds = parse_duration(flags.budget).value_or(unbounded ? kDefaultBudget : 0);
  if (flags.strategy == "random") options.strategy = tune::Strategy::random;
  if (flags.strategy == "exhaustive") options.strategy = tune::Strategy::exhaustive;
  return options;
}

void print_plan(const TuneRequest& request, const tune::SessionOptions& options) {
  double points = 0;
  size_t known = 0;
  for (const PlannedTask& task : request.planned) {
    points += task.size.points;
    known += task.known.size();
  }
  const bool ahead = support::core_count() > request.flags.threads;
  const double each = ahead ? kSecondsAhead : kSecondsATrial;
  fmt::print(stderr, "{} layers and targets, {:.3g} legal points, {} trials in the journal\n",
             request.planned.size(), points, known);
  if (request.flags.predicted) {
    fmt::print(stderr,
               "no clock here times these targets: llvm-mca predicts times, at 1 GHz; records say "
               "by=model, and only gains of more than {:.0f} % count\n",
               100 * kModelNoise);
  }
  if (options.budget.seconds > 0) {
    fmt::print(stderr, "budget {:.0f} s, about {:.0f} trials\n", options.budget.seconds,
               options.budget.seconds / each);
  } else if (options.budget.trials > 0) {
    const double trials =
        static_cast<double>(options.budget.trials) * static_cast<double>(request.planned.size());
    fmt::print(stderr, "{:.0f} trials, about {:.0f} s\n", trials, trials * each);
  }
}

}  // namespace sepconv::cli
