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
  return layer.stages.size() == 2 || holds ? rows / 2 : rows;
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

/// Whether the last stage of a separable block does better on its own, over the pixels of all rows
/// at once: where steps of so many rows and tiles inside rows overlap much, or stream weights again
/// and again that L2 does not hold, while it holds what passes between the stages.
bool stands_apart(const spec::Layer& layer, int64_t rows, const targets::Target& target) {
  constexpr double kOverlaps = 1.04;
  const std::vector<Shape> shapes = spec::shapes(layer);
  const Shape& out = shapes.back();
  const Shape& mid = shapes[shapes.size() - 2];
  const int64_t l2 = target.core.l2_bytes;
  if (layer.stages.size() != 2 || !may_stand_apart(layer)) return false;
  if (!stays_in_l2(mid.h * mid.w * mid.c * 4, l2)) return false;
  const bool streams = mid.c * out.c * 4 > l2;
  return streams || repeated(out.h, rows) * repeated_columns(out.w) > kOverlaps;
}

}  // namespace

/// The depthwise rows stay in a quarter of L2, the projection's weights are streamed once a step,
/// so steps are as high as fits. Steps lower than the map keep the intermediate below the whole
/// tensor; maps of a tile's height are one step, and where they can, their last stage stands apart:
/// fusing it gains nothing there. What may be repeated goes to vectors of channels first, then to
/// columns: rows that overlap take what these leave.
int64_t choose_rows(const spec::Layer& layer, const targets::Target& target) {
  const std::vector<Shape> shapes = spec::shapes(layer);
  const Shape& out = shapes.back();
  const Shape& mid = shapes[shapes.size() - 2];
  constexpr int64_t kOneStep = 8;
  if (out.h <= kOneStep) return may_stand_apart(layer) ? 0 : out.h;
  const int64_t limit = std::max<int64_t>(1, target.core.l2_bytes / 4 / (mid.w * mid.c * 4));
  // Padded planes hold the rows beside a step's once more.
  const bool pairs = layer.stages.size() == 3 && layer.layout == spec::Layout::nhwc;
  const int64_t most = pairs ? 2 : out.h <= 14 ? 7 : 4;
  constexpr double kMostRows = 1.1, kColumns = 1.05;
  const int64_t lanes = channel_lanes(mid.c, kMostRepeated, target);
  const double left = kMostRepeated / repeated(mid.c, lanes) / kColumns;
  const int64_t highest = std::min(limit, most);
  const int64_t rows = steps_divide(layer) ? largest_divisor(out.h, highest)
                                           : even_tile(out.h, highest, std::min(kMostRows, left));
  return stands_apart(layer, rows, target) ? 0 : even_steps(rows, layer, target);
}

}  // namespace sepconv::schedules
