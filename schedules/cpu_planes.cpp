// Schedules: the planes of the CPU nests as Halide loops. Knows no point, no heuristic and no
// instruction set.
#include "schedules/cpu_planes.h"

#include <algorithm>

#include "schedules/cpu_space.h"
#include "support/integers.h"

namespace sepconv::schedules {

using generators::as_int;
using generators::Chain;
using generators::StageFuncs;
using Halide::Func;
using Halide::LoopLevel;
using Halide::MemoryType;
using Halide::RVar;
using Halide::TailStrategy;
using Halide::Var;

namespace {

using Order = WindowTile::Order;

/// The largest vector of at most `lanes` in `columns`.
int fitting_lanes(int64_t columns, int lanes) {
  while (lanes > columns) lanes /= 2;
  return lanes;
}

/// What planes may take: a part of L1. Few rows would overlap the more, and be read before they
/// have left the store buffer, which unaligned loads of parts of two stores wait for.
constexpr int64_t kPlaneBytes = 16384;

/// Bytes of the rows of one plane that so many rows of the result read.
int64_t plane_bytes(const StageFuncs& stage, int64_t rows) {
  const spec::Window& window = stage.stage.window;
  return window.span(0, rows) * window.span(1, stage.out.w) * 4;
}

/// Tiles of rows, a power of two or all of `rows`, whose planes take at most `bytes`.
int64_t row_tiles(const StageFuncs& stage, int64_t rows, int64_t tile, int64_t bytes) {
  int64_t tiles = 1;
  while (tiles * tile < rows && plane_bytes(stage, 2 * tiles * tile) <= bytes) tiles *= 2;
  return tiles;
}

/// Planes that so many adjacent output channels read; where whole tiles of them go by, always so
/// many: planes_are_constant().
int64_t planes_of(int64_t channels, int64_t multiplier) {
  return support::ceil_div(channels, multiplier);
}

/// The most of `tiles` of channels that divide them, whose planes, of so many bytes a tile, fit and
/// always are as many.
int64_t channel_tiles(int64_t tiles, const WindowTile& tile, int64_t bytes, int64_t multiplier) {
  int64_t most = tiles;
  while (most > 1 && (tiles % most != 0 || most * bytes > kPlaneBytes ||
                      !planes_are_constant(most * tile.v, multiplier))) {
    --most;
  }
  return most;
}

}  // namespace

void compute_planes_at(const StageFuncs& stage, const LoopLevel& at, int lanes,
                       const Chain& chain) {
  constexpr int kUnrolled = 8;
  Func planes = stage.pad;
  planes.compute_at(at).store_in(MemoryType::Heap);
  order_storage(planes, true, chain);
  planes.align_storage(chain.x, lanes);
  if (!planes.has_update_definition()) {
    const int64_t columns = stage.stage.window.span(1, stage.out.w);
    planes.vectorize(chain.x, fitting_lanes(columns, lanes), TailStrategy::ShiftInwards);
  } else {
    const RVar inside = planes.rvars(0).front();
    const int vector = fitting_lanes(stage.in.w, lanes);
    planes.update(0).vectorize(inside, vector, TailStrategy::GuardWithIf);
    const int64_t vectors = support::ceil_div(stage.in.w, vector);
    int unrolled = kUnrolled;
    while (vectors % unrolled != 0) --unrolled;
    planes.update(0).unroll(inside, unrolled);
    for (int i = 1; i < planes.num_update_definitions(); ++i) {
      planes.update(i).unroll(planes.rvars(i).front());
    }
  }
  never_partition(planes);
}

void split_planes_at(const StageFuncs& stage, Func consumer, const Var& step, int lanes,
                     const Chain& chain) {
  Func planes = stage.pad;
  planes.bound_extent(chain.x, as_int(stage.stage.window.span(1, stage.out.w)));
  planes.unroll(chain.c);
  compute_planes_at(stage, LoopLevel(consumer, step), lanes, chain);
}

void tile_padded_window(StageFuncs& stage, int64_t rows, const WindowTile& tile, const Tails& tails,
                        const Chain& chain) {
  const Loops loops = tile_window(stage, tile, tails, chain);
  if (!chain.phase.padded_planes) return;
  // Where tasks are ranges of channels, how many a call has is no constant: a tile's are.
  const bool cropped = chain.phase.axis == spec::Axis::channels && chain.stages.size() == 1;
  const bool inner = tile.order == Order::yxc || tile.order == Order::ycx;
  const int64_t channels = inner && !cropped ? stage.in.c : tile.v;
  const int64_t tiles =
      inner && cropped ? 1 : row_tiles(stage, rows, tile.y, kPlaneBytes / channels);
  const int64_t height = std::min(tiles * tile.y, rows);
  const bool whole = height >= rows && !cropped && stage.out.c % tile.v == 0;
  const int64_t multiplier = stage.stage.multiplier;
  int64_t copied = inner && !cropped ? stage.in.c : planes_of(tile.v, multiplier);
  Var block("block");
  Func result = stage.result;
  if (inner && cropped) {
    block = loops.channels;
  } else if (tile.order == Order::cyx && whole) {
    const int64_t most =
        channel_tiles(stage.out.c / tile.v, tile, tile.v * plane_bytes(stage, height), multiplier);
    result.split(loops.channels, block, loops.channels, as_int(most), TailStrategy::RoundUp);
    copied = planes_of(most * tile.v, multiplier);
  } else {
    result.split(loops.rows, block, loops.rows, as_int(tiles), TailStrategy::GuardWithIf);
  }
  Func planes = stage.pad;
  if (multiplier > 1) planes.bound_extent(chain.c, as_int(copied));
  planes.bound_extent(chain.y, as_int(stage.stage.window.span(0, height)));
  compute_planes_at(stage, LoopLevel(result, block), tile.lanes, chain);
}

}  // namespace sepconv::schedules
