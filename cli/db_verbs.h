// Cli, private: the verbs below `db`. Each adds itself and leaves its exit code.
#pragma once

#include <CLI/CLI.hpp>

namespace sepconv::cli {

void add_db_list(CLI::App& verb, int& code);
void add_db_best(CLI::App& verb, int& code);
void add_db_merge(CLI::App& verb, int& code);
void add_db_prune(CLI::App& verb, int& code);
void add_db_diff(CLI::App& verb, int& code);
void add_db_export(CLI::App& verb, int& code);

}  // namespace sepconv::cli
