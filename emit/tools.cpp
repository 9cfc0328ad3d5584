// Emit, private: the LLVM programs that assemble and link for any architecture. Knows no kernel.
#include "emit/tools.h"

#include "support/process.h"

namespace sepconv::emit {

Result<std::filesystem::path> find_tool(const std::string& name) {
  std::vector<std::string> names{name};
  for (int version = 22; version >= 14; --version) {
    names.push_back(name + "-" + std::to_string(version));
  }
  auto path = support::find_program(names);
  if (!path.empty()) return path;
  Error error;
  error.kind = ErrorKind::environment;
  error.message = "the program " + name + " is not on PATH";
  error.value = name;
  error.hint = std::string("install the package ") + (name == "ld.lld" ? "lld" : "llvm");
  return fail(error);
}

Result<void> run_tool(const std::string& name, const std::vector<std::string>& arguments,
                      const std::filesystem::path& folder) {
  const auto program = find_tool(name);
  if (!program) return fail(program.error());
  support::Command command;
  command.argv = {program->string()};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.folder = folder;
  command.environment = {{"LC_ALL", "C"}, {"SOURCE_DATE_EPOCH", "0"}};
  command.limits.seconds = 120;
  const auto outcome = support::run(command);
  if (outcome.ok()) return {};
  Error error;
  error.message =
      name + " " + support::describe(outcome, command.limits) + ": " + outcome.err.substr(0, 2000);
  error.value = name;
  error.hint = "check the program's version (LLVM 14 or newer)";
  return fail(error);
}

}  // namespace sepconv::emit
