// Cli: the verb db: what may be done with the tuner's files. Knows no file's format.
#include "cli/db_verbs.h"
#include "cli/verbs.h"

namespace sepconv::cli {

void add_db(CLI::App& app, int& code) {
  CLI::App* verb = app.add_subcommand("db", "Look at and change databases and journals of tuning");
  verb->require_subcommand(1);
  add_db_list(*verb, code);
  add_db_best(*verb, code);
  add_db_merge(*verb, code);
  add_db_prune(*verb, code);
  add_db_diff(*verb, code);
  add_db_export(*verb, code);
  verb->footer(
      "  list   [FILE] [--layers FILE..] [--target T,..] [--machine M] [--json]\n"
      "  best   FILE [NAME..] [--layers FILE..] [--target T,..] [--machine M] [--top N] [--json]\n"
      "  merge  FILE.. --out FILE [--json]\n"
      "  prune  FILE [--layers FILE..] [--target T,..] [--machine M] [--dry-run] [--json]\n"
      "  diff   BEFORE AFTER [--json]\n"
      "  export [FILE] [--layers FILE..] [--target T,..] [--machine M] [--format csv|json] [--out "
      "FILE] [--json]\n"
      "Example: sepconv db list tuned.db");
}

}  // namespace sepconv::cli
