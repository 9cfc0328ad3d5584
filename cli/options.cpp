// Cli: the options that verbs share, from words to values. Knows no verb.
#include "cli/options.h"

#include <set>

#include "spec/json.h"
#include "spec/name.h"

namespace sepconv::cli {
namespace {

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> words;
  size_t begin = 0;
  while (begin <= list.size()) {
    const size_t end = std::min(list.find(',', begin), list.size());
    words.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

template <class T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

Error usage(std::string message, std::string hint) {
  Error error;
  error.kind = ErrorKind::usage;
  error.message = std::move(message);
  error.hint = std::move(hint);
  return error;
}

void read_file(const std::string& path, Layers& all, Errors& errors) {
  auto file = spec::read_layer_file(path);
  if (!file) return append(errors, file.error());
  all.names.push_back(file->name);
  for (spec::Layer& layer : file->layers) {
    all.layers.push_back(std::move(layer));
    all.files.push_back(path);
  }
}

void read_name(const std::string& name, Layers& all, Errors& errors) {
  auto layer = spec::parse_name(name);
  if (!layer) return append(errors, layer.error());
  all.layers.push_back(std::move(*layer));
  all.files.emplace_back();
}

}  // namespace

void add_layers(CLI::App& verb, Options& options) {
  verb.add_option("NAME", options.names, "Layers as canonical names");
  verb.add_option("--layers", options.files, "Layer files (sepconv-layers/1)")->type_name("FILE");
}

void add_targets(CLI::App& verb, Options& options) {
  verb.add_option("--target", options.targets,
                  "Targets, separated by commas; default: native (see `sepconv targets`)")
      ->type_name("T[,T..]")
      ->allow_extra_args(false);
}

void add_build(CLI::App& verb, Options& options) {
  verb.add_option("--db", options.db,
                  "Tuned schedules; default: the installed ones; `none`: the heuristic alone")
      ->type_name("FILE|none");
  verb.add_option("--machine", options.machine,
                  "The class of machines whose records to use, where a database has several")
      ->type_name("M");
  verb.add_option("--schedule", options.schedule, "Force this point of the schedule space")
      ->type_name("K=V,..");
  verb.add_option("--jobs", options.jobs, "Compile processes at once; 0: one a core")
      ->check(CLI::Range(0, 1024));
  verb.add_flag("--no-cache", options.no_cache, "Neither read nor fill the cache of kernels");
}

void add_threads(CLI::App& verb, Options& options) {
  verb.add_option("--threads", options.threads, "Threads of a kernel; default: 1")
      ->check(CLI::Range(1, 1024));
}

void add_json(CLI::App& verb, Options& options) {
  verb.add_flag("--json", options.json, "Print one JSON object on stdout");
}

Result<Layers> read_layers(const Options& options) {
  if (options.names.empty() == options.files.empty()) {
    return fail(
        usage(options.names.empty() ? "no layers are given" : "both --layers and names are given",
              "give either --layers FILE.. or canonical names such as "
              "dw_f32_n1h112w112c32_k3s1p1_relu6"));
  }
  Layers all;
  Errors errors;
  for (const std::string& path : options.files) read_file(path, all, errors);
  for (const std::string& name : options.names) read_name(name, all, errors);
  all.several_files = options.files.size() > 1;
  if (!errors.empty()) return fail(std::move(errors));
  return all;
}

bool targets_named(const Options& options) {
  for (const std::string& list : options.targets) {
    for (const std::string& name : split(list)) {
      if (name != "native") return true;
    }
  }
  return false;
}

Result<std::vector<targets::Target>> read_targets(const Options& options) {
  std::vector<std::string> names;
  for (const std::string& list : options.targets) append(names, split(list));
  if (names.empty()) names.emplace_back("native");
  std::vector<targets::Target> targets;
  std::set<std::string> seen;
  Errors errors;
  for (const std::string& name : names) {
    auto target = targets::parse_target(name);
    if (!target) {
      append(errors, target.error());
    } else if (seen.insert(target->name).second) {
      targets.push_back(std::move(*target));
    }
  }
  if (!errors.empty()) return fail(std::move(errors));
  return targets;
}

emit::CompileOptions compile_options(const Options& options) {
  emit::CompileOptions compile;
  compile.cache.use = !options.no_cache;
  compile.jobs = options.jobs;
  return compile;
}

}  // namespace sepconv::cli
