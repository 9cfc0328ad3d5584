// Cli: what leaves the tool: JSON on stdout, words on stderr, the exit code. Knows no verb.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "support/error.h"

namespace sepconv::cli {

using Json = nlohmann::ordered_json;

/// Exit codes; those of errors follow from their kinds.
enum ExitCode {
  kOk = 0,
  kCheckFailed = 1,
  kUsage = 2,
  kBadInput = 3,
  kEnvironment = 4,
  kInternal = 5,
  kInterrupted = 130,
};

/// The code of the gravest error, in the order internal, environment, input, usage.
[[nodiscard]] int exit_code(const Errors& errors);

/// `file: layer: field: message (value ...)` and the hint on a line of its own.
[[nodiscard]] std::string describe(const Error& error);
/// A list of {kind,file,layer,field,value,message,hint}.
[[nodiscard]] Json to_json(const Errors& errors);

/// Prints to stdout, followed by a newline. Invalid UTF-8 is replaced.
void print_json(const Json& json);
/// Prints words to stderr and, with `json`, `{"errors":[..]}` to stdout. Returns exit_code(errors).
int report(const Errors& errors, bool json);
/// Words to stderr only.
void print_errors(const Errors& errors);

/// A word as a shell reads it back: quoted where it must be.
[[nodiscard]] std::string shell_word(const std::string& text);

}  // namespace sepconv::cli
