// Cli: the verb inspect: what a layer costs and what its kernel looks like. Knows no measurement.
#include <fmt/core.h>

#include <algorithm>
#include <memory>

#include "cli/choose.h"
#include "cli/inspect_texts.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/verbs.h"
#include "spec/cost.h"
#include "spec/name.h"

namespace sepconv::cli {
namespace {

struct Inspect : Options {
  std::vector<std::string> emits;
};

bool wants(const Inspect& options, const char* kind) {
  return std::find(options.emits.begin(), options.emits.end(), kind) != options.emits.end();
}

/// Whether an asked-for text comes from a compiled kernel.
bool needs_kernel(const Inspect& options) {
  return wants(options, "stmt") || wants(options, "asm") || wants(options, "stats");
}

Json summary(const spec::Layer& layer) {
  const spec::Cost cost = spec::cost(layer);
  return {{"layer", layer.name},
          {"name", spec::canonical_name(layer)},
          {"op", spec::word(layer.op)},
          {"count", layer.count},
          {"macs",
           {{"depthwise", cost.depthwise_macs},
            {"pointwise", cost.pointwise_macs},
            {"dense", cost.dense_macs},
            {"total", cost.macs()}}},
          {"parameters", cost.parameters()},
          {"depthwise_parameters", cost.depthwise_parameters},
          {"pointwise_parameters", cost.pointwise_parameters},
          {"dense_parameters", cost.dense_parameters},
          {"bytes", cost.bytes()},
          {"intensity", cost.intensity()}};
}

void print_summary(const spec::Layer& layer) {
  const spec::Cost cost = spec::cost(layer);
  fmt::print("{}  {}\n", layer.name, spec::canonical_name(layer));
  fmt::print("  MACs {} (depthwise {}, pointwise {}, dense {})\n", cost.macs(), cost.depthwise_macs,
             cost.pointwise_macs, cost.dense_macs);
  fmt::print("  parameters {} (depthwise {}, pointwise {}, dense {})\n", cost.parameters(),
             cost.depthwise_parameters, cost.pointwise_parameters, cost.dense_parameters);
  fmt::print("  bytes {}, {:.2f} FLOP a byte\n", cost.bytes(), cost.intensity());
}

Result<std::vector<emit::CompiledKernel>> compile_one(const Inspect& options,
                                                      const spec::Layer& layer,
                                                      const targets::Target& target,
                                                      const emit::Chooser& choose) {
  emit::CompileOptions compile = compile_options(options);
  if (wants(options, "stmt")) compile.emits.insert("stmt");
  if (wants(options, "asm") || wants(options, "stats")) compile.emits.insert("asm");
  return emit::compile({layer}, {target}, choose, compile);
}

/// Adds the asked-for texts of one layer and target to `texts`, by kind.
Result<void> add_texts(const Inspect& options, const spec::Layer& layer,
                       const targets::Target& target, const emit::Chooser& choose, Json& texts) {
  const auto choice = choose(layer, target);
  if (!choice) return fail(choice.error());
  texts["target"] = target.name;
  if (wants(options, "algorithm")) texts["algorithm"] = algorithm_text(layer);
  if (wants(options, "schedule")) texts["schedule"] = schedule_text(layer, target, *choice);
  if (!needs_kernel(options)) return {};
  const auto kernels = compile_one(options, layer, target, choose);
  if (!kernels) return fail(kernels.error());
  const emit::CompiledKernel& kernel = kernels->front();
  if (wants(options, "stmt")) texts["stmt"] = kernel.texts.at("stmt");
  if (wants(options, "asm")) texts["asm"] = kernel.texts.at("asm");
  if (!wants(options, "stats")) return {};
  auto counted = stats(layer, target, kernel);
  if (!counted) return fail(counted.error());
  texts["stats"] = std::move(*counted);
  return {};
}

void print_texts(const Json& texts) {
  for (const auto& [kind, text] : texts.items()) {
    if (kind == "target") continue;
    fmt::print("--- {} ({})\n{}\n", kind, texts["target"].get<std::string>(),
               text.is_string() ? text.get<std::string>() : text.dump(2));
  }
}

Result<Json> inspect_layer(const Inspect& options, const spec::Layer& layer,
                           const std::vector<targets::Target>& targets,
                           const emit::Chooser& choose) {
  Json row = summary(layer);
  if (!options.json && wants(options, "summary")) print_summary(layer);
  if (options.emits.size() == 1 && wants(options, "summary")) return row;
  row["texts"] = Json::array();
  for (const targets::Target& target : targets) {
    Json texts;
    if (auto added = add_texts(options, layer, target, choose, texts); !added) {
      return fail(added.error());
    }
    if (!options.json) print_texts(texts);
    row["texts"].push_back(std::move(texts));
  }
  return row;
}

int inspect(Inspect& options) {
  if (options.emits.empty()) options.emits = {"summary"};
  const auto layers = read_layers(options);
  if (!layers) return report(layers.error(), options.json);
  const auto targets = read_targets(options);
  if (!targets) return report(targets.error(), options.json);
  const auto choose = make_chooser(options);
  if (!choose) return report(choose.error(), options.json);
  Json rows = Json::array();
  for (size_t i = 0; i < layers->layers.size(); ++i) {
    auto row = inspect_layer(options, layers->layers[i], *targets, *choose);
    if (!row) return report(row.error(), options.json);
    if (layers->several_files) {
      (*row)["file"] = layers->files[i].empty() ? Json(nullptr) : Json(layers->files[i]);
    }
    rows.push_back(std::move(*row));
  }
  if (options.json) print_json({{"layers", rows}});
  return kOk;
}

}  // namespace

void add_inspect(CLI::App& app, int& code) {
  CLI::App* verb = app.add_subcommand("inspect", "Show what layers cost and what their code is");
  const auto options = std::make_shared<Inspect>();
  add_layers(*verb, *options);
  add_targets(*verb, *options);
  verb->add_option("--emit", options->emits, "What to show; default: summary")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"summary", "algorithm", "schedule", "stmt", "asm", "stats"}));
  add_build(*verb, *options);
  add_json(*verb, *options);
  verb->footer("Example: sepconv inspect pw_f32_n1h14w14c512_o512_relu6 --emit schedule,stats");
  verb->callback([options, &code] { code = inspect(*options); });
}

}  // namespace sepconv::cli
