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
  int64_t step_height = 1;   ///< rows of a fused step, else the height
  bool fused = false;        ///< a step is cut without rest
  bool exponential = false;  ///< the activation takes one
  bool tested = false;       ///< a fused step's rows for padding, in every tile
  spec::Activation activation = spec::Activation::none;
  bool converts = false;    ///< halves to floats
  bool multiplied = false;  ///< several channels of output for one of input
  int64_t lanes = 4;
  int64_t registers = 32;
  double most_repeated = 1e9;  ///< that tiles may compute of what they cover

  [[nodiscard]] bool strided() const { return window.stride[0] > 1 || window.stride[1] > 1; }
};

struct Tile {
  int64_t x = 1, y = 1;
  bool rolled = false;  ///< rows of taps in a loop
  double operations = std::numeric_limits<double>::infinity();
};

/// Columns of input that a tile loads: a tile of the whole row loads no padding.
int64_t columns(const Tile& tile, const Work& work) {
  const int64_t all = work.window.inputs(1, tile.x);
  return tile.x == work.extents.width ? std::min(all, work.extents.width_in) : all;
}

/// Tiles of a row between its border tiles. One alone would be straight code with its neighbours,
/// whose registers the compiler then fills with loads ahead of their use.
bool has_loop_along_row(const Tile& tile, const Work& work) {
  const int64_t tiles = ceil_div(work.extents.width, tile.x);
  const auto& padding = work.window.padding;
  const int64_t borders = (padding[1] > 0 ? 1 : 0) + (padding[3] > 0 ? 1 : 0);
  return tiles == 1 || tiles > borders + 1;
}

/// Registers of an unrolled window: accumulators, bias, all weights, and a row of inputs at a time;
/// a strided tile keeps one for every row of outputs, because its rows are not used in the order of
/// the taps, which leaves none over for the activation's bounds. Rows that are tested take a mask
/// each, and leave none over either.
int64_t unrolled_registers(const Tile& tile, const Work& work) {
  const int64_t taps = work.window.kernel[0] * work.window.kernel[1];
  const int64_t inputs = columns(tile, work) * (work.multiplied ? 2 : 1);
  const int64_t rows = work.strided() ? tile.y * inputs : inputs;
  const int64_t masks = work.tested ? work.window.inputs(0, tile.y) : 0;
  const bool crowded = work.strided() || work.tested;
  const int64_t others = crowded ? activation_registers(work.activation) : 0;
  constexpr int64_t kConverting = 6;
  return tile.x * tile.y + 1 + taps + rows + masks + others + (work.converts ? kConverting : 0);
}

bool is_wide_strided(const Work& work) { return work.strided() && work.window.kernel[1] > 3; }

/// Registers of a loop over rows of taps: accumulators, bias, a row of weights, and for every row
/// of outputs those inputs that a tap still needs. Of wide windows without stride it is less to
/// hold what a single tap needs: an input for every output, and the weights that follow; with
/// stride half of the inputs are loaded ahead. Inputs whose lanes are doubled are all made ahead,
/// and so are strided halves.
int64_t rolled_registers(const Tile& tile, const Work& work) {
  const int64_t accumulators = tile.x * tile.y;
  int64_t inputs = work.window.inputs(1, 1);
  if (work.multiplied || (work.strided() && work.converts)) inputs = columns(tile, work);
  if (is_wide_strided(work)) inputs = std::max(inputs, ceil_div(columns(tile, work), 2));
  int64_t operands = work.window.kernel[1] + tile.y * inputs;
  if (!work.strided() && !work.multiplied) operands = std::min(operands, accumulators + 3);
  return accumulators + 1 + operands;
}

