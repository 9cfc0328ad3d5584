// Cli: the verb targets: what can be generated for, run and timed here. Knows no layer.
#include "cli/target_rows.h"

#include <fmt/core.h>

#include <memory>

#include "cli/options.h"
#include "cli/runner.h"
#include "cli/verbs.h"

namespace sepconv::cli {

bool can_generate(const targets::Target& /*target*/, std::string* /*why*/) { return true; }

std::vector<TargetRow> target_rows() {
  std::vector<TargetRow> rows;
  for (const std::string& name : targets::target_names()) {
    TargetRow row;
    row.name = name;
    const auto target = targets::parse_target(name);
    if (!target) {
      row.reason = target.error().front().message;
      rows.push_back(std::move(row));
      continue;
    }
    row.halide = target->halide;
    row.generate = can_generate(*target, &row.reason);
    if (!row.generate) {
      rows.push_back(std::move(row));
      continue;
    }
    if (targets::runs_here(*target, &row.reason)) {
      const bool opencl = target->device == targets::Device::opencl;
      row.run = opencl ? "opencl" : "native";
      row.time = true;
      row.reason.clear();
    } else if (const std::string start = emulator(*target); !start.empty()) {
      row.run = "runner";
      row.reason = "through `" + start + "`, whose times mean nothing; or through --runner";
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

namespace {

int targets_verb(const Options& options) {
  const auto rows = target_rows();
  if (!options.json) {
    fmt::print("{:<24} {:<9} {:<7} {:<5} {}\n", "target", "generate", "run", "time", "reason");
  }
  Json list = Json::array();
  for (const TargetRow& row : rows) {
    list.push_back({{"name", row.name},
                    {"halide", row.halide},
                    {"generate", row.generate},
                    {"run", row.run},
                    {"time", row.time},
                    {"reason", row.reason}});
    if (options.json) continue;
    fmt::print("{:<24} {:<9} {:<7} {:<5} {}\n", row.name, row.generate ? "yes" : "no", row.run,
               row.time ? "yes" : "no", row.reason);
  }
  if (options.json) print_json({{"targets", list}});
  return kOk;
}

}  // namespace

void add_targets_verb(CLI::App& app, int& code) {
  CLI::App* verb =
      app.add_subcommand("targets", "List targets and what this machine does for them");
  const auto options = std::make_shared<Options>();
  add_json(*verb, *options);
  verb->callback([options, &code] { code = targets_verb(*options); });
}

}  // namespace sepconv::cli
