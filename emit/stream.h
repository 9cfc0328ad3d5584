// Emit, private: copies of an output's tiles as the runtime's streaming ones. Knows no layer.
#pragma once

#include <Halide.h>

namespace sepconv::emit {

/// The body of a lowered function, whose last argument is its output, with calls of
/// runtime/src/stream.h for the output's copies of what generators::kStreamed holds; the same body
/// where there are none.
[[nodiscard]] Halide::Internal::Stmt stream_copies(const Halide::Internal::LoweredFunc& function,
                                                   const Halide::Target& target);

}  // namespace sepconv::emit