/// More accumulators than 14 of 32 registers spill beside a loop over taps, fewer where halves are
/// on their way to be floats, where a strided window is wide, and in tiles of several rows that are
/// strided or end in an exponential. An exponential, whose constants fill a dozen registers, must
/// stand outside of the loop that sums. Where several outputs share an input channel, its lanes are
/// doubled in a second register.
bool fits(const Tile& tile, const Work& work) {
  const auto& kernel = work.window.kernel;
  const int64_t accumulators = tile.x * tile.y;
  const int64_t body = kernel[1] * (tile.rolled ? 1 : kernel[0]);
  if (accumulators * body > kUnrollBudget) return false;
  if (tile.rolled) {
    const bool several = tile.y > 1 && (work.exponential || work.strided());
    const bool fewer = work.converts || several || is_wide_strided(work);
    const int64_t most = work.registers / 2 - (fewer ? 4 : 2);
    return accumulators <= most && rolled_registers(tile, work) < work.registers;
  }
  // Nor do the halves of a step's window find registers on their way to be floats.
  if (work.converts && work.fused) return false;
  if (work.exponential || !has_loop_along_row(tile, work)) return false;
  // Loops over both the rows and the columns of a step take registers too.
  const bool both = tile.y < work.step_height && tile.x < work.extents.width;
  if (work.fused && both) return false;
  return unrolled_registers(tile, work) < work.registers;
}

/// Of all tiles. A load is two operations, with its address; so is a row of inputs, and a little
/// more, which makes one row less worth two loads; starting, clamping and storing an accumulator
/// are 1 + 2 + 4; what a tile waits for costs as much as some 30. Weights of an unrolled window
/// stay in registers; a loop over rows of taps loads its row again for every tile.
double operations(const Tile& tile, const Work& work) {
  constexpr double kLoad = 2, kAccumulator = 7, kTile = 30, kIteration = 6, kRow = 2.2;
  const spec::Window& window = work.window;
  const int64_t accumulators = tile.x * tile.y;
  const int64_t taps = window.kernel[0] * window.kernel[1];
  const int64_t rows = tile.rolled ? window.kernel[0] * tile.y : window.inputs(0, tile.y);
  const int64_t loads = columns(tile, work) * rows + (tile.rolled ? taps : 0);
  double count = static_cast<double>(accumulators * taps) + kLoad * static_cast<double>(loads) +
                 kRow * static_cast<double>(rows);
  if (tile.rolled) count += kIteration * static_cast<double>(window.kernel[0]);
  count += kAccumulator * static_cast<double>(accumulators) + kTile;
  const int64_t tiles = ceil_div(work.extents.width, tile.x) * ceil_div(work.step_height, tile.y);
  return count * static_cast<double>(tiles);
}

Tile best_tile(const Work& work) {
  // Rows of taps that no register file holds come from memory.
  Tile best{std::min<int64_t>(work.extents.width, 4), 1, true};
  for (const bool rolled : {false, true}) {
    for (int64_t y = 1; y <= std::min<int64_t>(work.step_height, 4); ++y) {
      for (int64_t x = 1; x <= std::min<int64_t>(work.extents.width, 16); ++x) {
        if (work.fused && work.step_height % y != 0) continue;
        Tile tile{x, y, rolled};
        const double again = repeated(work.extents.width, x) * repeated(work.step_height, y);
        if (!fits(tile, work) || again > work.most_repeated) continue;
        tile.operations = operations(tile, work);
        if (tile.operations < best.operations) best = tile;
      }
    }
  }
  return best;
}

constexpr int64_t kMostPlanarRows = 4;

/// Whether every tile along a row reads padding: the first or the last one.
bool all_tested(const Work& work, int64_t pixels) {
  return work.extents.border_x && work.extents.width <= 2 * pixels;
}

/// Rows of a tile along pixels: every tap of every row loads a vector of its own, strided ones two.
int64_t planar_rows(const Work& work, int64_t pixels, bool rolled) {
  const auto& kernel = work.window.kernel;
  const int64_t weights = kernel[1] * (rolled ? 1 : kernel[0]);
  const bool loop = (rolled && kernel[0] > 1) || has_loop_along_row({pixels, 1}, work);
  const int64_t most = loop ? kMostPlanarRows : 1;
  const int64_t masks = rolled && all_tested(work, pixels) ? kernel[1] : 0;
  int64_t best = 0;
  for (int64_t y = 1; y <= std::min(work.step_height, most); ++y) {
    if (work.fused && work.step_height % y != 0) continue;
    if (repeated(work.step_height, y) > work.most_repeated) continue;
    const int64_t rows = rolled ? y : work.window.inputs(0, y);
    const int64_t on_the_way = work.converts ? 4 : 0;
    if (y + 1 + weights + rows * kernel[1] + masks + on_the_way < work.registers) best = y;
  }
  return best;
}

