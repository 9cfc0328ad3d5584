// Schedules: the declared space of the CPU nests and its constraints, for any register file. Knows
// no Halide.
//
// Derivation. A pointwise or dense tile of x pixels by v vectors keeps x*v accumulators, v weight
// vectors and one broadcast in registers: x*v + v + 1 <= registers. A depthwise tile keeps x*y*v
// accumulators and needs at least one register each for weight and input. In planar nests (nchw)
// vectors run along pixels: x vectors of pixels by v channels, with x and v in each other's place.
// An unrolled body holds x*v*unroll (pointwise), x*v*unroll*taps (dense) or x*y*v*taps (depthwise)
// FMAs. Where multiply-adds broadcast a lane, staged input takes a register for each pixel in place
// of the broadcast: x*v + v + x < registers.
#pragma once

#include <string>
#include <vector>

#include "schedules/schedule.h"

namespace sepconv::schedules {

/// Divisor candidates and legal values of every knob of the layer.
[[nodiscard]] Space cpu_space(const spec::Layer& layer, const targets::Target& target);

/// Reasons against a point: unknown or missing knobs, values outside the space, register and unroll
/// budgets.
[[nodiscard]] Errors cpu_legal(const Point& point, const spec::Layer& layer,
                               const targets::Target& target);

/// Phases of a legal point.
[[nodiscard]] std::vector<Phase> cpu_phases(const spec::Layer& layer, const targets::Target& target,
                                            const Point& point);

/// The knobs' prefix of a stage: ex (expanding pointwise), dw, pw, cv (dense).
[[nodiscard]] std::string stage_prefix(const spec::Layer& layer, size_t stage);

/// Whether the stage's vectors run along pixels: in nchw layers, and in depthwise stages of so few
/// channels that no vector fills, where their pixels are or can be made contiguous.
[[nodiscard]] bool is_planar(const spec::Layer& layer, size_t stage);

/// Whether the stage is planar in an nhwc layer of several channels, so that its input is split
/// into planes first.
[[nodiscard]] bool splits_planes(const spec::Layer& layer, size_t stage);

/// Whether a windowed stage reads a padded copy of its input's rows as planes: vectors along pixels
/// that reach into the padding would be gathered lane by lane for every tap, which costs more than
/// copying but for the few of a wide strided row.
[[nodiscard]] bool reads_planes(const spec::Layer& layer, size_t stage);

/// Whether the output channels of every tile of so many read equally many input channels.
[[nodiscard]] inline bool planes_are_constant(int64_t channels, int64_t multiplier) {
  return channels % multiplier == 0 || multiplier % channels == 0;
}

/// What the lanes of a depthwise stage's vectors of channels are a multiple of: the odd part of a
/// multiplier, so that all vectors hold copies of their input channels at the same places and
/// shuffle them out of one load. Other vectors would gather: those of multipliers of which a vector
/// would not fit the registers. Copies of a single input channel are broadcast.
[[nodiscard]] int64_t odd_copies(const spec::Layer& layer, size_t stage);

/// Whether `rows` may be 0: the last stage a phase of its own, which reads pixels of channels.
[[nodiscard]] bool may_stand_apart(const spec::Layer& layer);

/// Whether pixels may go by in blocks that stay in L2, each of which all weights pass.
[[nodiscard]] bool goes_by_blocks(const spec::Layer& layer);

/// Extents that a stage's tiles divide.
struct TiledExtents {
  int64_t width = 1;  ///< pixels along x; op pointwise sees the whole image as one row
  int64_t height = 1, channels = 1;
  int64_t channels_in = 1, width_in = 1;
  bool planar = false;
  bool planes = false;                      ///< reads_planes: the input comes padded
  int64_t copies = 1;                       ///< odd_copies of a depthwise stage
  bool border_x = false, border_y = false;  ///< whether some column's or row's tap reads padding

  /// Whether some of several tiles of so many columns, or rows, read padding.
  [[nodiscard]] bool splits_columns(int64_t tile) const;
  [[nodiscard]] bool splits_rows(int64_t tile) const;
};
[[nodiscard]] TiledExtents tiled_extents(const spec::Layer& layer, size_t stage);

/// Whether LLVM takes the straight code of a whole reduction apart into scalars and adds them in
/// another order: that of a single output channel, for x86.
[[nodiscard]] bool sums_in_scalars(const TiledExtents& extents, const targets::Target& target);

/// Whether a vector takes less than half a register.
[[nodiscard]] bool is_narrow(int64_t lanes, const targets::Target& target);

/// Expanded rows that are live in a step of so many output rows, as the power of two a ring needs.
[[nodiscard]] int64_t ring_rows(const spec::Window& window, int64_t rows);

/// Whether steps must divide the height: a ring's last step is whole, and rows that it computes
/// beyond the last would read beyond an input without padding.
[[nodiscard]] bool steps_divide(const spec::Layer& layer);

/// Whether tiles of `width` channels read no packed block beyond the padded ones.
[[nodiscard]] bool channel_tile_fits(int64_t channels, int64_t width);

/// Whether a tile of `broadcasts` times `vectors` accumulators stays in the register file, each
/// vector loaded once and each broadcast used by every vector. Staged: broadcasts are lanes of one
/// register each.
[[nodiscard]] bool tile_in_registers(int64_t broadcasts, int64_t vectors,
                                     const targets::Target& target, bool staged = false);

/// Lanes of the widest vector of sums.
[[nodiscard]] int64_t sum_lanes(const spec::Layer& layer, const targets::Target& target);

/// The value of a knob, 0 where the point lacks it.
[[nodiscard]] int64_t knob(const Point& point, const std::string& name);

/// FMAs of one unrolled body beyond which compile time explodes.
inline constexpr int64_t kUnrollBudget = 800;

/// Windows of more taps than this share most of their loads along a row.
inline constexpr int64_t kWideTaps = 9;

/// Values of dw_unroll and dw_order.
enum DepthwiseUnroll : int64_t { kAllTaps = 0, kRowOfTaps = 1, kNoTaps = 2, kExpression = 3 };
enum DepthwiseOrder : int64_t { kYxc = 0, kYcx = 1, kCyx = 2, kCxy = 3 };

}  // namespace sepconv::schedules
