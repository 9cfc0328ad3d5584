// Schedules: chooses the tile of a depthwise stage. Knows no Halide and no instruction set. Longer
// than other files: one rule a kind of window, to be read side by side.
#include <array>
#include <limits>

#include "schedules/cpu_choose.h"

namespace sepconv::schedules {

namespace {

/// Sums of more taps than this compile better as updates of accumulators than as one expression,
/// whose loads the compiler orders badly; with few registers any expression spills. More
/// accumulators than registers spill at every tap.
int64_t most_expression_taps(int64_t accumulators, int64_t registers) {
  if (registers < 32) return 0;
  return accumulators > registers ? 16 : 9;
}

/// A depthwise stage as its tile sees it.
struct Work {
  TiledExtents extents;
  spec::Window window;
  int64_t step_height = 1;  ///< rows of a fused step, else the height
  bool fused = false;
  bool in_steps = false;   ///< fused in steps of rows
  bool in_blocks = false;  ///< fused in blocks of hidden channels
  bool expanded = false;   ///< steps of rows that an expanding stage leaves near
  int64_t registers = 16, vector_registers = 1;
  int64_t l1_ways = 8, l2_bytes = 0;
  bool fast_fma = false;       ///< whole vectors at more than one a cycle
  double most_repeated = 1e9;  ///< that tiles may compute of what they cover

