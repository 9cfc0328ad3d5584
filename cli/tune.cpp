// Cli: the verb tune: flags to a session, its outcome to words, JSON, a page and an exit code.
// Knows no kernel.
#include <fmt/core.h>

#include <filesystem>
#include <memory>

#include "cli/output.h"
#include "cli/rows.h"
#include "cli/runner.h"
#include "cli/tune_report.h"
#include "cli/tune_request.h"
#include "cli/tune_session.h"
#include "cli/verbs.h"
#include "support/files.h"

namespace sepconv::cli {
namespace {

/// The command as one types it to repeat or resume the session, without this machine's paths.
std::string command_of(const TuneFlags& flags) {
  const auto base = [](const std::string& path) {
    return shell_word(std::filesystem::path(path).filename().string());
  };
  std::string text = "sepconv tune";
  if (!flags.files.empty()) text += " --layers";
  for (const std::string& file : flags.files) text += " " + base(file);
  for (const std::string& name : flags.names) text += " " + shell_word(name);
  for (const std::string& target : flags.targets) text += " --target " + shell_word(target);
  if (!flags.simulate.empty()) text += " --simulate " + base(flags.simulate);
  if (!flags.db.empty()) text += " --db " + base(flags.db);
  if (flags.threads != 1) text += fmt::format(" --threads {}", flags.threads);
  if (flags.start != "heuristic") text += " --start " + flags.start;
  if (flags.strategy != "guided") text += " --strategy " + flags.strategy;
  if (flags.seed != 0) text += fmt::format(" --seed {}", flags.seed);
  if (!flags.budget.empty()) text += " --budget " + flags.budget;
  if (flags.trials > 0) text += fmt::format(" --trials {}", flags.trials);
  if (flags.patience > 0) text += fmt::format(" --patience {}", flags.patience);
  if (!flags.shard.empty()) text += " --shard " + flags.shard;
  return text;
}

Json json_of(const TuneRequest& request, const TuneOutcome& outcome) {
  const TuneFlags& flags = request.flags;
  Json list = Json::array();
  for (const TuneRow& row : outcome.rows) list.push_back(to_json(row));
  return {{"machine", flags.machine},
          {"threads", flags.threads},
          {"predicted", flags.predicted},
          {"seed", flags.seed},
          {"start", flags.start},
          {"strategy", flags.strategy},
          {"db", flags.db.empty() ? Json(nullptr) : Json(flags.db)},
          {"journal", flags.simulate.empty() ? flags.journal : flags.simulate},
          {"made", outcome.made},
          {"replayed", outcome.replayed},
          {"interrupted", outcome.interrupted},
          {"results", std::move(list)},
          {"errors", to_json(outcome.errors)}};
}

Errors write_page(const TuneRequest& request, const TuneOutcome& outcome) {
  if (!request.flags.report) return {};
  const auto written = support::write_file_atomic(
      *request.flags.report, tune_page(outcome.rows, command_of(request.flags)));
  return written ? Errors{} : written.error();
}

int plan_only(const TuneRequest& request) {
  Json list = Json::array();
  for (const TuneRow& row : planned_rows(request)) {
    if (request.flags.json) {
      list.push_back(to_json(row));
    } else {
      fmt::print("{} {}  {} {:.6g} legal points\n", row.layer, row.task->target.name,
                 row.size.exact ? "has" : "has about", row.size.points);
    }
  }
  if (request.flags.json) print_json({{"results", std::move(list)}, {"errors", Json::array()}});
  return kOk;
}

int exit_code(const TuneOutcome& outcome) {
  if (outcome.interrupted) return kInterrupted;
  return cli::exit_code(outcome.errors);
}

int run(const TuneFlags& flags) {
  const auto request = read_request(flags);
  if (!request) return report(request.error(), flags.json);
  const tune::SessionOptions options = session_options(request->flags);
  print_plan(*request, options);
  if (flags.dry_run) return plan_only(*request);
  TuneOutcome outcome =
      flags.simulate.empty() ? tune_kernels(*request, options) : replay(*request, options);
  const Errors unwritten = write_page(*request, outcome);
  outcome.errors.insert(outcome.errors.end(), unwritten.begin(), unwritten.end());
  print_errors(outcome.errors);
  if (flags.json) {
    print_json(json_of(*request, outcome));
  } else {
    print(outcome.rows);
  }
  if (outcome.interrupted) {
    fmt::print(stderr, "interrupted; every trial is in {}; the same command goes on from there\n",
               request->flags.journal);
  }
  return exit_code(outcome);
}

void add_search(CLI::App& verb, TuneFlags& flags) {
  verb.add_option("--budget", flags.budget,
                  "Time for trials, as 90s, 10m or 2h; default: 10m unless --trials or --patience "
                  "is given")
      ->type_name("TIME");
  verb.add_option("--trials", flags.trials, "Trials of each layer, those in the journal included")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 40));
  verb.add_option("--patience", flags.patience,
                  "Leave a layer after so many trials without a gain of half a percent")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 40));
  verb.add_option("--start", flags.start,
                  "heuristic (default): its point and the nearest records first; random: neither")
      ->check(CLI::IsMember({"heuristic", "random"}));
  verb.add_option("--strategy", flags.strategy,
                  "guided (default): by a model of past trials; random; exhaustive: every point")
      ->check(CLI::IsMember({"guided", "random", "exhaustive"}));
  verb.add_option("--seed", flags.seed, "The same seed gives the same order; default: 0");
  verb.add_option("--simulate", flags.simulate, "Search among a journal's trials; measure nothing")
      ->type_name("JOURNAL");
  verb.add_option("--shard", flags.shard, "Tune the i-th of n parts of the layers")
      ->type_name("I/N");
}

}  // namespace

void add_tune(CLI::App& app, int& code) {
  CLI::App* verb = app.add_subcommand("tune", "Find the fastest schedules by measuring");
  const auto flags = std::make_shared<TuneFlags>();
  add_layers(*verb, *flags);
  add_targets(*verb, *flags);
  add_threads(*verb, *flags);
  verb->add_option("--db", flags->db, "The database that gets the winners")->type_name("FILE");
  verb->add_option("--journal", flags->journal,
                   "Every trial; default: the database's name .journal")
      ->type_name("FILE");
  verb->add_option("--machine", flags->machine, "Class of this machine; default: its core's name")
      ->type_name("M");
  add_search(*verb, *flags);
  add_runner(*verb, *flags);
  verb->add_option("--jobs", flags->jobs, "Compile processes at once; 0: one a core")
      ->check(CLI::Range(0, 1024));
  verb->add_option("--report", flags->report, "Write the search as one HTML page")
      ->type_name("FILE");
  verb->add_flag("--dry-run", flags->dry_run, "Say how large the spaces are and stop");
  add_json(*verb, *flags);
  verb->footer(
      "Example: sepconv tune --layers layers.json --db tuned.db --budget 15m\n"
      "         sepconv generate --layers layers.json --db tuned.db --out kernels");
  verb->callback([flags, &code] { code = run(*flags); });
}

}  // namespace sepconv::cli
