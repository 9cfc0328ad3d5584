// Schedules: which point of the CPU space an x86 core gets without tuning. Knows no Halide.
#pragma once

#include "schedules/schedule.h"

namespace sepconv::schedules {

[[nodiscard]] Point x86_heuristic(const spec::Layer& layer, const targets::Target& target);

}  // namespace sepconv::schedules
