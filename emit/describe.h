// Emit, private: layers, targets and compiled kernels to what a library says of them. Knows no
// file.
#pragma once

#include "emit/library.h"
#include "emit/texts.h"

namespace sepconv::emit {

/// A layer's kernel for each target, in the order of the library's targets.
struct Chosen {
  std::vector<const CompiledKernel*> kernels;
  std::vector<Choice> choices;
};

/// Descriptors and words of a library. `targets` are sorted best first; chosen is as layers.
[[nodiscard]] LibraryWords describe(const LibraryRequest& request,
                                    const std::vector<targets::Target>& targets,
                                    const std::vector<Chosen>& chosen);

/// Devices before CPUs, then most required features first, then the wider vectors, then by name.
[[nodiscard]] std::vector<targets::Target> best_first(std::vector<targets::Target> targets);

}  // namespace sepconv::emit
