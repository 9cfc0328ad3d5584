// Schedules: the GPU nest, one for CUDA and OpenCL. Knows no heuristic.
#pragma once

#include "generators/stages.h"
#include "schedules/schedule.h"

namespace sepconv::schedules {

/// Applies a legal point. The phase becomes one launch whose extents are all constants.
void schedule_gpu(generators::Chain& chain, const Point& point);

}  // namespace sepconv::schedules