/// Whether a row without a loop, which is straight code of all its tests and shuffles, leaves no
/// registers to its sums: strided ones, those with an exponential, and those whose tiles all read
/// padding. Others gain by a loop over rows of taps where tiles have many rows.
bool is_crowded_row(const Work& work, int64_t pixels, int64_t rolled_rows) {
  if (has_loop_along_row({pixels, 1}, work)) return false;
  return work.strided() || work.exponential || all_tested(work, pixels) ||
         rolled_rows == kMostPlanarRows;
}

/// The widest vector that the channels fill.
int64_t choose_lanes(const Work& work) {
  int64_t lanes = work.lanes;
  while (lanes > work.extents.channels) lanes /= 2;
  return lanes;
}

int64_t choose_split(const Tile& tile, const Work& work, bool fused) {
  const TiledExtents& extents = work.extents;
  const bool columns = extents.splits_columns(tile.x);
  const bool rows = !fused && extents.splits_rows(tile.y);
  return (columns ? 1 : 0) + (rows ? 2 : 0);
}

Work make_work(const spec::Layer& layer, size_t stage, int64_t rows,
               const targets::Target& target) {
  Work work;
  work.extents = tiled_extents(layer, stage);
  work.window = layer.stages[stage].window;
  work.fused = rows > 0;
  work.activation = layer.stages[stage].activation;
  work.exponential = spec::takes_exponential(work.activation);
  work.multiplied = layer.stages[stage].multiplier > 1;
  work.step_height = rows > 0 ? rows : work.extents.height;
  work.tested = work.fused && rows >= work.extents.height && work.extents.border_y;
  work.lanes = sum_lanes(layer, target);
  work.registers = target.registers;
  work.lanes = choose_lanes(work);
  work.converts = stage == 0 && layer.dtype != layer.accumulate;
  if (rows > 0) work.most_repeated = kMostRepeated / repeated(work.extents.height, rows);
  if (rows > 0 && !work.extents.planar) {
    work.most_repeated /= repeated(work.extents.channels, work.lanes);
  }
  return work;
}

}  // namespace

int64_t activation_registers(spec::Activation activation) {
  switch (activation) {
    case spec::Activation::none:
      return 0;
    case spec::Activation::relu:
      return 1;
    case spec::Activation::relu6:
      return 2;
    case spec::Activation::hard_swish:
      return 4;
    case spec::Activation::sigmoid:
    case spec::Activation::silu:
      return 17;
    case spec::Activation::gelu:
      return 26;
  }
  return 0;
}

double arm_window_operations(const spec::Layer& layer, size_t stage, int64_t rows,
                             const targets::Target& target) {
  return best_tile(make_work(layer, stage, rows, target)).operations;
}

void choose_arm_window(Point& point, const spec::Layer& layer, size_t stage, int64_t rows,
                       const targets::Target& target) {
  const Work work = make_work(layer, stage, rows, target);
  if (work.extents.copies > 1) {
    choose_window_tile(point, layer, stage, rows, target);
    return;
  }
  const Tile tile = best_tile(work);
  point["dw_x"] = tile.x;
  point["dw_y"] = tile.y;
  point["dw_v"] = 1;
  point["dw_lanes"] = work.lanes;
  // Weights stay in registers along a row, and down the map where rows are a few tiles.
  constexpr int64_t kFewTiles = 4;
  const bool narrow = ceil_div(work.extents.width, tile.x) <= kFewTiles;
  point["dw_order"] = narrow ? 2 : 1;
  point["dw_unroll"] = tile.rolled ? kRowOfTaps : kAllTaps;
  point["dw_split"] = choose_split(tile, work, rows > 0);
}

void choose_arm_planar_window(Point& point, const spec::Layer& layer, size_t stage, int64_t rows,
                              const targets::Target& target) {
  choose_window_tile(point, layer, stage, rows, target);
  const Work work = make_work(layer, stage, rows, target);
  const int64_t pixels = point["dw_x"] * point["dw_lanes"];
  const int64_t rolled = planar_rows(work, pixels, true);
  const bool rolls = is_crowded_row(work, pixels, rolled);
  const int64_t unrolled = rolls ? 0 : planar_rows(work, pixels, false);
  point["dw_unroll"] = unrolled > 0 ? kAllTaps : kRowOfTaps;
  point["dw_y"] = std::max<int64_t>(1, unrolled > 0 ? unrolled : rolled);
}

}  // namespace sepconv::schedules