  /// Nothing else is computed between its tiles.
  [[nodiscard]] bool alone() const { return !in_steps && !in_blocks; }
  [[nodiscard]] int64_t taps() const { return window.kernel[0] * window.kernel[1]; }
  [[nodiscard]] bool strided() const { return window.stride[0] > 1 || window.stride[1] > 1; }
};

struct WindowChoice {
  int64_t x = 1, y = 1, v = 1, lanes = 1, order = kYxc, split = 0;
};

/// Rows that tiles of a step may have: a fused step is cut without rest.
int64_t tile_rows(const Work& work, int64_t limit) {
  return work.in_steps ? largest_divisor(work.step_height, limit)
                       : even_tile(work.step_height, limit, work.most_repeated);
}

/// Lines of one channel vector that L1 holds: pixels a multiple of a power of two apart share few
/// of its 64 sets.
int64_t lines_in_sets(const Work& work) {
  const int64_t stride = work.extents.channels * 4;
  return (stride % kLine == 0 ? sets_met(stride) : kSets) * work.l1_ways;
}

/// A strided window meets each line only once or twice: where pixels share few sets of L1, several
/// channel vectors at once use it while it is there.
/// `any`: the lines of a small tile take most of the ways of these sets; `strong`: more than all.
struct Aliasing {
  bool any = false, strong = false;
};
Aliasing aliasing(const Work& work) {
  constexpr int64_t kSmallTile = 2;
  if (!work.strided()) return {};
  const spec::Window& window = work.window;
  int64_t lines = 1;
  for (int axis = 0; axis < 2; ++axis) {
    lines *= (kSmallTile - 1) * window.stride[axis] + (window.kernel[axis] - 1) + 1;
  }
  const int64_t ways = lines_in_sets(work);
  return {4 * lines > 3 * ways, 4 * lines > 5 * ways};
}

/// Whether a tile of the whole map pays: every padding tap vanishes, at the price of some spills.
/// Where FMAs are fast that is no gain if the map's lines outnumber the ways of their sets by far.
bool takes_whole_map(const Work& work) {
  const int64_t pixels = work.extents.width * work.extents.height;
  const int64_t lines = pixels * work.window.stride[0] * work.window.stride[1];
  const bool evicts = work.fast_fma && lines > 4 * lines_in_sets(work);
  const bool fits = work.extents.height <= work.registers - 2 && pixels <= 2 * work.registers - 4;
  return !work.fused && fits && work.taps() * pixels <= kUnrollBudget && !aliasing(work).any &&
         !evicts;
}

int64_t input_bytes(const Work& work) {
  const auto& stride = work.window.stride;
  return work.extents.width * stride[1] * work.extents.height * stride[0] * work.extents.channels *
         4;
}

bool is_in_l2(const Work& work) { return stays_in_l2(input_bytes(work), work.l2_bytes); }

/// Tile loops of a wide window. Vectors of less than a line of channels leave the rest of it to the
/// next vector, so channels go innermost, as they do where the prefetcher must bring whole rows
/// from beyond L2 or where a fused step has few rows. Else a vector of channels passes the map at a
/// time: strided windows along its rows, others down, so that all but a new row of their input is
/// still in L1: of a window of 7x7 a tile of 14 columns reads 140 lines, of which 20 are new. Where
/// L1's sets keep no line of a strided window until the next tile, so do maps a little beyond L2;
/// where only rows are strided, channels stay innermost. Rows a multiple of a page apart share few
/// sets of L1: a vector of channels along the whole row needs the fewest lines of each at a time.
int64_t wide_order(const Work& work, int64_t lanes) {
  constexpr int64_t kPage = 4096;
  if (lanes * 4 < kLine) return kYxc;
  const spec::Window& window = work.window;
  const bool passes = !work.fused && is_in_l2(work);
  if (work.strided()) {
    if (work.fused || window.stride[1] == 1) return kYxc;
    const bool evicts = aliasing(work).strong && input_bytes(work) <= 2 * work.l2_bytes;
    return passes || evicts ? kCyx : kYxc;
  }
  const int64_t row_bytes = work.extents.width * work.extents.channels * 4;
  if (row_bytes % kPage == 0) return window.kernel[0] > 4 ? kYcx : kYxc;
  return passes ? kCxy : kYxc;
}

/// Columns of a tile of one row: accumulators take half of the registers but one or two.
int64_t longest_row(const Work& work) {
  return work.registers / 2 - (work.registers >= 32 ? 2 : 1);
}

/// Columns of a wide strided window share loads, as do rows in a body of all taps: two where the
/// registers hold them and, if a vector of channels passes the map, L1 the lines that they read;
/// else two vectors of channels pass, which read pairs of adjacent lines, where a row of weights
/// stays in registers beside their sums.
void choose_wide_strided_pixels(WindowChoice& tile, const Work& work) {
  constexpr int64_t kShortRow = 7, kFewColumns = 4;
  const spec::Window& window = work.window;
  const int64_t width = work.extents.width;
  const int64_t most = std::max(kFewColumns, longest_row(work) / 2);
  tile.x = even_tile(width, width <= kShortRow ? kShortRow : most, work.most_repeated);
  tile.order = wide_order(work, tile.lanes);
  const int64_t rows = tile_rows(work, 2);
  const int64_t lines = window.span(0, rows) * width * window.stride[1];
  const bool stays = rows * tile.x * work.taps() <= kUnrollBudget && lines <= lines_in_sets(work);
  const bool pairs = work.extents.channels % (2 * tile.lanes) == 0 &&
                     2 * (window.kernel[1] + tile.x) <= work.registers;
  if (rows * tile.x <= longest_row(work) && (tile.order == kYxc || stays)) {
    tile.y = rows;
  } else if (tile.order == kCyx && pairs) {
    tile.v = 2;
  }
}

/// Strided windows share no loads between rows, so they get small tiles that touch memory as runs
/// of channels. Expanded rows are near, so taller tiles of them share weights.
void choose_strided_pixels(WindowChoice& tile, const Work& work) {
  const int64_t width = work.extents.width;
  const Aliasing lines = aliasing(work);
  const bool row = width <= 7 && !lines.strong;
  tile.x = row ? width : even_tile(width, 2, work.most_repeated);
  tile.y = row || lines.strong ? 1 : tile_rows(work, work.expanded ? 4 : 2);
  tile.v = lines.strong ? 4 : lines.any ? 2 : 1;
  tile.order = lines.any && !row ? kCyx : kYxc;
}

/// Rows of a dilated tile would share no loads; the columns of a long row are each other's. That
/// wants the lines of a window's rows in L1: where they fall into too few of its sets, small tiles
/// of adjacent channels use a line while it is there, unless even these find no room; two vectors
/// of channels where their weights stay in registers. A vector of channels at a time passes a map
/// in L2 whose rows stay in L1; elsewhere, and where vectors are parts of a line, channels go
/// innermost, so that no line comes twice.
void choose_dilated_pixels(WindowChoice& tile, const Work& work) {
  constexpr int64_t kFewColumns = 4;
  const spec::Window& window = work.window;
  const int64_t lines = lines_in_sets(work);
  const bool few = window.span(0, 1) * work.extents.width > lines &&
                   window.kernel[0] * window.inputs(1, kFewColumns) < lines;
  tile.x = even_tile(work.extents.width, few ? kFewColumns : longest_row(work), work.most_repeated);
  const bool pairs = work.extents.channels % (2 * tile.lanes) == 0;
  const bool fits = 2 * (work.taps() + tile.x) < work.registers;
  if (few && pairs && fits) tile.v = 2;
  if (!few && tile.lanes * 4 >= kLine && is_in_l2(work)) tile.order = kCyx;
}

/// Vectors as wide as a line begin within one where a pixel is no whole number of lines: each load
/// and store takes two. Two adjacent vectors share the line between them, so pairs of them pass a
/// map that L2 holds beside its result, and find its rows in L1 again, in tiles of as few columns
/// and rows as share their loads. Of narrow pixels a pair would compute much twice.
/// False: no such vectors, or nothing gained.
bool choose_crossing_pixels(WindowChoice& tile, const Work& work) {
  constexpr int64_t kFewVectors = 3;
  constexpr double kMostPaired = 1.3;
  const int64_t channels = work.extents.channels;
  const bool crosses = tile.lanes * 4 >= kLine && channels * 4 % kLine != 0;
  if (!crosses || !work.alone() || ceil_div(channels, tile.lanes) <= kFewVectors) return false;
  const bool pairs = repeated(channels, 2 * tile.lanes) <= kMostPaired;
  const bool passes = stays_in_l2(2 * input_bytes(work), work.l2_bytes);
  if (!pairs && !passes) return false;
  tile.v = pairs ? 2 : 1;
  tile.x = even_tile(work.extents.width, pairs ? 2 : 4, work.most_repeated);
  tile.y = tile_rows(work, 2);
  tile.order = passes ? kCyx : kYxc;
  return true;
}

/// Outputs of windows that do not overlap share weights alone. A tile of several then reads and
/// writes as many streams at once, where channels, innermost, would make one: of a single tap,
/// which leaves no weights to load, beyond L1; of several beyond L2, where vectors cross lines.
bool passes_as_stream(const Work& work, int64_t lanes) {
  const spec::Window& window = work.window;
  const bool apart =
      window.stride[0] >= window.kernel[0] && window.stride[1] >= window.kernel[1] && work.alone();
  const int64_t l1_bytes = work.l1_ways * kLine * kSets;
  const bool crosses = work.extents.channels * 4 % kLine != 0 && lanes * 4 >= kLine;
  if (!apart) return false;
  return work.taps() == 1 ? input_bytes(work) > l1_bytes
                          : crosses && input_bytes(work) > work.l2_bytes;
}

/// A vector of copies is several registers, as is what a load is shuffled into: sums take three
/// eighths of all, but two columns share weights, in a loop over rows of taps.
void choose_copied_pixels(WindowChoice& tile, const Work& work) {
  const int64_t columns = 3 * work.registers / 8 / work.vector_registers;
  tile.x = even_tile(work.extents.width, std::max<int64_t>(2, columns), work.most_repeated);
}

/// Columns and rows of a tile. Accumulators may take half of the registers; the rest holds weights
/// and inputs. Wide windows get whole rows, whose loads their outputs share.
void choose_pixels(WindowChoice& tile, const Work& work) {
  const int64_t width = work.extents.width;
  const int64_t budget = work.registers / 2;
  const spec::Window& window = work.window;
  if (passes_as_stream(work, tile.lanes)) return;
  if (takes_whole_map(work)) {
    tile.x = width;
    tile.y = work.extents.height;
  } else if (work.taps() > kWideTaps && work.strided()) {
    choose_wide_strided_pixels(tile, work);
  } else if (work.taps() > kWideTaps) {
    const int64_t most = longest_row(work);
    // Two rows halve what comes from beyond L2, where registers leave them columns enough to share.
    const bool halves = budget >= 16 && input_bytes(work) > work.l2_bytes;
    tile.x = even_tile(width, halves ? budget / 2 : most, work.most_repeated);
    tile.y = halves || tile.x * 2 <= most ? tile_rows(work, 2) : 1;
    tile.order = wide_order(work, tile.lanes);
  } else if (window.dilation[0] > 1) {
    choose_dilated_pixels(tile, work);
  } else if (work.strided()) {
    choose_strided_pixels(tile, work);
  } else if (!choose_crossing_pixels(tile, work)) {
    // A single row shares no loads with others; as one tile its columns share all of theirs. Loads
    // of a block of hidden channels come from L1, so its tiles leave registers to the weights.
    constexpr int64_t kShortRow = 7, kPair = 2;
    const bool row = work.in_steps && work.step_height == 1 && width <= budget;
    const int64_t limit = width <= kShortRow ? kShortRow
                          : work.in_blocks   ? kPair
                          : width <= 14      ? 7
                                             : 4;
    tile.x = row ? width : even_tile(width, limit, work.most_repeated);
    // What comes from beyond L2 is read by as few rows of tiles as registers allow.
    const int64_t most = work.in_steps || input_bytes(work) > work.l2_bytes ? budget : 2;
    tile.y = tile_rows(work, std::clamp<int64_t>(budget / tile.x, 1, most));
  }
}

/// Vectors run along a row: as wide as the row allows without computing a quarter of it twice.
WindowChoice choose_planar(const Work& work, const targets::Target& target) {
  WindowChoice tile;
  const int64_t width = work.extents.width;
  tile.lanes = target.lanes(4);
  while (tile.lanes > width) tile.lanes /= 2;
  while (tile.lanes > 4 && ceil_div(width, tile.lanes) * tile.lanes * 4 > width * 5) {
    tile.lanes /= 2;
  }
  // Rows share loads of their columns; those of a strided window take more instructions each.
  tile.y = tile_rows(work, work.registers / (work.strided() ? 8 : 4));
  tile.order = kCyx;
  tile.split = work.extents.splits_columns(tile.lanes) ? 1 : 0;
  return tile;
}

/// Tiles that may read padding get loops of their own: elsewhere a test of each load would take as
/// many instructions as its products. Rows of zeros are branched past, so columns are split where
/// there are several tiles of them, which keeps the code at three bodies.
int64_t choose_split(const WindowChoice& tile, const Work& work) {
  if (work.extents.splits_columns(tile.x)) return 1;
  const bool whole = !work.fused || work.step_height >= work.extents.height;
  return whole && work.extents.splits_rows(tile.y) ? 2 : 0;
}

int64_t choose_unroll(const WindowChoice& tile, const Work& work) {
  const int64_t accumulators = tile.x * tile.y * tile.v * work.vector_registers;
  if (work.taps() * accumulators > kUnrollBudget || work.extents.copies > 1) {
    return work.window.kernel[1] * accumulators <= kUnrollBudget ? kRowOfTaps : kNoTaps;
  }
  // A row of a wide window in one body is long enough, and a fraction of the code.
  const bool branches = tile.split != 0 && !work.extents.planar;
  if (branches && work.taps() > kWideTaps && !work.strided()) return kRowOfTaps;
  // Rows of pixels are loaded unaligned whatever the order, so planar sums stay reductions.
  // An expression's order of additions depends on the pixel's place in the tile; fused nests
  // promise the same bits for every target with FMA. It keeps every weight in a register, which
  // several vectors of channels leave only beside few accumulators.
  const bool fits = tile.v == 1 || work.taps() * tile.v + accumulators < work.registers;
  const bool expression =
      work.taps() <= most_expression_taps(accumulators, work.registers) && !work.fused && fits;
  return expression && !branches && !work.extents.planar ? kExpression : kAllTaps;
}

}  // namespace

int64_t channel_lanes(int64_t channels, double most_repeated, const targets::Target& target,
                      int64_t copies) {
  constexpr double kVector = 0.15;
  int64_t best = copies;
  double best_cycles = std::numeric_limits<double>::infinity();
  const int64_t whole = target.lanes(4);
  for (int64_t lanes = copies; lanes <= std::min(whole * copies, channels); lanes *= 2) {
    const auto vectors = static_cast<double>(ceil_div(channels, lanes));
    const int64_t registers = ceil_div(lanes, whole);
    if (registers > target.registers / 2) break;
    const double cycles =
        vectors *
        (static_cast<double>(registers) * fma_cycles(std::min(lanes, whole), target) + kVector);
    if (cycles > best_cycles || repeated(channels, lanes) > most_repeated) continue;
    best = lanes;
    best_cycles = cycles;
  }
  return best;
}

void choose_window_tile(Point& point, const spec::Layer& layer, size_t stage, int64_t rows,
                        const targets::Target& target) {
  Work work;
  work.extents = tiled_extents(layer, stage);
  work.window = layer.stages[stage].window;
  work.fused = layer.stages.size() > 1;
  work.in_steps = rows > 0;
  work.expanded = layer.stages.size() == 3 && rows > 0;
  work.in_blocks = layer.stages.size() == 3 && rows == 0;
  work.step_height = rows > 0 ? rows : work.extents.height;
  work.registers = target.registers;
  work.l1_ways = l1_ways(target);
  work.l2_bytes = target.core.l2_bytes;
  work.fast_fma = has_fast_fma(target);
  if (rows > 0) work.most_repeated = kMostRepeated / repeated(work.extents.height, rows);
  WindowChoice tile;
  if (work.extents.planar) {
    tile = choose_planar(work, target);
  } else {
    const int64_t copies = work.extents.copies;
    tile.lanes = channel_lanes(work.extents.channels, work.most_repeated, target, copies);
    // Eight copies are a broadcast, which an overlapping vector of two inputs is not.
    const bool eight = layer.stages[stage].multiplier % 8 == 0 && copies == 1;
    if (eight && tile.lanes > 8 && work.extents.channels % tile.lanes != 0) tile.lanes = 8;
    work.most_repeated /= repeated(work.extents.channels, tile.lanes);
    work.vector_registers = ceil_div(tile.lanes, target.lanes(4));
    if (copies > 1) {
      choose_copied_pixels(tile, work);
    } else {
      choose_pixels(tile, work);
    }
    if (tile.v * tile.lanes > work.extents.channels) tile.v = 1;
    // Strided columns of a block share few loads; neighbouring vectors share addresses.
    const int64_t block = knob(point, "ex_v") * knob(point, "ex_lanes");
    const bool strided = work.in_blocks && work.strided() && tile.x < work.extents.width;
    if (strided && block % (2 * tile.lanes) == 0) tile.v = 2;
    // Of narrow vectors without tests LLVM adds some in another order, which fused nests must not.
    tile.split = is_narrow(tile.lanes, target) && work.fused ? 0 : choose_split(tile, work);
  }
  point["dw_x"] = tile.x;
  point["dw_y"] = tile.y;
  point["dw_v"] = tile.v;
  point["dw_lanes"] = tile.lanes;
  // Blocks of hidden channels pass one after the other.
  point["dw_order"] = work.in_blocks ? kCyx : tile.order;
  point["dw_unroll"] = choose_unroll(tile, work);
  point["dw_split"] = tile.split;
}

}  // namespace sepconv::schedules
