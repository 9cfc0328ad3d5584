// Cli: the list of verbs. Each adds itself to the app and leaves its exit code.
#pragma once

#include <CLI/CLI.hpp>

namespace sepconv::cli {

/// A verb's subcommand with its options; running it sets `code`, which lives as long as the app.
void add_generate(CLI::App& app, int& code);
void add_verify(CLI::App& app, int& code);
void add_bench(CLI::App& app, int& code);
void add_tune(CLI::App& app, int& code);
void add_inspect(CLI::App& app, int& code);
void add_explain(CLI::App& app, int& code);
void add_db(CLI::App& app, int& code);
void add_targets_verb(CLI::App& app, int& code);
void add_doctor(CLI::App& app, int& code);
void add_pack(CLI::App& app, int& code);
void add_completion(CLI::App& app, int& code);

}  // namespace sepconv::cli
