// Schedules: the loop nests that every CPU target shares, as functions of knob values. Knows no
// heuristic and no instruction set: lanes and tiles come in as numbers.
#include "schedules/cpu.h"

#include <algorithm>

namespace sepconv::schedules {

using generators::Chain;
using generators::StageFuncs;
using Halide::Func;
using Halide::MemoryType;
using Halide::Partition;
using Halide::RVar;
using Halide::TailStrategy;
using Halide::Var;
using Halide::VarOrRVar;

namespace {

int as_int(int64_t value) { return static_cast<int>(value); }

int64_t get(const Point& point, const std::string& knob, int64_t otherwise) {
  const auto found = point.find(knob);
  return found == point.end() ? otherwise : found->second;
}

/// Exact tiles need no tail; others overlap the tile before, which recomputes equal values.
TailStrategy overlap_tail(int64_t extent, int64_t factor) {
  return extent % factor == 0 ? TailStrategy::RoundUp : TailStrategy::ShiftInwards;
}

/// The loops of a scheduled stage that others are computed at.
struct Loops {
  Var step{"step"};        ///< blocks of rows
  Var tile{"tile"};        ///< innermost loop over register tiles
  Var channel{"channel"};  ///< outermost loop over channel blocks
};

/// Keeps Halide from cloning loops for borders: every stage, pure and update.
void never_partition(Func func) {
  func.never_partition_all();
  for (int i = 0; i < func.num_update_definitions(); ++i) func.update(i).never_partition_all();
}

/// The accumulators of a pointwise or dense tile: sum lives in registers at `at`, one step of the
/// reduction updates every accumulator. Registers: x*v accumulators, v weights, 1 broadcast.
void accumulate_channels(StageFuncs& stage, Func consumer, const Var& at, const ChannelTile& tile,
                         const Chain& chain) {
  Func sum = stage.sum;
  sum.compute_at(consumer, at).store_in(MemoryType::Register);
  sum.bound_extent(chain.c, tile.v * tile.lanes);
  sum.vectorize(chain.c, tile.lanes).unroll(chain.c).unroll(chain.x);
  auto update = sum.update();
  std::vector<VarOrRVar> order{chain.c, chain.x};
  for (int i = 0; i < stage.taps.dimensions(); ++i) order.emplace_back(RVar(stage.taps[i]));
  update.reorder(order);
  update.vectorize(chain.c, tile.lanes).unroll(chain.c).unroll(chain.x);
  const RVar channels = stage.taps[0];
  if (tile.unroll == 0) {
    update.unroll(channels);
  } else if (tile.unroll > 1) {
    update.unroll(channels, tile.unroll);
  }
  never_partition(sum);
}

/// Tiles of a pointwise or dense stage's result. `rows` > 0 splits y into steps of that many rows.
Loops tile_channels(StageFuncs& stage, const ChannelTile& tile, int rows, TailStrategy y_tail,
                    TailStrategy x_tail, TailStrategy c_tail, const Chain& chain) {
  Loops loops;
  const Var xi("xi"), ci("ci"), lane("lane"), yi("yi"), xo("xo"), co("co");
  Func result = stage.result;
  result.split(chain.x, xo, xi, tile.x, x_tail);
  result.split(chain.c, co, ci, tile.v * tile.lanes, c_tail).split(ci, ci, lane, tile.lanes);
  std::vector<VarOrRVar> order{lane, ci, xi};
  const Var row = rows > 0 ? yi : chain.y;
  if (rows > 0) result.split(chain.y, loops.step, yi, rows, y_tail);
  if (tile.channels_outer) {
    order.insert(order.end(), {xo, row, co});
  } else {
    order.insert(order.end(), {co, xo, row});
  }
  if (rows > 0) order.emplace_back(loops.step);
  result.reorder(order).vectorize(lane).unroll(ci).unroll(xi);
  never_partition(result);
  loops.tile = tile.channels_outer ? xo : co;
  loops.channel = co;
  accumulate_channels(stage, result, loops.tile, tile, chain);
  return loops;
}

/// Tiles of a depthwise stage's result, with the accumulators in registers.
/// Registers: x*y*v accumulators plus weights and inputs as they come.
Loops tile_window(StageFuncs& stage, const WindowTile& tile, int rows, TailStrategy x_tail,
                  TailStrategy y_tail, TailStrategy c_tail, const Chain& chain) {
  Loops loops;
  const Var xi("dxi"), yi("dyi"), xo("dx"), yo("dy"), co("dc"), lane("dlane"), cu("dcu");
  Func result = stage.result;
  result.split(chain.x, xo, xi, tile.x, x_tail);
  if (rows > 0) {
    const Var row("drow");
    result.split(chain.y, loops.step, row, rows, y_tail).split(row, yo, yi, tile.y);
  } else {
    result.split(chain.y, yo, yi, tile.y, y_tail);
  }
  result.split(chain.c, co, lane, tile.lanes, c_tail);
  std::vector<VarOrRVar> order{lane, xi, yi};
  if (tile.v > 1) {
    result.split(co, co, cu, tile.v, TailStrategy::GuardWithIf);
    order.emplace_back(cu);
  }
  switch (tile.order) {
    case WindowTile::Order::yxc:
      order.insert(order.end(), {co, xo, yo});
      loops.tile = co;
      break;
    case WindowTile::Order::ycx:
      order.insert(order.end(), {xo, co, yo});
      loops.tile = xo;
      break;
    case WindowTile::Order::cyx:
      order.insert(order.end(), {xo, yo, co});
      loops.tile = xo;
      break;
  }
  if (rows > 0) order.emplace_back(loops.step);
  if (tile.v > 1) loops.tile = cu;
  result.reorder(order).vectorize(lane).unroll(xi).unroll(yi);
  never_partition(result);
  if (tile.split_x) result.partition(xo, Partition::Always);
  if (tile.split_y) result.partition(yo, Partition::Always);
  loops.channel = co;

  Func sum = stage.sum;
  sum.compute_at(result, loops.tile).store_in(MemoryType::Register);
  sum.vectorize(chain.c, tile.lanes).unroll(chain.x).unroll(chain.y);
  auto update = sum.update();
  const RVar kx = stage.taps[0];
  const RVar ky = stage.taps[1];
  update.reorder(chain.c, chain.x, chain.y, kx, ky);
  update.vectorize(chain.c, tile.lanes).unroll(chain.x).unroll(chain.y);
  if (tile.unroll != WindowTile::Unroll::none) update.unroll(kx);
  if (tile.unroll == WindowTile::Unroll::all) update.unroll(ky);
  never_partition(sum);
  return loops;
}

/// Rows of the hidden tensor that are live in one step, as the power of two a ring needs.
int ring_rows(const StageFuncs& depthwise, int rows) {
  const auto& window = depthwise.stage.window;
  const int64_t live =
      (rows - 1) * window.stride[0] + (window.kernel[0] - 1) * window.dilation[0] + 1;
  int64_t ring = 1;
  while (ring < live) ring *= 2;
  return as_int(ring);
}

/// How the cropped output axis ends.
struct Tails {
  TailStrategy x, y, c;
};

Tails output_tails(const Chain& chain, int64_t tile_x, int64_t rows, int64_t tile_c, bool ring) {
  const spec::Shape& out = chain.stages.back().out;
  Tails tails{overlap_tail(out.w, tile_x), overlap_tail(out.h, rows),
              out.c % tile_c == 0 ? TailStrategy::RoundUp : TailStrategy::GuardWithIf};
  // A step of a ring must not go back to rows that have left it.
  if (ring && out.h % rows != 0) tails.y = TailStrategy::GuardWithIf;
  return tails;
}

/// Constant output bounds but for the cropped axis.
void bound_output(const Chain& chain) {
  Func output = chain.output;
  const spec::Shape& out = chain.stages.back().out;
  if (chain.phase.axis != spec::Axis::channels) output.bound(chain.c, 0, as_int(out.c));
  if (chain.phase.axis != spec::Axis::pixels) output.bound(chain.x, 0, as_int(out.w));
  if (chain.phase.axis != spec::Axis::rows) output.bound(chain.y, 0, as_int(out.h));
}

/// A depthwise stage's rows for one step of its consumer, in a scratch of whole rows.
void compute_window_at(StageFuncs& stage, Func consumer, const Var& step, int rows,
                       const WindowTile& tile, const Chain& chain) {
  stage.result.compute_at(consumer, step).store_in(MemoryType::Heap);
  stage.result.bound_extent(chain.y, rows);
  tile_window(stage, tile, 0, overlap_tail(stage.out.w, tile.x), TailStrategy::RoundUp,
              overlap_tail(stage.out.c, tile.lanes), chain);
}

/// The expanded rows: each is computed once and kept in a ring until its last use.
void compute_expansion_at(StageFuncs& stage, const StageFuncs& depthwise, Func consumer,
                          const Var& step, int rows, const ChannelTile& tile, const Chain& chain) {
  Func hidden = stage.result;
  hidden.compute_at(consumer, step).store_in(MemoryType::Heap);
  if (rows < depthwise.out.h) hidden.store_root().fold_storage(chain.y, ring_rows(depthwise, rows));
  hidden.bound_extent(chain.x, as_int(stage.out.w));
  tile_channels(stage, tile, 0, TailStrategy::Auto, overlap_tail(stage.out.w, tile.x),
                TailStrategy::RoundUp, chain);
}

}  // namespace

ChannelTile channel_tile(const Point& point, const std::string& prefix) {
  ChannelTile tile;
  tile.x = as_int(get(point, prefix + "_x", 1));
  tile.v = as_int(get(point, prefix + "_v", 1));
  tile.lanes = as_int(get(point, prefix + "_lanes", 1));
  tile.unroll = as_int(get(point, prefix + "_unroll", 1));
  tile.channels_outer = get(point, prefix + "_order", 0) == 1;
  return tile;
}

WindowTile window_tile(const Point& point, const std::string& prefix) {
  WindowTile tile;
  tile.x = as_int(get(point, prefix + "_x", 1));
  tile.y = as_int(get(point, prefix + "_y", 1));
  tile.v = as_int(get(point, prefix + "_v", 1));
  tile.lanes = as_int(get(point, prefix + "_lanes", 1));
  tile.order = static_cast<WindowTile::Order>(get(point, prefix + "_order", 0));
  tile.unroll = static_cast<WindowTile::Unroll>(get(point, prefix + "_unroll", 0));
  const int64_t split = get(point, prefix + "_split", 0);
  tile.split_x = (split & 1) != 0;
  tile.split_y = (split & 2) != 0;
  return tile;
}

void schedule_cpu(Chain& chain, const Point& point) {
  bound_output(chain);
  StageFuncs& last = chain.stages.back();
  const int rows = as_int(get(point, "rows", 1));
  if (last.stage.kind == spec::StageKind::depthwise) {
    const WindowTile tile = window_tile(point, "dw");
    const Loops loops =
        tile_window(last, tile, 0, overlap_tail(last.out.w, tile.x),
                    overlap_tail(last.out.h, tile.y), overlap_tail(last.out.c, tile.lanes), chain);
    (void)loops;
    return;
  }
  const std::string prefix = last.stage.kind == spec::StageKind::conv2d ? "cv" : "pw";
  const ChannelTile tile = channel_tile(point, prefix);
  const size_t count = chain.stages.size();
  const bool ring = count == 3 && rows < last.out.h;
  const Tails tails = output_tails(chain, tile.x, rows, tile.v * tile.lanes, ring);
  const Loops loops =
      tile_channels(last, tile, count > 1 || last.stage.kind == spec::StageKind::conv2d ? rows : 0,
                    tails.y, tails.x, tails.c, chain);
  if (count == 1) return;
  StageFuncs& depthwise = chain.stages[count - 2];
  compute_window_at(depthwise, last.result, loops.step, rows, window_tile(point, "dw"), chain);
  if (count == 2) return;
  compute_expansion_at(chain.stages[0], depthwise, last.result, loops.step, rows,
                       channel_tile(point, "ex"), chain);
}

}  // namespace sepconv::schedules
