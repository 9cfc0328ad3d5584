// Generators: elements as they are stored, to and from the type of the sums. Knows no stage and no
// schedule.
#pragma once

#include <Halide.h>

#include "spec/layer.h"

namespace sepconv::generators {

/// What a layer's buffers and sums are as Halide's types.
struct Types {
  Halide::Type tensors, weights, biases, sums;
};
/// For OpenCL, f16 is stored as its bits: devices need not know the type.
[[nodiscard]] Types types(const spec::Layer& layer, const Halide::Target& target);

/// A stored element as a value of type `to`, exactly where that is wider.
[[nodiscard]] Halide::Expr load(const Halide::Expr& stored, const Halide::Type& to);
/// A value as it is stored: rounded to nearest, ties to even.
[[nodiscard]] Halide::Expr store(const Halide::Expr& value, const Halide::Type& to);

}  // namespace sepconv::generators
