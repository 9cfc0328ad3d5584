// Cli: how code for a target runs here: natively, or through a runner program that a command
// starts. Knows no kernel.
#include "cli/runner.h"

#include <map>
#include <memory>

#include "cli/output.h"
#include "support/files.h"
#include "support/process.h"

namespace sepconv::cli {
namespace {

namespace fs = std::filesystem;

std::string program_name(const targets::Target& target) {
  return target.isa == "arm64" ? "sepconv-runner-arm64" : "sepconv-runner-x86-64";
}

/// The command with the program's path in place of {}, else behind it.
std::string command_with(std::string command, const std::string& path) {
  const size_t at = command.find("{}");
  if (at == std::string::npos) return command + " " + shell_word(path);
  return command.replace(at, 2, shell_word(path));
}

Error push_error(const Options& options, const std::string& how, const std::string& said) {
  Error error;
  error.kind = ErrorKind::environment;
  error.field = "--runner-push";
  error.value = options.runner_push;
  error.message = "the command " + how + (said.empty() ? "" : ": " + said.substr(0, 500));
  error.hint = "it gets the runner program's path in place of {}, else as its last word";
  return error;
}

Result<void> push(const Options& options, const fs::path& program) {
  support::Command command;
  command.argv = {"/bin/sh", "-c", command_with(options.runner_push, program.string())};
  const support::Outcome outcome = support::run(command);
  if (outcome.ok()) return {};
  return fail(push_error(options, support::describe(outcome, command.limits), outcome.err));
}

Result<fs::path> write_program(const targets::Target& target, const fs::path& folder) {
  const fs::path path = folder / program_name(target);
  if (auto written = support::write_file(path, measure::runner_program(target.isa)); !written) {
    return fail(std::move(written.error()));
  }
  std::error_code code;
  fs::permissions(path, fs::perms::owner_exec, fs::perm_options::add, code);
  if (code) return fail(support::system_error("cannot be made executable", path, code.value()));
  return path;
}

/// What starts the runner of a target; empty: nothing does, or need not.
std::string start_of(const Options& options, const targets::Target& target) {
  if (!options.runner.empty()) return options.runner;
  return targets::runs_here(target, nullptr) ? "" : emulator(target);
}

}  // namespace

void add_runner(CLI::App& verb, Options& options) {
  verb.add_option("--runner", options.runner,
                  "Run kernels elsewhere: the command that starts the runner program, whose path "
                  "replaces {} or follows")
      ->type_name("CMD");
  verb.add_option("--runner-push", options.runner_push,
                  "Run this once to copy the runner program to where --runner finds it")
      ->type_name("CMD");
}

std::string emulator(const targets::Target& target) {
  if (target.isa != "arm64" || target.device != targets::Device::cpu) return "";
  const fs::path program = support::find_program({"qemu-aarch64", "qemu-aarch64-static"});
  if (program.empty()) return "";
  // The weakest core that has the target's features, so that code beyond them is noticed.
  return shell_word(program.string()) + " -cpu " +
         (target.features.empty() ? "cortex-a53" : "cortex-a76");
}

Result<RunnerOf> make_runners(const Options& options, const std::vector<targets::Target>& targets) {
  if (options.runner.empty() && !options.runner_push.empty()) {
    Error error = push_error(options, "needs --runner", "");
    error.kind = ErrorKind::usage;
    return fail(std::move(error));
  }
  std::map<std::string, measure::Runner> runners;
  std::map<std::string, std::string> programs;  // by name: the path for the command
  std::shared_ptr<support::TempFolder> folder;
  for (const targets::Target& target : targets) {
    const std::string start = start_of(options, target);
    if (start.empty()) continue;
    if (!folder) {
      auto made = support::TempFolder::make();
      if (!made) return fail(std::move(made.error()));
      folder = std::make_shared<support::TempFolder>(std::move(*made));
    }
    std::string& path = programs[program_name(target)];
    if (path.empty()) {
      const auto program = write_program(target, folder->path());
      if (!program) return fail(program.error());
      path = program->string();
      if (!options.runner_push.empty()) {
        if (auto pushed = push(options, *program); !pushed) return fail(pushed.error());
        path = "./" + program_name(target);
      }
    }
    runners[target.name] = {command_with(start, path), path};
  }
  return RunnerOf(
      [runners, folder](const targets::Target& target) -> std::optional<measure::Runner> {
        const auto found = runners.find(target.name);
        if (found == runners.end()) return std::nullopt;
        return found->second;
      });
}

}  // namespace sepconv::cli
