// Cli: the verb explain: why a layer gets its schedule, and what bounds it. Knows no clock.
#include <fmt/core.h>

#include <memory>

#include "cli/choose.h"
#include "cli/db_files.h"
#include "cli/inspect_texts.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "schedules/bound.h"
#include "spec/name.h"

namespace sepconv::cli {
namespace {

struct Explain : Options {
  bool no_compile = false;
};

int64_t vector_instructions(const Json& code) {
  int64_t sum = 0;
  for (const char* kind : {"fma", "vector_arithmetic", "vector_moves", "broadcasts_shuffles"}) {
    sum += code["instructions"][kind].get<int64_t>();
  }
  return sum;
}

/// Spills, code bytes and so on of the kernel; null where it is not to be compiled.
Result<Json> code_of(const Explain& options, const spec::Layer& layer,
                     const targets::Target& target, const Selection& selection) {
  if (options.no_compile) return Json(nullptr);
  const auto choose = [&](const spec::Layer&, const targets::Target&) -> Result<emit::Choice> {
    return emit::Choice{selection.point, selection.source};
  };
  emit::CompileOptions compile = compile_options(options);
  compile.emits.insert("asm");
  const auto kernels = emit::compile({layer}, {target}, choose, compile);
  if (!kernels) return fail(kernels.error());
  return stats(layer, target, kernels->front());
}

void add_code_lines(const Json& code, std::vector<std::string>& lines) {
  if (code.is_null() || !code.contains("spills")) return;
  lines.push_back(
      fmt::format("code: {} bytes, {} vector spills, {} multiply-adds of {} "
                  "vector instructions",
                  code["code_bytes"].dump(), code["spills"].dump(),
                  code["instructions"]["fma"].dump(), vector_instructions(code)));
  lines.push_back(fmt::format("code: {} bytes of scratch a thread, largest intermediate {} bytes",
                              code["scratch_bytes"].dump(),
                              code["largest_intermediate_bytes"].dump()));
}

Json bound_json(const spec::Layer& layer, const targets::Target& target) {
  if (target.device != targets::Device::cpu) return nullptr;
  const schedules::Bound bound = schedules::bound(layer, target);
  return {{"cycles", bound.cycles()},
          {"limit", bound.limit()},
          {"level", bound.level},
          {"arithmetic_cycles", bound.arithmetic},
          {"bytes_cycles", bound.bytes}};
}

Result<Json> explain_row(const Explain& options, const Selector& select, const spec::Layer& layer,
                         const targets::Target& target) {
  const auto choice = select(layer, target);
  if (!choice) return fail(choice.error());
  const auto code = code_of(options, layer, target, *choice);
  if (!code) return fail(code.error());
  std::vector<std::string> lines = choice->notes;
  for (std::string& line : cost_lines(layer, target)) lines.push_back(std::move(line));
  for (std::string& line : schedules::explain(layer, target, choice->point)) {
    lines.push_back(std::move(line));
  }
  add_code_lines(*code, lines);
  return Json{{"layer", layer.name},
              {"name", spec::canonical_name(layer)},
              {"target", target.name},
              {"schedule", schedules::to_string(choice->point)},
              {"source", choice->source},
              {"record", choice->record ? record_json(*choice->record) : Json(nullptr)},
              {"lines", lines},
              {"bound", bound_json(layer, target)},
              {"code", *code},
              {"advisories", schedules::advisories(layer, target)}};
}

void print(const Json& row) {
  const auto text = [&](const char* field) { return row[field].get<std::string>(); };
  fmt::print("{} on {}: {} point {}\n", text("layer"), text("target"), text("source"),
             text("schedule"));
  for (const Json& line : row["lines"]) fmt::print("  {}\n", line.get<std::string>());
  for (const Json& line : row["advisories"]) fmt::print("  slow: {}\n", line.get<std::string>());
}

int explain(const Explain& options) {
  const auto layers = read_layers(options);
  if (!layers) return report(layers.error(), options.json);
  const auto targets = read_targets(options);
  if (!targets) return report(targets.error(), options.json);
  const auto select = make_selector(options);
  if (!select) return report(select.error(), options.json);
  Json rows = Json::array();
  for (const spec::Layer& layer : layers->layers) {
    for (const targets::Target& target : *targets) {
      auto row = explain_row(options, *select, layer, target);
      if (!row) return report(row.error(), options.json);
      if (!options.json) print(*row);
      rows.push_back(std::move(*row));
    }
  }
  if (options.json) print_json({{"results", rows}});
  return kOk;
}

}  // namespace

void add_explain(CLI::App& app, int& code) {
  CLI::App* verb = app.add_subcommand("explain", "Say why a layer gets its schedule");
  const auto options = std::make_shared<Explain>();
  add_layers(*verb, *options);
  add_targets(*verb, *options);
  verb->add_flag("--no-compile", options->no_compile,
                 "Leave out what only the compiled code shows");
  add_build(*verb, *options);
  add_json(*verb, *options);
  verb->footer("Example: sepconv explain pw_f32_n1h14w14c512_o512_relu6 --target x86-64-v4@zen4");
  verb->callback([options, &code] { code = explain(*options); });
}

}  // namespace sepconv::cli
