// Spec: how a layer's chain is cut into loop nests and split into tasks, as a value. Knows no
// schedule.
#pragma once

#include <algorithm>
#include <cstdint>

#include "spec/layer.h"

namespace sepconv::spec {

/// The output dimension along which a phase splits into independent tasks.
enum class Axis { rows, channels, pixels };

/// A run of stages compiled as one loop nest. A layer's phases run one after the other with a
/// barrier between; the tensor between two phases lies in the workspace, dense NHWC, one image.
struct Phase {
  int first_stage = 0, last_stage = 0;  ///< inclusive
  Axis axis = Axis::rows;  ///< pixels: rows and columns flattened, one pointwise stage only
  int64_t grain = 1;       ///< extent of one task along the axis; the last task takes the rest too
  /// Depthwise sums are written as one expression over all taps instead of a reduction: the same
  /// order of additions, but the compiler sees every load of a tile at once.
  bool inline_taps = false;
  /// Loads inside the border are marked likely, so that nests can split it off.
  bool likely_loads = false;
  /// Windows read planes: their input's rows, copied between the zeros of the padding.
  bool padded_planes = false;
  /// The input's row stride is read when a call runs, for addresses of rows that stay in registers.
  bool free_row_stride = false;
  /// Rows and columns are flattened although the tasks are ranges of channels; one pointwise stage
  /// only. Ranges of pixels are always flat.
  bool flat_channels = false;
  /// Tasks that are worth a thread of their own, and a range of their own, what it repeats
  /// considered. Fewer are never run apart from others.
  int64_t least = 1, range = 1;

  [[nodiscard]] bool flat() const { return axis == Axis::pixels || flat_channels; }

  bool operator==(const Phase&) const = default;
};

/// Extent of one image of the phase's output along the axis of its tasks.
[[nodiscard]] inline int64_t axis_extent(Axis axis, const Shape& out) {
  return axis == Axis::channels ? out.c : axis == Axis::rows ? out.h : out.h * out.w;
}

/// Tasks of `grain` along an extent; the last one takes the rest too.
[[nodiscard]] inline int64_t task_count(int64_t extent, int64_t grain) {
  return std::max<int64_t>(1, extent / grain);
}

}  // namespace sepconv::spec
