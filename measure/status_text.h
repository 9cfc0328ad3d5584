// Measure: what a status of the C API means, in words. Knows no call.
#pragma once

#include <string>

#include "sepconv/sepconv.h"

namespace sepconv::measure {

/// E.g. "status 3 (a tensor's strides are not the compiled ones)".
[[nodiscard]] std::string status_text(sepconv_status status);

}  // namespace sepconv::measure
