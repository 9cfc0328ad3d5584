// Emit: what llvm-mca predicts of a kernel. Predictions, never measurements. Knows no compiler.
#include "emit/predict.h"

#include <algorithm>
#include <cstdlib>

#include "support/process.h"
#include "targets/model.h"

namespace sepconv::emit {
namespace {

namespace fs = std::filesystem;

constexpr int kOldest = 16, kNewest = 24;
constexpr int kIterations = 100;
constexpr size_t kLoops = 8;       ///< of a kernel, those with the most work
constexpr double kIssueWidth = 3;  ///< instructions a cycle of what no loop holds

/// The major version that a program says it has; 0 when it says none.
int version_of(const fs::path& program) {
  support::Command command;
  command.argv = {program.string(), "--version"};
  command.limits.seconds = 20;
  const auto outcome = support::run(command);
  const size_t at = outcome.out.find("LLVM version ");
  return at == std::string::npos ? 0 : std::atoi(outcome.out.c_str() + at + 13);
}

/// A core as LLVM's model of it.
struct Model {
  std::string core;   ///< as -mcpu takes it
  int fma_lanes = 0;  ///< floats that its units multiply and add a cycle; 0: only for rankings
};

std::vector<Model> models(const targets::Target& target) {
  std::vector<Model> all{{std::string(targets::pipeline_model(target)), target.core.fma_lanes}};
  // The model of this in-order core issues twice what its units do.
  if (target.isa == "arm64") all.push_back({"cortex-a55", 0});
  if (all.size() == 2 && all[0].core == all[1].core) all.erase(all.begin());
  return all;
}

Error said(const std::string& core, const std::string& text) {
  Error error;
  error.message = "llvm-mca does not predict for " + core + ": " + text.substr(0, 300);
  error.value = core;
  error.hint = "report this with the command";
  return error;
}

Result<double> cycles(const fs::path& mca, const std::vector<std::string>& code,
                      const targets::Target& target, const std::string& core) {
  const bool arm = target.isa == "arm64";
  support::Command command;
  command.argv = {mca.string(),          arm ? "-mtriple=aarch64" : "-mtriple=x86_64",
                  "-mcpu=" + core,       "-iterations=" + std::to_string(kIterations),
                  "-instruction-info=0", "-resource-pressure=0"};
  if (arm) command.argv.emplace_back("-mattr=+dotprod,+fullfp16");
  command.limits.seconds = 60;
  for (const std::string& line : code) command.input += line + "\n";
  if (command.input.size() > (64U << 10)) return fail(said(core, "the loop is too long"));
  const auto outcome = support::run(command);
  const size_t at = outcome.out.find("Total Cycles:");
  if (!outcome.ok() || at == std::string::npos) {
    return fail(said(core, support::describe(outcome, command.limits) + ": " + outcome.err));
  }
  return std::atof(outcome.out.c_str() + at + 13) / kIterations;
}

}  // namespace

Result<fs::path> find_mca() {
  std::vector<std::string> names;
  for (int version = kNewest; version >= kOldest; --version) {
    names.push_back("llvm-mca-" + std::to_string(version));
  }
  if (fs::path path = support::find_program(names); !path.empty()) return path;
  fs::path plain = support::find_program({"llvm-mca"});
  if (!plain.empty() && version_of(plain) >= kOldest) return plain;
  Error error;
  error.kind = ErrorKind::environment;
  error.value = "llvm-mca";
  error.message = "llvm-mca of LLVM 16 or newer is not on PATH";
  error.hint = "install the package llvm-22, or any from llvm-16 on";
  return fail(std::move(error));
}

Result<std::vector<Prediction>> predict(const InnerLoop& loop, const targets::Target& target) {
  const auto mca = find_mca();
  if (!mca) return fail(mca.error());
  std::vector<Prediction> all;
  for (const Model& model : models(target)) {
    const auto spent = cycles(*mca, loop.code, target, model.core);
    if (!spent) return fail(spent.error());
    Prediction one{model.core, *spent, 0};
    if (model.fma_lanes > 0 && *spent > 0) {
      one.fma_share = static_cast<double>(loop.counts.macs) / (*spent * model.fma_lanes);
    }
    all.push_back(std::move(one));
  }
  return all;
}

Result<double> predict_cycles(const Assembly& assembly, const targets::Target& target) {
  const auto mca = find_mca();
  if (!mca) return fail(mca.error());
  double sum = 0, outside = assembly.executed_outside;
  for (size_t i = 0; i < assembly.loops.size(); ++i) {
    const InnerLoop& loop = assembly.loops[i];
    if (i >= kLoops) {
      outside += loop.iterations * static_cast<double>(loop.counts.all());
      continue;
    }
    const auto spent = cycles(*mca, loop.code, target, models(target).front().core);
    if (!spent) return fail(spent.error());
    sum += loop.iterations * *spent;
  }
  return sum + outside / kIssueWidth;
}

}  // namespace sepconv::emit
