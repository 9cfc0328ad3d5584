// Emit, private: what CUDA's assembler says of PTX. Knows no launch.
#include <regex>

#include "emit/device.h"
#include "support/files.h"
#include "support/process.h"

namespace sepconv::emit {
namespace {

namespace fs = std::filesystem;

std::vector<int> generations(const Halide::Target& target) {
  if (target.has_feature(Halide::Target::CUDACapability86)) return {86, 87, 90};
  return {80, 86, 90};
}

bool is_unknown_generation(const std::string& said) {
  return said.find("is not defined for option 'gpu-name'") != std::string::npos;
}

int64_t number(const std::string& text, const char* pattern) {
  std::smatch match;
  return std::regex_search(text, match, std::regex(pattern)) ? std::stoll(match[1]) : -1;
}

}  // namespace

Result<std::vector<Launch::Registers>> count_registers(const std::string& ptx,
                                                       const Halide::Target& target,
                                                       const fs::path& folder) {
  std::vector<Launch::Registers> counts;
  const fs::path program = support::find_program({"ptxas"});
  if (auto written = support::write_file(folder / "code.ptx", ptx); !written) {
    return fail(written.error());
  }
  for (const int sm : generations(target)) {
    support::Command command;
    command.argv = {program.string(), "-v",
                    "--gpu-name",     "sm_" + std::to_string(sm),
                    "--maxrregcount", std::to_string(kMaxRegisters),
                    "code.ptx",       "-o",
                    "code.cubin"};
    command.folder = folder;
    command.limits.seconds = 120;
    const auto outcome = support::run(command);
    const std::string said = outcome.out + outcome.err;
    const int64_t registers = number(said, "Used ([0-9]+) registers");
    const int64_t stores = number(said, "([0-9]+) bytes spill stores");
    const int64_t loads = number(said, "([0-9]+) bytes spill loads");
    if (is_unknown_generation(said)) continue;
    if (!outcome.ok() || registers < 0) {
      Error error;
      error.message = "ptxas for sm_" + std::to_string(sm) + " " +
                      support::describe(outcome, command.limits) + ": " + said.substr(0, 1000);
      error.field = "schedule";
      error.hint = "report this with the command";
      return fail(error);
    }
    counts.push_back({sm, registers, std::max<int64_t>(0, stores) + std::max<int64_t>(0, loads)});
  }
  std::error_code ignored;
  for (const char* name : {"code.ptx", "code.cubin"}) fs::remove(folder / name, ignored);
  return counts;
}

}  // namespace sepconv::emit
