// Support: the error value that every folder returns. Knows nothing of layers, kernels or
// terminals.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace sepconv {

/// Whose fault an error is. Decides the exit code of the tool.
enum class ErrorKind {
  usage,        ///< the command line is wrong (exit 2)
  input,        ///< a layer file, name, schedule, database or blob is wrong (exit 3)
  environment,  ///< something this machine lacks: a program, a CPU feature, disk space (exit 4)
  internal,     ///< our own bug, or a compiler's (exit 5)
};

/// One error: what, where, why and what to do next. Fields that do not apply stay empty.
struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string message;  ///< what is wrong and why, one sentence without a final newline
  std::string file;     ///< the file it was found in
  std::string layer;    ///< the layer's name in that file
  std::string field;    ///< path of the field, e.g. "layers[3].stride[0]"
  std::string value;    ///< the offending value as written
  std::string hint;     ///< what would be right, or what to do next

  bool operator==(const Error&) const = default;
};

using Errors = std::vector<Error>;

/// A value, or at least one error.
template <class T>
using Result = tl::expected<T, Errors>;

/// `return fail(Error{...});` from a function that returns Result<T>.
[[nodiscard]] inline tl::unexpected<Errors> fail(Error error) {
  return tl::unexpected<Errors>(Errors{std::move(error)});
}
[[nodiscard]] inline tl::unexpected<Errors> fail(Errors errors) {
  return tl::unexpected<Errors>(std::move(errors));
}

}  // namespace sepconv
