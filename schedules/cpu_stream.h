// Schedules: which layers may write their output past the caches. Knows no Halide.
#pragma once

#include "schedules/schedule.h"

namespace sepconv::schedules {

/// Whether the layer's space has the knob `stream`: x86 with vectors of half a line, an output of
/// f32 in layout nhwc of which no L2 would keep most, and pixels that are whole lines.
[[nodiscard]] bool may_stream(const spec::Layer& layer, const targets::Target& target);

/// Sets `stream` beside the other knobs of a layer that may: 1 where the core gains from it.
void choose_stream(Point& point, const spec::Layer& layer, const targets::Target& target);

}  // namespace sepconv::schedules
