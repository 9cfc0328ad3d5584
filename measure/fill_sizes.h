// Measure, private to the fills: counts of a stage. Knows no values.
#pragma once

#include <cstdint>

#include "spec/layer.h"

namespace sepconv::measure {

/// h*w*c.
[[nodiscard]] inline int64_t image_elements(const spec::Shape& shape) {
  return shape.h * shape.w * shape.c;
}

struct StageSizes {
  int64_t taps = 0;     ///< products per output
  int64_t weights = 0;  ///< elements
};

[[nodiscard]] inline StageSizes stage_sizes(const spec::Stage& stage, const spec::Shape& in) {
  const int64_t window = stage.window.kernel[0] * stage.window.kernel[1];
  if (stage.kind == spec::StageKind::depthwise) return {window, window * stage.channels_out};
  return {window * in.c, window * in.c * stage.channels_out};
}

}  // namespace sepconv::measure
