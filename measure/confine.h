// Measure, private to contain: a process gives up what a kernel has no use for. Knows no check.
#pragma once

#include "measure/contain.h"

namespace sepconv::measure {

/// Limits the calling process for good, as Containment says. Threads may still be started.
void confine(const Containment& limits);

}  // namespace sepconv::measure
