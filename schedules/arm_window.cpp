// Schedules: chooses the tile of a depthwise stage on an ARM core by counting the instructions of
// each candidate. Knows no Halide.
#include <limits>

#include "schedules/arm_choose.h"
#include "schedules/cpu_choose.h"

namespace sepconv::schedules {

namespace {

struct Work {
  TiledExtents extents;
  spec::Window window;
  int64_t step_height = 1;  ///< rows of a fused step, else the height
  bool fused = false;
  int64_t lanes = 4;
  int64_t registers = 32;
  double most_repeated = 1e9;  ///< that tiles may compute of what they cover
};

struct Tile {
  int64_t x = 1, y = 1;
  bool rolled = false;  ///< rows of taps in a loop
  double instructions = std::numeric_limits<double>::infinity();
};

/// Columns or rows of input that `outputs` neighbours read.
int64_t span(int64_t outputs, const spec::Window& window, int axis) {
  const int64_t reach = (window.kernel[axis] - 1) * window.dilation[axis] + 1;
  return std::min((outputs - 1) * window.stride[axis] + reach, outputs * window.kernel[axis]);
}

constexpr int64_t kUnrolledAccumulators = 8;

/// Accumulators, the weights of an unrolled body and one row of inputs.
bool fits(const Tile& tile, const Work& work) {
  const int64_t body = work.window.kernel[1] * (tile.rolled ? 1 : work.window.kernel[0]);
  if (tile.x * tile.y * body > kUnrollBudget) return false;
  // The compiler loads early what a long unrolled body needs late, which fills as many registers.
  if (!tile.rolled && tile.x * tile.y > kUnrolledAccumulators) return false;
  const int64_t inputs = span(tile.x, work.window, 1);
  return tile.x * tile.y + body + inputs < work.registers;
}

/// Of all tiles: multiply-adds, loads, and what starting, clamping and storing takes. Weights of an
/// unrolled window stay in registers; a loop over rows of taps loads its row again for every tile.
double instructions(const Tile& tile, const Work& work) {
  constexpr double kAccumulator = 3.5, kTile = 4, kIteration = 4;
  const spec::Window& window = work.window;
  const int64_t accumulators = tile.x * tile.y;
  const int64_t taps = window.kernel[0] * window.kernel[1];
  const int64_t rows = tile.rolled ? window.kernel[0] * tile.y : span(tile.y, window, 0);
  double count = static_cast<double>(accumulators * taps + span(tile.x, window, 1) * rows);
  if (tile.rolled)
    count += static_cast<double>(taps) + kIteration * static_cast<double>(window.kernel[0]);
  count += kAccumulator * static_cast<double>(accumulators) + kTile;
  const int64_t tiles = ceil_div(work.extents.width, tile.x) * ceil_div(work.step_height, tile.y);
  return count * static_cast<double>(tiles);
}

Tile best_tile(const Work& work) {
  // Rows of taps that no register file holds come from memory.
  Tile best{std::min<int64_t>(work.extents.width, 4), 1, true};
  for (const bool rolled : {false, true}) {
    // With its border split off, an unrolled window's sum may be reordered; fused nests promise the
    // same bits for every target with FMA.
    if (work.fused && !rolled) continue;
    for (int64_t y = 1; y <= std::min<int64_t>(work.step_height, 4); ++y) {
      for (int64_t x = 1; x <= std::min<int64_t>(work.extents.width, 16); ++x) {
        Tile tile{x, y, rolled};
        const double again = repeated(work.extents.width, x) * repeated(work.step_height, y);
        if (!fits(tile, work) || again > work.most_repeated) continue;
        tile.instructions = instructions(tile, work);
        if (tile.instructions < best.instructions) best = tile;
      }
    }
  }
  return best;
}

/// The widest vector that the channels fill.
int64_t choose_lanes(const Work& work) {
  int64_t lanes = work.lanes;
  while (lanes > work.extents.channels) lanes /= 2;
  return lanes;
}

int64_t choose_split(const Tile& tile, const Work& work, bool fused) {
  const auto& padding = work.window.padding;
  const bool columns = padding[1] > 0 && ceil_div(work.extents.width, tile.x) > 2;
  const bool rows = padding[0] > 0 && !fused && ceil_div(work.extents.height, tile.y) > 2;
  return (columns ? 1 : 0) + (rows ? 2 : 0);
}

}  // namespace

void choose_arm_window(Point& point, const spec::Layer& layer, size_t stage, int64_t rows,
                       const targets::Target& target) {
  Work work;
  work.extents = tiled_extents(layer, stage);
  work.window = layer.stages[stage].window;
  work.fused = rows > 0;
  work.step_height = rows > 0 ? rows : work.extents.height;
  work.lanes = sum_lanes(layer, target);
  work.registers = target.registers;
  work.lanes = choose_lanes(work);
  if (rows > 0) {
    work.most_repeated = kMostRepeated / repeated(work.extents.height, rows) /
                         repeated(work.extents.channels, work.lanes);
  }
  Tile tile = best_tile(work);
  if (rows > 0) tile.y = largest_divisor(rows, tile.y);
  point["dw_x"] = tile.x;
  point["dw_y"] = tile.y;
  point["dw_v"] = 1;
  point["dw_lanes"] = work.lanes;
  point["dw_order"] = 1;
  point["dw_unroll"] = tile.rolled ? kRowOfTaps : kAllTaps;
  point["dw_split"] = choose_split(tile, work, rows > 0);
}

}  // namespace sepconv::schedules
