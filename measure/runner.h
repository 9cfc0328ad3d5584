// Measure: kernels that run in another process, on another machine or in an emulator, through the
// runner program. Knows no layer's arithmetic.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "measure/kernel.h"
#include "spec/layer.h"
#include "support/error.h"

namespace sepconv::measure {

/// A shell command that starts the runner: its stdin and stdout are the connection
/// (measure/runner/protocol.h), its stderr is the caller's.
struct Runner {
  std::string command;
  std::string program = "sh";  ///< path of the runner program where the command runs; its $0
};

/// Kind environment: why nothing ran through the command.
[[nodiscard]] Error runner_error(std::string reason, const Runner& runner);

/// The runner program of an isa's architecture, as bytes of a static executable.
[[nodiscard]] std::string_view runner_program(const std::string& isa);

/// A shared object whose kernels a runner executes. Every process that calls kernels starts a
/// runner of its own at the first call; kernels throw KernelLost where it fails.
class RemoteLibrary {
 public:
  /// Starts a runner to list the kernels. Kind environment when it does not start, does not answer
  /// within a minute, or its CPU runs none of them.
  [[nodiscard]] static Result<RemoteLibrary> open(const std::filesystem::path& shared_object,
                                                  const std::string& name, const Runner& runner);
  /// By the layer's name, else its canonical one. Kind internal when the library has neither.
  [[nodiscard]] Result<Kernel> kernel(const spec::Layer& layer) const;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace sepconv::measure
