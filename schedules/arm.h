// Schedules: which point of the CPU space an ARM core gets without tuning. Knows no Halide.
#pragma once

#include "schedules/schedule.h"

namespace sepconv::schedules {

[[nodiscard]] Point arm_heuristic(const spec::Layer& layer, const targets::Target& target);

}  // namespace sepconv::schedules
