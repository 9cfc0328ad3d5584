// Schedules: the public face of the folder: which spaces exist, which point the heuristic picks.
#pragma once

#include <string>
#include <vector>

#include "schedules/space.h"
#include "spec/layer.h"
#include "support/error.h"
#include "targets/target.h"

namespace sepconv::schedules {

/// The space of a layer on a target.
[[nodiscard]] Space space(const spec::Layer& layer, const targets::Target& target);

/// The heuristic's point: from the target's data and the layer alone, no table of shapes.
[[nodiscard]] Point heuristic(const spec::Layer& layer, const targets::Target& target);

/// All reasons why a point is not in the space (kind input, field "schedule"); empty: legal.
[[nodiscard]] Errors legal(const Point& point, const spec::Layer& layer,
                           const targets::Target& target);

/// How a kernel splits into independent tasks, and what the runtime must know of it.
enum class Axis { rows, channels, pixels };

/// A run of stages compiled as one loop nest. A layer's phases run one after the other with a
/// barrier between; the tensor between two phases lies in the workspace, dense NHWC, one image.
struct Phase {
  int first_stage = 0, last_stage = 0;  ///< inclusive
  Axis axis = Axis::rows;  ///< which output dimension tasks split (pixels: rows and columns flattened)
  int64_t grain = 1;       ///< extent of one task along it; the last task takes the remainder too
};
[[nodiscard]] std::vector<Phase> phases(const spec::Layer& layer, const targets::Target& target,
                                        const Point& point);

/// Why this point: the arithmetic of registers, bytes and flops, line by line, for `explain`.
[[nodiscard]] std::vector<std::string> explain(const spec::Layer& layer,
                                               const targets::Target& target, const Point& point);

/// Registers the schedules with the generators' hook. Call once before compiling.
void install();

}  // namespace sepconv::schedules
