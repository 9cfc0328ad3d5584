// Schedules: the public face of the folder: which spaces exist, which point the heuristic picks.
#pragma once

#include <string>
#include <vector>

#include "schedules/space.h"
#include "spec/layer.h"
#include "spec/phase.h"
#include "support/error.h"
#include "targets/target.h"

namespace sepconv::schedules {

/// The layer as loop nests on the target compute it: along columns, and on CPUs with the images of
/// spec::images_as_rows as rows of one.
[[nodiscard]] spec::Layer nest(const spec::Layer& layer, const targets::Target& target);

/// The space of a layer on a target.
[[nodiscard]] Space space(const spec::Layer& layer, const targets::Target& target);

/// The heuristic's point: from the target's data and the layer alone, no table of shapes.
[[nodiscard]] Point heuristic(const spec::Layer& layer, const targets::Target& target);

/// All reasons why a point is not in the space (kind input, field "schedule"), or why there is no
/// space; empty: legal.
[[nodiscard]] Errors legal(const Point& point, const spec::Layer& layer,
                           const targets::Target& target);

using spec::Axis;
using spec::Phase;

/// Why the target has no code for the layer's types and sizes (kind input), naming those that have
/// it; empty: it has.
[[nodiscard]] Errors unsupported(const spec::Layer& layer, const targets::Target& target);

/// The phases that a legal point cuts the layer's nest into, in order.
[[nodiscard]] std::vector<Phase> phases(const spec::Layer& layer, const targets::Target& target,
                                        const Point& point);

/// Why this point: the arithmetic of registers, bytes and flops, line by line, for `explain`.
[[nodiscard]] std::vector<std::string> explain(const spec::Layer& layer,
                                               const targets::Target& target, const Point& point);

/// Registers the schedules with the generators' hook. Call once before compiling.
void install();

}  // namespace sepconv::schedules
