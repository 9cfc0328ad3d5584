// Schedules: the loop nests that every CPU target shares, as functions of knob values. Knows no
// heuristic and no instruction set: lanes and tiles come in as numbers.
#pragma once

#include <string>

#include "generators/stages.h"
#include "schedules/space.h"

namespace sepconv::schedules {

/// Applies a legal point to a chain: vectors run along channels (nhwc) or pixels (nchw).
void schedule_cpu(generators::Chain& chain, const Point& point);

}  // namespace sepconv::schedules
