// Measure: the values that layers are run on. Knows no kernel.
#pragma once

#include <cstdint>
#include <string>

#include "reference/reference.h"
#include "spec/layer.h"
#include "support/error.h"

namespace sepconv::measure {

/// Whether the layer's activations are all none, relu or relu6, so that it can be checked exactly.
[[nodiscard]] bool is_exact(const spec::Layer& layer);

/// The layer with every other activation replaced by none, under its canonical name and count 1;
/// the layer itself, but for name and count, where is_exact.
[[nodiscard]] spec::Layer exact_twin(const spec::Layer& layer);

/// Whole numbers times one power of two per tensor, at least half of them not zero, such that no
/// partial sum of any stage, in any order, needs more bits than the type of sums has, and hardly
/// any output more than the layer's dtype: the kernel computes them exactly. Scales and biases
/// centre clamped sums between their clamps. The values depend on the canonical name and on
/// `attempt` only; the first images are the same whatever `images`. Precondition: is_exact(layer).
/// Kind input when no such fill exists.
[[nodiscard]] Result<reference::Operands> exact_fill(const spec::Layer& layer, int64_t images,
                                                     int attempt = 0);

/// Roughly normal values: deviation 1 for the input, and weights scaled so that every stage's sums
/// have a deviation around 2, where activations bend. No denormals.
[[nodiscard]] reference::Operands real_fill(const spec::Layer& layer, int64_t images,
                                            int attempt = 0);

}  // namespace sepconv::measure
