// Cli: the verb explain: why a layer gets its schedule. Compiles nothing.
#include <fmt/core.h>

#include <memory>

#include "cli/choose.h"
#include "cli/db_files.h"
#include "cli/inspect_texts.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "spec/name.h"

namespace sepconv::cli {
namespace {

int explain(const Options& options) {
  const auto layers = read_layers(options);
  if (!layers) return report(layers.error(), options.json);
  const auto targets = read_targets(options);
  if (!targets) return report(targets.error(), options.json);
  const auto select = make_selector(options);
  if (!select) return report(select.error(), options.json);
  Json rows = Json::array();
  for (const spec::Layer& layer : layers->layers) {
    for (const targets::Target& target : *targets) {
      const auto choice = (*select)(layer, target);
      if (!choice) return report(choice.error(), options.json);
      std::vector<std::string> lines = choice->notes;
      for (std::string& line : cost_lines(layer, target)) lines.push_back(std::move(line));
      for (std::string& line : schedules::explain(layer, target, choice->point)) {
        lines.push_back(std::move(line));
      }
      rows.push_back({{"layer", layer.name},
                      {"name", spec::canonical_name(layer)},
                      {"target", target.name},
                      {"schedule", schedules::to_string(choice->point)},
                      {"source", choice->source},
                      {"record", choice->record ? record_json(*choice->record) : Json(nullptr)},
                      {"lines", lines}});
      if (options.json) continue;
      fmt::print("{} on {}: {} point {}\n", layer.name, target.name, choice->source,
                 schedules::to_string(choice->point));
      for (const std::string& line : lines) fmt::print("  {}\n", line);
    }
  }
  if (options.json) print_json({{"results", rows}});
  return kOk;
}

}  // namespace

void add_explain(CLI::App& app, int& code) {
  CLI::App* verb = app.add_subcommand("explain", "Say why a layer gets its schedule");
  const auto options = std::make_shared<Options>();
  add_layers(*verb, *options);
  add_targets(*verb, *options);
  add_build(*verb, *options);
  add_json(*verb, *options);
  verb->footer("Example: sepconv explain pw_f32_n1h14w14c512_o512_relu6 --target x86-64-v4@zen4");
  verb->callback([options, &code] { code = explain(*options); });
}

}  // namespace sepconv::cli
