// Measure, private to check: a case's weights packed by a kernel between guards. Knows no run.
#pragma once

#include <string>

#include "measure/buffers.h"
#include "measure/check.h"

namespace sepconv::measure {

/// The packed blob, read-only from then on. On failure `refusal` says what went wrong.
[[nodiscard]] GuardedBuffer pack_case(const Case& values, const Kernel& kernel, Placement placement,
                                      std::string& refusal);

}  // namespace sepconv::measure
