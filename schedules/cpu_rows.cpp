// Schedules: chooses the rows of a fused step. Knows no Halide and no instruction set.
#include <array>

#include "schedules/cpu_choose.h"

namespace sepconv::schedules {

using spec::Shape;

namespace {

/// Few steps of an odd number leave one of two threads a step more; steps half as high do not. An
/// inverted residual gets single rows only where a tile holds one.
int64_t even_steps(int64_t rows, const spec::Layer& layer, const targets::Target& target) {
  constexpr int64_t kMany = 10;
  const auto window = static_cast<size_t>(spec::depthwise_stage(layer));
  const Shape out = spec::output_shape(layer);
  const bool strided = layer.stages[window].window.stride != std::array<int64_t, 2>{1, 1};
  const bool holds = !strided && out.w <= target.registers / 2;
  const int64_t steps = ceil_div(out.h, rows);
  if (steps % 2 == 0 || steps >= kMany || rows % 2 != 0) return rows;
  return layer.stages.size() == 2 || holds || rows > 2 ? rows / 2 : rows;
}

/// Rows of a step of an inverted residual. Where FMAs are fast and whole tiles fit the registers,
/// what every step begins with anew weighs more, and half of L2 may hold the ring of expanded rows
/// that twice as many need.
int64_t most_rows(const spec::Layer& layer, const targets::Target& target) {
  constexpr int64_t kFew = 2, kMore = 4;
  const Shape hidden = spec::shapes(layer)[1];
  const int64_t ring = ring_rows(layer.stages[1].window, kMore);
  const bool holds = ring * hidden.w * hidden.c * 4 <= target.core.l2_bytes / 2;
  return has_fast_wide_fma(target) && holds ? kMore : kFew;
}

/// The least share of columns that tiles of a pointwise stage compute again in rows of that width.
double repeated_columns(int64_t width) {
  constexpr int64_t kFewest = 4, kMost = 14;
  double least = repeated(width, kFewest);
  for (int64_t x = kFewest; x <= std::min(kMost, width); ++x) {
    least = std::min(least, repeated(width, x));
  }
  return least;
}

/// Maps of so many rows are one step.
constexpr int64_t kOneStep = 8;

}  // namespace

bool stands_apart(const spec::Layer& layer, int64_t rows, const targets::Target& target) {
  constexpr double kOverlaps = 1.04;
  constexpr int64_t kFewRows = 24;
  const std::vector<Shape> shapes = spec::shapes(layer);
  const Shape& out = shapes.back();
  const Shape& mid = shapes[shapes.size() - 2];
  const int64_t l2 = target.core.l2_bytes;
  if (!may_stand_apart(layer)) return false;
  if (out.h <= kOneStep) return true;
  if (!stays_in_l2(mid.h * mid.w * mid.c * 4, l2)) return false;
  if (layer.stages.size() == 3) return out.h <= kFewRows;
  const bool streams = mid.c * out.c * 4 > l2;
  return streams || repeated(out.h, rows) * repeated_columns(out.w) > kOverlaps;
}

/// The depthwise rows stay in a quarter of L2, the projection's weights are streamed once a step,
/// so steps are as high as fits. Steps lower than the map keep the intermediate below the whole
/// tensor; maps of a tile's height are one step. What may be repeated goes to vectors of channels
/// first, then to columns: rows that overlap take what these leave.
int64_t choose_rows(const spec::Layer& layer, const targets::Target& target) {
  const std::vector<Shape> shapes = spec::shapes(layer);
  const Shape& out = shapes.back();
  const Shape& mid = shapes[shapes.size() - 2];
  if (out.h <= kOneStep) return out.h;
  const int64_t limit = std::max<int64_t>(1, target.core.l2_bytes / 4 / (mid.w * mid.c * 4));
  // Padded planes hold the rows beside a step's once more.
  const bool pairs = layer.stages.size() == 3 && layer.layout == spec::Layout::nhwc;
  const int64_t most = pairs ? most_rows(layer, target) : out.h <= 14 ? 7 : 4;
  constexpr double kMostRows = 1.1, kColumns = 1.05;
  const int64_t lanes = channel_lanes(mid.c, kMostRepeated, target);
  const double left = kMostRepeated / repeated(mid.c, lanes) / kColumns;
  const int64_t highest = std::min(limit, most);
  const int64_t rows = steps_divide(layer) ? largest_divisor(out.h, highest)
                                           : even_tile(out.h, highest, std::min(kMostRows, left));
  return even_steps(rows, layer, target);
}

}  // namespace sepconv::schedules
