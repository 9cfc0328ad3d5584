// Cli: the verb verify: rows of measure/ to words, JSON and an exit code. Knows no check.
#include "measure/verify.h"

#include <fmt/core.h>

#include <memory>

#include "cli/build.h"
#include "cli/choose.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/rows.h"
#include "cli/runner.h"
#include "cli/verbs.h"

namespace sepconv::cli {
namespace {

Json number(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

Json rows_json(const std::vector<measure::VerifyRow>& rows, const Layers& layers, size_t targets) {
  Json list = Json::array();
  for (size_t i = 0; i < rows.size(); ++i) {
    const measure::VerifyRow& row = rows[i];
    Json item;
    if (layers.several_files) {
      const std::string& file = layers.files[i / targets];
      item["file"] = file.empty() ? Json(nullptr) : Json(file);
    }
    item["layer"] = row.layer;
    item["name"] = row.name;
    item["target"] = row.target;
    item["status"] = measure::word(row.status);
    item["max_error"] = number(row.max_error);
    item["bound"] = number(row.bound);
    item["reason"] = row.reason;
    item["repeat"] = row.repeat;
    list.push_back(std::move(item));
  }
  return list;
}

void print(const std::vector<measure::VerifyRow>& rows) {
  for (const measure::VerifyRow& row : rows) {
    const bool passed = row.status == measure::Status::passed;
    const char* colour = passed ? "32" : row.status == measure::Status::skipped ? "33" : "31";
    std::string line =
        fmt::format("{} {} {}", coloured(measure::word(row.status), colour), row.layer, row.target);
    if (row.max_error && row.bound) {
      line += fmt::format("  error {:.3g} of {:.3g}", *row.max_error, *row.bound);
    }
    if (!row.reason.empty()) line += "  " + row.reason;
    fmt::print("{}\n", line);
    if (!passed) fmt::print("  again: {}\n", row.repeat);
  }
}

int exit_code(const std::vector<measure::VerifyRow>& rows, const Errors& errors) {
  for (const measure::VerifyRow& row : rows) {
    if (row.status == measure::Status::failed || row.status == measure::Status::mistrusted) {
      return kCheckFailed;
    }
  }
  return cli::exit_code(errors);
}

/// Targets that neither run here nor through a runner, or whose runner ran nothing.
Errors problems(const Options& options, const std::vector<targets::Target>& targets,
                const RunnerOf& runner, const std::vector<measure::VerifyRow>& rows) {
  std::vector<targets::Target> here;
  for (const targets::Target& target : targets) {
    if (!runner(target)) here.push_back(target);
  }
  if (here.size() == targets.size()) return unrunnable(options, here);
  std::vector<RowEnd> ends;
  for (const measure::VerifyRow& row : rows) {
    ends.push_back({row.status != measure::Status::skipped, row.reason});
  }
  return not_run(options, targets, ends);
}

int verify(const Options& options) {
  const auto layers = read_layers(options);
  if (!layers) return report(layers.error(), options.json);
  const auto targets = read_targets(options);
  if (!targets) return report(targets.error(), options.json);
  auto choose = make_chooser(options);
  if (!choose) return report(choose.error(), options.json);
  if (const Errors errors = refused(*choose, *layers, *targets); !errors.empty()) {
    return report(errors, options.json);
  }
  const auto runner = make_runners(options, *targets);
  if (!runner) return report(runner.error(), options.json);
  Progress progress("verify");
  measure::VerifyOptions settings;
  settings.threads = options.threads;
  settings.runner = *runner;
  settings.progress = [&](const measure::VerifyRow& row, size_t done, size_t total) {
    progress.step(done, total, row.layer + " " + row.target + " " + measure::word(row.status));
  };
  settings.repeat = [&](const spec::Layer& layer, const targets::Target& target) {
    return repeat_command("verify", options, layer, target);
  };
  const auto rows = measure::verify(layers->layers, *targets,
                                    make_builder(*choose, compile_options(options)), settings);
  progress.clear();
  const Errors errors = problems(options, *targets, *runner, rows);
  print_errors(errors);
  if (options.json) {
    print_json(
        {{"results", rows_json(rows, *layers, targets->size())}, {"errors", to_json(errors)}});
  } else {
    print(rows);
  }
  return exit_code(rows, errors);
}

}  // namespace

void add_verify(CLI::App& app, int& code) {
  CLI::App* verb = app.add_subcommand("verify", "Check kernels against the reference");
  const auto options = std::make_shared<Options>();
  add_layers(*verb, *options);
  add_targets(*verb, *options);
  add_threads(*verb, *options);
  add_runner(*verb, *options);
  add_build(*verb, *options);
  add_json(*verb, *options);
  verb->footer(
      "Example: sepconv verify --layers layers.json --target x86-64-v3\n"
      "Example: sepconv verify --layers layers.json --target arm64 --runner 'ssh board' "
      "--runner-push 'scp {} board:'");
  verb->callback([options, &code] { code = verify(*options); });
}

}  // namespace sepconv::cli
