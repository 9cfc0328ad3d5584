// Cli: the verb completion: a shell script made from the tree of verbs and flags. Knows no verb by
// name.
#include <fmt/core.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cli/output.h"
#include "cli/verbs.h"

namespace sepconv::cli {
namespace {

std::vector<const CLI::App*> verbs(const CLI::App& app) {
  std::vector<const CLI::App*> all;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    all.push_back(verb);
  }
  return all;
}

/// Flags of the verb and of the verbs below it, each once.
std::set<std::string> flag_names(const CLI::App& verb) {
  std::set<std::string> names;
  for (const CLI::Option* option : verb.get_options()) {
    for (const std::string& name : option->get_lnames()) names.insert(name);
  }
  for (const CLI::App* below : verbs(verb)) names.merge(flag_names(*below));
  return names;
}

/// What may follow the verb: verbs below it, then flags.
std::string words(const CLI::App& verb) {
  std::string text;
  for (const CLI::App* below : verbs(verb)) text += " " + below->get_name();
  for (const std::string& name : flag_names(verb)) text += " --" + name;
  return text.empty() ? text : text.substr(1);
}

std::string verb_names(const CLI::App& app) {
  std::string names;
  for (const CLI::App* verb : verbs(app)) names += (names.empty() ? "" : " ") + verb->get_name();
  return names;
}

std::string bash_script(const CLI::App& app) {
  std::string cases;
  for (const CLI::App* verb : verbs(app)) {
    cases += fmt::format("    {}) words='{}' ;;\n", verb->get_name(), words(*verb));
  }
  return fmt::format(
      "_sepconv() {{\n"
      "  local words current=${{COMP_WORDS[COMP_CWORD]}}\n"
      "  case ${{COMP_WORDS[1]}} in\n{}"
      "    *) words='{}' ;;\n"
      "  esac\n"
      "  [ \"$COMP_CWORD\" = 1 ] && words='{}'\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "}}\n"
      "complete -o default -F _sepconv sepconv\n",
      cases, verb_names(app), verb_names(app));
}

std::string fish_script(const CLI::App& app) {
  std::string text =
      fmt::format("complete -c sepconv -n __fish_use_subcommand -f -a '{}'\n", verb_names(app));
  for (const CLI::App* verb : verbs(app)) {
    for (const CLI::App* below : verbs(*verb)) {
      text += fmt::format("complete -c sepconv -n '__fish_seen_subcommand_from {}' -a {}\n",
                          verb->get_name(), below->get_name());
    }
    for (const std::string& name : flag_names(*verb)) {
      text += fmt::format("complete -c sepconv -n '__fish_seen_subcommand_from {}' -l {}\n",
                          verb->get_name(), name);
    }
  }
  return text;
}

void print_script(const CLI::App& app, const std::string& shell) {
  if (shell == "zsh") fmt::print("autoload -U +X bashcompinit && bashcompinit\n");
  fmt::print("{}", shell == "fish" ? fish_script(app) : bash_script(app));
}

}  // namespace

void add_completion(CLI::App& app, int& code) {
  CLI::App* verb = app.add_subcommand("completion", "Print a completion script for a shell");
  const auto shell = std::make_shared<std::string>();
  verb->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  verb->footer(
      "Example: sepconv completion bash > ~/.local/share/bash-completion/completions/sepconv");
  verb->callback([&app, shell, &code] {
    print_script(app, *shell);
    code = kOk;
  });
}

}  // namespace sepconv::cli
