// Cli: what verify and bench share: refusals before the work and the command that repeats a row.
// Knows no check and no clock.
#include "cli/rows.h"

#include <fmt/core.h>

#include "cli/output.h"
#include "spec/name.h"

namespace sepconv::cli {

std::string row_flags(const Options& options) {
  std::string text;
  if (options.threads != 1) text += fmt::format(" --threads {}", options.threads);
  if (!options.db.empty()) text += " --db " + shell_word(options.db);
  if (!options.machine.empty()) text += " --machine " + shell_word(options.machine);
  if (!options.schedule.empty()) text += " --schedule " + shell_word(options.schedule);
  if (!options.runner.empty()) text += " --runner " + shell_word(options.runner);
  if (!options.runner_push.empty()) text += " --runner-push " + shell_word(options.runner_push);
  return text;
}

std::string repeat_command(const char* verb, const Options& options, const spec::Layer& layer,
                           const targets::Target& target) {
  return fmt::format("sepconv {} {} --target {}{}", verb, spec::canonical_name(layer), target.name,
                     row_flags(options));
}

Errors unrunnable(const Options& options, const std::vector<targets::Target>& targets) {
  Errors errors;
  if (!targets_named(options)) return errors;
  for (const targets::Target& target : targets) {
    std::string why;
    if (targets::runs_here(target, &why)) continue;
    Error error;
    error.kind = ErrorKind::environment;
    error.field = "--target";
    error.value = target.name;
    error.message = "no code for this target can run on this machine: " + why;
    error.hint = "run it on a machine of that kind; see: sepconv targets";
    errors.push_back(std::move(error));
  }
  return errors;
}

Errors not_run(const Options& options, const std::vector<targets::Target>& targets,
               const std::vector<RowEnd>& rows) {
  Errors errors;
  for (size_t t = 0; targets_named(options) && t < targets.size(); ++t) {
    bool ran = rows.size() < targets.size();
    for (size_t i = t; i < rows.size(); i += targets.size()) ran |= rows[i].ran;
    if (ran) continue;
    Error error;
    error.kind = ErrorKind::environment;
    error.field = "--runner";
    error.value = targets[t].name;
    error.message = "no row of this target could run: " + rows[t].reason;
    error.hint = "see: sepconv targets";
    errors.push_back(std::move(error));
  }
  return errors;
}

Errors refused(const emit::Chooser& choose, const Layers& layers,
               const std::vector<targets::Target>& targets) {
  Errors errors;
  for (const spec::Layer& layer : layers.layers) {
    for (const targets::Target& target : targets) {
      const auto choice = choose(layer, target);
      if (!choice) errors.insert(errors.end(), choice.error().begin(), choice.error().end());
    }
  }
  return errors;
}

}  // namespace sepconv::cli
