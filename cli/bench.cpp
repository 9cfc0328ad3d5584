// Cli: the verb bench: rows of bench/ to words, JSON and an exit code. Knows no clock.
#include <fmt/core.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "bench/compare.h"
#include "bench/json.h"
#include "bench/page.h"
#include "bench/peers/find.h"
#include "bench/rows.h"
#include "bench/table.h"
#include "cli/build.h"
#include "cli/choose.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/rows.h"
#include "cli/runner.h"
#include "cli/verbs.h"
#include "support/files.h"

namespace sepconv::cli {
namespace {

struct BenchFlags : Options {
  double seconds = 1;
  std::optional<std::string> compare, report;
  std::vector<std::string> peers;
};

/// A report and what it was compared with.
struct Outcome {
  bench::BenchReport report;
  std::optional<std::vector<bench::Comparison>> comparison;
  Errors errors;
  Errors missing;  ///< rivals; said, but no reason for an exit code
};

int exit_code(const Outcome& outcome) {
  for (const bench::BenchRow& row : outcome.report.rows) {
    if (row.status == bench::Status::failed || row.status == bench::Status::mistrusted) {
      return kCheckFailed;
    }
  }
  for (const auto& row : outcome.comparison.value_or(std::vector<bench::Comparison>{})) {
    if (row.regressed()) return kCheckFailed;
  }
  return cli::exit_code(outcome.errors);
}

void print(const Outcome& outcome) {
  fmt::print("{}", bench::table(outcome.report));
  const std::string convolution = bench::convolution_table(outcome.report);
  if (!convolution.empty()) fmt::print("\n{}", convolution);
  if (outcome.comparison) fmt::print("\n{}", bench::comparison_table(*outcome.comparison));
}

void print_json(const Outcome& outcome, bool several_files) {
  Json object = bench::to_json(outcome.report, several_files);
  if (outcome.comparison) object["compare"] = bench::to_json(*outcome.comparison);
  Errors errors = outcome.errors;
  errors.insert(errors.end(), outcome.missing.begin(), outcome.missing.end());
  object["errors"] = to_json(errors);
  cli::print_json(object);
}

/// What the verb works on, all of it checked before anything is built.
struct Request {
  Layers layers;
  std::vector<targets::Target> targets;
  emit::Chooser choose;
  std::optional<nlohmann::json> base;
  bench::FoundPeers peers;
  RunnerOf runner;  ///< none without --runner
  measure::Machine machine = measure::this_machine();
};

/// A page that could not be written is known before the work.
Errors unwritable(const BenchFlags& flags) {
  if (!flags.report) return {};
  const std::filesystem::path page = *flags.report;
  std::error_code ignored;
  const bool is_file = page.has_filename() && !std::filesystem::is_directory(page, ignored);
  const auto folder = page.has_parent_path() ? page.parent_path() : ".";
  if (is_file && std::filesystem::is_directory(folder, ignored)) return {};
  Error error;
  error.kind = ErrorKind::environment;
  error.file = *flags.report;
  error.field = "--report";
  error.message = is_file ? "its folder does not exist" : "is no name of a file";
  error.hint = "name a file in a folder that exists";
  return {error};
}

/// The base of --compare, if any. Other threads are known before the work as well as after it.
Result<std::optional<nlohmann::json>> read_comparable(const BenchFlags& flags) {
  if (!flags.compare) return std::nullopt;
  auto base = bench::read_base(*flags.compare);
  if (!base) return fail(std::move(base.error()));
  bench::BenchReport nothing;
  nothing.threads = flags.threads;
  auto comparable = bench::compare(nothing, *base, *flags.compare);
  if (!comparable) return fail(std::move(comparable.error()));
  return std::optional(std::move(*base));
}

/// Starts the runners' machine, where there is one. What cannot be had there is a matter of usage.
Result<void> find_machine(const BenchFlags& flags, Request& request) {
  if (flags.runner.empty() && flags.runner_push.empty()) return {};
  if (!flags.peers.empty()) {
    Error error;
    error.kind = ErrorKind::usage;
    error.field = "--peers";
    error.message = "rivals run on this machine only, kernels through --runner elsewhere";
    error.hint = "leave one of the two away";
    return fail(std::move(error));
  }
  auto runner = make_runners(flags, request.targets);
  if (!runner) return fail(std::move(runner.error()));
  auto machine = measure::runner_machine(*(*runner)(request.targets.front()));
  if (!machine) return fail(std::move(machine.error()));
  request.runner = std::move(*runner);
  request.machine = std::move(*machine);
  return {};
}

Result<Request> read_request(const BenchFlags& flags) {
  Request request;
  auto layers = read_layers(flags);
  if (!layers) return fail(std::move(layers.error()));
  auto targets = read_targets(flags);
  if (!targets) return fail(std::move(targets.error()));
  auto choose = make_chooser(flags);
  if (!choose) return fail(std::move(choose.error()));
  if (Errors errors = refused(*choose, *layers, *targets); !errors.empty()) {
    return fail(std::move(errors));
  }
  auto base = read_comparable(flags);
  if (!base) return fail(std::move(base.error()));
  if (Errors errors = unwritable(flags); !errors.empty()) return fail(std::move(errors));
  auto peers = bench::find_peers(flags.peers);
  if (!peers) return fail(std::move(peers.error()));
  request.base = std::move(*base);
  request.peers = std::move(*peers);
  request.layers = std::move(*layers);
  request.targets = std::move(*targets);
  request.choose = std::move(*choose);
  if (auto found = find_machine(flags, request); !found) return fail(std::move(found.error()));
  return request;
}

std::string peers_flag(const BenchFlags& flags) {
  std::string text;
  for (const std::string& peer : flags.peers) text += (text.empty() ? " --peers " : ",") + peer;
  return text;
}

bench::BenchOptions settings(const BenchFlags& flags, const Request& request, Progress& progress) {
  bench::BenchOptions settings;
  settings.threads = flags.threads;
  settings.row_seconds = flags.seconds;
  settings.limit_seconds = 300 + 20 * flags.seconds;
  settings.progress = [&](const bench::BenchRow& row, size_t done, size_t total) {
    progress.step(done, total, row.layer + " " + row.target + " " + bench::word(row.status));
  };
  settings.peers = request.peers.peers;
  settings.machine = request.machine;
  settings.runner = request.runner;
  settings.note = [&](const std::string& text) {
    progress.clear();
    fmt::print(stderr, "{}\n", text);
  };
  settings.repeat = [&](const spec::Layer& layer, const targets::Target& target) {
    return repeat_command("bench", flags, layer, target) + peers_flag(flags);
  };
  return settings;
}

/// The command of the whole report, as typed but for paths that only this machine has.
std::string report_command(const BenchFlags& flags, const std::vector<targets::Target>& targets) {
  std::string text = flags.files.empty() ? "sepconv bench" : "sepconv bench --layers";
  for (const std::string& file : flags.files) {
    text += " " + shell_word(std::filesystem::path(file).filename().string());
  }
  for (const std::string& name : flags.names) text += " " + shell_word(name);
  for (size_t i = 0; i < targets.size(); ++i) {
    text += (i == 0 ? " --target " : ",") + targets[i].name;
  }
  return text + row_flags(flags) + peers_flag(flags);
}

/// Writes the page where one is asked for.
Errors write_page(const BenchFlags& flags, const std::vector<targets::Target>& targets,
                  const bench::BenchReport& report) {
  if (!flags.report) return {};
  auto written = support::write_file_atomic(*flags.report,
                                            bench::page(report, report_command(flags, targets)));
  return written ? Errors{} : written.error();
}

/// Targets asked for by name of which there are no times.
Errors problems(const BenchFlags& flags, const Request& request,
                const std::vector<bench::BenchRow>& rows) {
  if (!request.runner) return unrunnable(flags, request.targets);
  std::vector<RowEnd> ends;
  for (const bench::BenchRow& row : rows) {
    ends.push_back({row.status != bench::Status::skipped, row.reason});
  }
  return not_run(flags, request.targets, ends);
}

int run(const BenchFlags& flags) {
  auto request = read_request(flags);
  if (!request) return report(request.error(), flags.json);
  print_errors(request->peers.missing);
  Progress progress("bench");
  Outcome outcome;
  outcome.missing = request->peers.missing;
  outcome.report = bench::run(request->layers.layers, request->layers.files, request->targets,
                              make_builder(request->choose, compile_options(flags)),
                              settings(flags, *request, progress));
  progress.clear();
  outcome.errors = problems(flags, *request, outcome.report.rows);
  const Errors unwritten = write_page(flags, request->targets, outcome.report);
  outcome.errors.insert(outcome.errors.end(), unwritten.begin(), unwritten.end());
  print_errors(outcome.errors);
  if (request->base) {
    outcome.comparison = *bench::compare(outcome.report, *request->base, *flags.compare);
  }
  if (flags.json) {
    print_json(outcome, request->layers.several_files);
  } else {
    print(outcome);
  }
  return exit_code(outcome);
}

}  // namespace

void add_bench(CLI::App& app, int& code) {
  CLI::App* verb = app.add_subcommand("bench", "Time kernels against the measured roofline");
  const auto flags = std::make_shared<BenchFlags>();
  add_layers(*verb, *flags);
  add_targets(*verb, *flags);
  add_threads(*verb, *flags);
  verb->add_option("--seconds", flags->seconds, "Time spent on sampling one row; default: 1")
      ->check(CLI::Range(0.001, 3600.0));
  verb->add_option("--report", flags->report, "Write the report as one HTML page")
      ->type_name("FILE");
  verb->add_option("--compare", flags->compare,
                   "An earlier --json output; exit code 1 where a row is slower beyond the noise")
      ->type_name("FILE");
  verb->add_option(
          "--peers", flags->peers,
          "Rivals to time in turn: onednn, xnnpack, onnxruntime, cudnn (see scripts/peers)")
      ->type_name("P[,P..]")
      ->delimiter(',')
      ->allow_extra_args(false);
  add_build(*verb, *flags);
  add_runner(*verb, *flags);
  add_json(*verb, *flags);
  verb->footer(
      "Example: sepconv bench --layers layers.json --threads 2 --json > base.json\n"
      "         sepconv bench --layers layers.json --threads 2 --compare base.json");
  verb->callback([flags, &code] { code = run(*flags); });
}

}  // namespace sepconv::cli
