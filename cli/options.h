// Cli: the options that verbs share, from words to values. Knows no verb.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "emit/library.h"
#include "spec/layer.h"
#include "support/error.h"
#include "targets/target.h"

namespace sepconv::cli {

/// As typed.
struct Options {
  std::vector<std::string> names, files, targets;
  std::string db, machine, schedule;
  std::string runner, runner_push;
  int jobs = 0, threads = 1;
  bool no_cache = false, json = false;
};

void add_layers(CLI::App& verb, Options& options);
void add_targets(CLI::App& verb, Options& options);
void add_build(CLI::App& verb, Options& options);  ///< --db --machine --schedule --jobs --no-cache
void add_threads(CLI::App& verb, Options& options);
void add_json(CLI::App& verb, Options& options);

/// The layers a command works on, in the order given; `files` has one entry per layer.
struct Layers {
  std::vector<spec::Layer> layers;
  std::vector<std::string> files;  ///< path as typed; empty for a canonical name
  std::vector<std::string> names;  ///< the libraries' names, one per file
  bool several_files = false;
};
/// Kind usage unless exactly one of files and names is given; all errors of all files at once.
[[nodiscard]] Result<Layers> read_layers(const Options& options);

/// Every target of every --target, duplicates removed; `native` when there is none.
[[nodiscard]] Result<std::vector<targets::Target>> read_targets(const Options& options);
/// Whether the user named targets, so that one that cannot run is an error.
[[nodiscard]] bool targets_named(const Options& options);

[[nodiscard]] emit::CompileOptions compile_options(const Options& options);

}  // namespace sepconv::cli
