// Cli: the verb generate: layers and targets to a library's folder. Knows no compiler.
#include <fmt/core.h>

#include <memory>
#include <set>

#include "cli/choose.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/target_rows.h"
#include "cli/verbs.h"
#include "schedules/schedule.h"
#include "spec/name.h"
#include "spec/validate.h"
#include "support/files.h"

namespace sepconv::cli {
namespace {

namespace fs = std::filesystem;

struct Generate : Options {
  std::string out, name;
  std::vector<std::string> emits;
};

Error problem(ErrorKind kind, std::string field, std::string value, std::string message,
              std::string hint) {
  Error error;
  error.kind = kind;
  error.field = std::move(field);
  error.value = std::move(value);
  error.message = std::move(message);
  error.hint = std::move(hint);
  return error;
}

Result<std::string> library_name(const Generate& options, const Layers& layers) {
  if (layers.several_files && options.name.empty()) {
    return fail(problem(ErrorKind::usage, "--name", "", "several layer files need a library name",
                        "add --name LIB"));
  }
  if (options.name.empty()) return layers.names.empty() ? "kernels" : layers.names.front();
  std::string why;
  if (spec::valid_library_name(options.name, &why)) return options.name;
  return fail(
      problem(ErrorKind::usage, "--name", options.name, "the library's name is not usable", why));
}

/// Names become C symbols, so they must differ across files.
Errors duplicate_names(const Layers& layers) {
  Errors errors;
  std::set<std::string> seen;
  for (size_t i = 0; i < layers.layers.size(); ++i) {
    if (seen.insert(layers.layers[i].name).second) continue;
    Error error = problem(ErrorKind::input, "name", layers.layers[i].name,
                          "another layer of this library has the same name",
                          "rename one of the two, or generate two libraries");
    error.file = layers.files[i];
    error.layer = layers.layers[i].name;
    errors.push_back(std::move(error));
  }
  return errors;
}

/// The regenerating command: base names only and options in a fixed order, so that a library does
/// not depend on where it was made.
std::string command_text(const Generate& options, const std::string& name,
                         const std::vector<targets::Target>& targets) {
  std::string text = "sepconv generate";
  if (!options.files.empty()) text += " --layers";
  for (const std::string& path : options.files) {
    text += " " + shell_word(fs::path(path).filename().string());
  }
  for (const std::string& word : options.names) text += " " + word;
  text += " --target ";
  for (size_t i = 0; i < targets.size(); ++i) text += (i > 0 ? "," : "") + targets[i].name;
  text += " --out . --name " + name;
  if (!options.db.empty()) text += " --db " + shell_word(fs::path(options.db).filename().string());
  if (!options.machine.empty()) text += " --machine " + shell_word(options.machine);
  if (!options.schedule.empty()) text += " --schedule " + shell_word(options.schedule);
  return text;
}

Result<emit::LibraryRequest> make_request(const Generate& options) {
  const auto layers = read_layers(options);
  if (!layers) return fail(layers.error());
  const auto name = library_name(options, *layers);
  if (!name) return fail(name.error());
  if (Errors errors = duplicate_names(*layers); !errors.empty()) return fail(std::move(errors));
  const auto targets = read_targets(options);
  if (!targets) return fail(targets.error());
  for (const auto& target : *targets) {
    const auto& first = targets->front();
    if ((target.isa == "arm64") != (first.isa == "arm64") || target.os != first.os) {
      return fail(problem(ErrorKind::usage, "--target", target.name,
                          "the targets of one library share one architecture and system",
                          "generate one library for each architecture"));
    }
    std::string why;
    if (!can_generate(target, &why)) {
      return fail(
          problem(ErrorKind::environment, "--target", target.name, why, "see: sepconv targets"));
    }
  }
  auto choose = make_chooser(options);
  if (!choose) return fail(choose.error());
  emit::LibraryRequest request;
  request.name = *name;
  request.layers = layers->layers;
  request.targets = *targets;
  request.out = options.out;
  request.command = command_text(options, *name, *targets);
  request.choose = std::move(*choose);
  request.compile = compile_options(options);
  request.compile.emits.insert(options.emits.begin(), options.emits.end());
  return request;
}

/// Writes DIR/emit/<canonical name>.<target>.<kind>.
Result<void> write_emits(const emit::LibraryRequest& request) {
  const auto kernels =
      emit::compile(request.layers, request.targets, request.choose, request.compile);
  if (!kernels) return fail(kernels.error());
  const fs::path folder = request.out / "emit";
  if (auto made = support::make_folder(folder); !made) return made;
  for (const auto& kernel : *kernels) {
    for (const auto& [kind, text] : kernel.texts) {
      const fs::path path = folder / (kernel.layer + "." + kernel.target + "." + kind);
      if (auto written = support::write_file_atomic(path, text); !written) return written;
    }
  }
  return {};
}

Json to_json(const emit::LibraryResult& library) {
  Json json{{"library", library.library.string()},
            {"header", library.header.string()},
            {"manifest", library.manifest.string()},
            {"layers", Json::array()}};
  for (const emit::LayerResult& layer : library.layers) {
    Json schedule = Json::object();
    for (size_t i = 0; i < layer.targets.size(); ++i) {
      schedule[layer.targets[i]] = schedules::to_string(layer.schedules[i].point);
    }
    json["layers"].push_back({{"layer", layer.layer},
                              {"name", layer.name},
                              {"symbol", layer.symbol},
                              {"targets", layer.targets},
                              {"schedule", schedule},
                              {"code_bytes", layer.code_bytes},
                              {"cached", layer.cached}});
  }
  return json;
}

void print(const emit::LibraryResult& library) {
  for (const emit::LayerResult& layer : library.layers) {
    fmt::print("{:<40} {:>7} bytes{}\n", layer.symbol, layer.code_bytes,
               layer.cached ? "  (cached)" : "");
  }
  fmt::print("wrote {}\n", library.library.string());
}

int generate(const Generate& options) {
  auto request = make_request(options);
  if (!request) return report(request.error(), options.json);
  Progress progress("compile");
  request->compile.progress = [&](int done, int total, const std::string& what) {
    progress.step(static_cast<size_t>(done), static_cast<size_t>(total), what);
  };
  const auto library = emit::write_library(*request);
  progress.clear();
  if (!library) return report(library.error(), options.json);
  if (!options.emits.empty()) {
    if (auto written = write_emits(*request); !written)
      return report(written.error(), options.json);
  }
  if (options.json)
    print_json(to_json(*library));
  else
    print(*library);
  return kOk;
}

}  // namespace

void add_generate(CLI::App& app, int& code) {
  CLI::App* verb = app.add_subcommand("generate", "Write a static library of kernels");
  const auto options = std::make_shared<Generate>();
  add_layers(*verb, *options);
  add_targets(*verb, *options);
  verb->add_option("--out", options->out, "Folder to write")->required()->type_name("DIR");
  verb->add_option("--name", options->name, "The library's name; default: the layer file's")
      ->type_name("LIB");
  verb->add_option("--emit", options->emits, "Also write these texts under DIR/emit")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"asm", "stmt", "llvm"}));
  add_build(*verb, *options);
  add_json(*verb, *options);
  verb->footer(
      "Example: sepconv generate --layers layers.json --target x86-64-v3,x86-64-v4 --out out");
  verb->callback([options, &code] { code = generate(*options); });
}

}  // namespace sepconv::cli
