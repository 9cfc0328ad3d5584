// Cli: the entry of the tool: arguments to a verb, its outcome to an exit code. Knows no work.
#include <fmt/core.h>

#include <cstring>

#include "cli/output.h"
#include "cli/verbs.h"
#include "emit/library.h"
#include "support/interrupt.h"

namespace {

using namespace sepconv;

bool wants_json(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--json") == 0) return true;
  }
  return false;
}

int usage_error(const CLI::App& app, const CLI::ParseError& problem, bool json) {
  std::string verb;
  for (const CLI::App* used : app.get_subcommands()) verb = used->get_name() + " ";
  Error error;
  error.kind = ErrorKind::usage;
  error.message = problem.what();
  error.hint = fmt::format("see: sepconv {}--help", verb);
  return cli::report({error}, json);
}

int run(int argc, char** argv) {
  int code = cli::kOk;
  CLI::App app("Compiles depthwise-separable convolution layers to small static libraries.",
               "sepconv");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("sepconv ") + SEPCONV_VERSION);
  app.footer(
      "Examples:\n"
      "  sepconv generate --layers layers.json --target x86-64-v3,x86-64-v4 --out kernels\n"
      "  sepconv verify dw_f32_n1h112w112c32_k3s1p1_relu6\n"
      "  sepconv bench --layers layers.json --threads 2\n"
      "Exit codes: 0 ok, 1 a check failed, 2 usage, 3 bad input, 4 environment, 5 internal,\n"
      "130 interrupted.");
  cli::add_generate(app, code);
  cli::add_verify(app, code);
  cli::add_bench(app, code);
  cli::add_tune(app, code);
  cli::add_inspect(app, code);
  cli::add_explain(app, code);
  cli::add_db(app, code);
  cli::add_targets_verb(app, code);
  cli::add_doctor(app, code);
  cli::add_pack(app, code);
  cli::add_completion(app, code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    if (problem.get_exit_code() == 0) return app.exit(problem);  // --help, --version
    return usage_error(app, problem, wants_json(argc, argv));
  }
  return support::interrupted() ? cli::kInterrupted : code;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "compile-kernel") == 0) {
    return emit::worker_main(argc, argv);
  }
  support::catch_interrupts();
  try {
    return run(argc, argv);
  } catch (const std::exception& problem) {
    Error error;
    error.message = std::string("unexpected: ") + problem.what();
    error.hint = "this is a bug of sepconv; please report it with the command";
    return cli::report({error}, wants_json(argc, argv));
  }
}
