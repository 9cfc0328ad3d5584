// Tune: what a point costs by arithmetic alone: instructions, repeated work and bytes moved. Knows
// no measurement.
#pragma once

#include <vector>

#include "schedules/space.h"
#include "spec/layer.h"
#include "targets/target.h"

namespace sepconv::tune {

/// Cycles of each stage on one core, a rough guess that ranks points. Knobs that it does not know
/// have no effect; with none of the expected knobs it is the cost of the arithmetic alone.
[[nodiscard]] std::vector<double> stage_cycles(const spec::Layer& layer,
                                               const targets::Target& target,
                                               const schedules::Point& point);

/// Their sum; on devices the predicted microseconds of all launches.
[[nodiscard]] double estimate(const spec::Layer& layer, const targets::Target& target,
                              const schedules::Point& point);

}  // namespace sepconv::tune
