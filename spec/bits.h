// Spec: which layers keep their bits whatever the schedule. Knows no schedule.
#pragma once

#include "spec/layer.h"

namespace sepconv::spec {

/// Whether every schedule must give the same bits on one instruction set: pointwise and fused
/// layers whose activations are none, relu or relu6 and whose multiplier is a power of two. Others
/// approximate, or are free in their order of sums.
[[nodiscard]] bool promises_bits(const Layer& layer);

}  // namespace sepconv::spec
