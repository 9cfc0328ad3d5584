// Cli: what judges the candidates of a tuning session. Knows no search.
#include "cli/tune_judges.h"

#include <algorithm>

#include "cli/tune_tasks.h"
#include "emit/assembly.h"
#include "emit/predict.h"
#include "measure/machine.h"

namespace sepconv::cli {
namespace {

bool runs_here(const targets::Target& target) { return targets::runs_here(target, nullptr); }

Error both_needed(const std::vector<targets::Target>& targets) {
  const auto foreign = std::find_if_not(targets.begin(), targets.end(), runs_here);
  Error error;
  error.kind = ErrorKind::usage;
  error.field = "--target";
  error.value = foreign->name;
  error.message = "cannot be timed here, while others of this call can";
  error.hint = "tune targets that are measured and those that are predicted in calls of their own";
  return error;
}

/// No clock says anything of the targets.
Result<Judges> model(Judges judges) {
  const auto mca = emit::find_mca();
  if (!mca) {
    Errors errors = mca.error();
    errors.front().field = "--target";
    errors.front().message =
        "the target cannot be timed here, and for predictions " + errors.front().message;
    errors.front().hint += "; or tune on such a machine with --runner";
    return fail(std::move(errors));
  }
  judges.predicted = true;
  judges.machine = "llvm-mca";
  return judges;
}

}  // namespace

Result<Judges> find_judges(const Options& options, const std::vector<targets::Target>& targets) {
  Judges judges;
  const auto here = static_cast<size_t>(std::count_if(targets.begin(), targets.end(), runs_here));
  if (options.runner.empty() && options.runner_push.empty() && here == targets.size()) {
    judges.machine = host_machine();
    return judges;
  }
  auto runner = make_runners(options, targets);
  if (!runner) return fail(std::move(runner.error()));
  judges.runner = std::move(*runner);
  if (!options.runner.empty()) {
    const auto machine = measure::runner_machine(*judges.runner(targets.front()));
    if (!machine) return fail(machine.error());
    if (!machine->emulator.empty()) return model(std::move(judges));
    judges.machine = machine_word(machine->cpu);
    return judges;
  }
  if (here > 0) return fail(both_needed(targets));
  return model(std::move(judges));
}

emit::CompileOptions with_assembly(emit::CompileOptions options) {
  options.emits.insert("asm");
  return options;
}

Result<double> predicted_us(const spec::Layer& layer, const targets::Target& target,
                            const schedules::Point& point, const emit::CompileOptions& options) {
  const auto choose = [&](const spec::Layer&, const targets::Target&) -> Result<emit::Choice> {
    return emit::Choice{point, "forced"};
  };
  const auto kernels = emit::compile({layer}, {target}, choose, with_assembly(options));
  if (!kernels) return fail(kernels.error());
  const emit::CompiledKernel& kernel = kernels->front();
  const auto assembly = emit::read_assembly(kernel.texts.at("asm"), target, kernel.loops);
  const auto cycles = emit::predict_cycles(assembly, target);
  if (!cycles) return fail(cycles.error());
  return *cycles * static_cast<double>(layer.input.n) * 1e-3;
}

}  // namespace sepconv::cli
