// Generators: activations as expressions. Knows no stage and no schedule.
#pragma once

#include <Halide.h>

#include "spec/layer.h"

namespace sepconv::generators {

/// activation(x) in the type of x; none, relu and relu6 at once, the others through f32. none,
/// relu, relu6 and hard_swish are exact up to rounding; sigmoid, silu and gelu are vectorisable
/// approximations whose errors spec/accuracy.h documents.
[[nodiscard]] Halide::Expr activate(spec::Activation activation, const Halide::Expr& x);

}  // namespace sepconv::generators
