// Schedules, private to the CPU nests: register tiles and their accumulators as Halide loops. Knows
// no point, no heuristic and no instruction set.
#include "schedules/cpu_tiles.h"

#include <algorithm>

namespace sepconv::schedules {

using generators::as_int;
using generators::Chain;
using generators::StageFuncs;
using Halide::Func;
using Halide::LoopLevel;
using Halide::MemoryType;
using Halide::Partition;
using Halide::RVar;
using Halide::TailStrategy;
using Halide::Var;
using Halide::VarOrRVar;

namespace {

/// Borders are split off or it is an error. Where what is stored is converted first, Halide finds
/// the border of some windows only.
Partition split_policy(const Chain& chain) {
  return chain.widened ? Partition::Auto : Partition::Always;
}

/// Exact tiles need no tail; others overlap the tile before, which recomputes equal values.
TailStrategy overlap_tail(int64_t extent, int64_t factor) {
  return extent % factor == 0 ? TailStrategy::RoundUp : TailStrategy::ShiftInwards;
}

/// The accumulators of a pointwise or dense tile: sum lives in registers at `at`, one step of the
/// reduction updates every accumulator. Registers: x*v accumulators, v weights, 1 broadcast.
void accumulate_channels(StageFuncs& stage, Func consumer, const Var& at, const ChannelTile& tile,
                         Func input, const Chain& chain) {
  const Var& vector = tile.planar ? chain.x : chain.c;
  const Var& other = tile.planar ? chain.c : chain.x;
  Func sum = stage.sum;
  sum.compute_at(consumer, at).store_in(MemoryType::Register);
  if (!tile.planar) sum.bound_extent(chain.c, tile.v * tile.lanes);
  order_storage(sum, tile.planar, chain);
  sum.vectorize(vector, tile.lanes).unroll(vector).unroll(other);
  auto update = sum.update();
  std::vector<VarOrRVar> order{vector, other};
  for (int i = 0; i < stage.taps.dimensions(); ++i) order.emplace_back(RVar(stage.taps[i]));
  update.reorder(order);
  update.vectorize(vector, tile.lanes).unroll(vector).unroll(other);
  const RVar channels = stage.taps[0];
  if (tile.stage > 1) {
    stage_channels(input, sum, channels, tile);
  } else if (tile.unroll == 0) {
    update.unroll(channels);
  } else if (tile.unroll > 1) {
    update.unroll(channels, tile.unroll);
  }
  if (tile.taps >= 1) update.unroll(RVar(stage.taps[1]));
  if (tile.taps == 2) update.unroll(RVar(stage.taps[2]));
  never_partition(sum);
}

/// The loop order of a depthwise stage's tiles, innermost first after the tile itself.
std::vector<Var> window_order(WindowTile::Order order, const Var& x, const Var& y, const Var& c) {
  switch (order) {
    case WindowTile::Order::yxc:
      return {c, x, y};
    case WindowTile::Order::ycx:
      return {x, c, y};
    case WindowTile::Order::cyx:
      return {x, y, c};
    case WindowTile::Order::cxy:
      return {y, x, c};
  }
  return {};
}

/// The loops over a depthwise tile and its taps, innermost first. A nest that branches past rows of
/// zeros handles each row's taps together, for one branch. There no select stands between the
/// products, and the compiler may sort a sum's terms by when their operands are first loaded: these
/// orders load every output's inputs in the order of its taps, after the weights of an unrolled
/// window, so that all targets give equal bits.
std::vector<VarOrRVar> tap_order(const StageFuncs& stage, const WindowTile& tile, const Var& vector,
                                 const Var& other, const Chain& chain) {
  const RVar kx = stage.taps[0];
  const RVar ky = stage.taps[1];
  if (!chain.phase.likely_loads || tile.unroll == WindowTile::Unroll::none) {
    return {vector, other, chain.y, kx, ky};
  }
  const auto& stride = stage.stage.window.stride;
  const bool strided = stride[0] > 1 || stride[1] > 1;
  if (!strided) return {vector, other, kx, chain.y, ky};
  if (tile.unroll == WindowTile::Unroll::row) return {vector, kx, other, chain.y, ky};
  return {vector, kx, other, ky, chain.y};
}

/// How many output channels stand for each input channel, where vectors hold all of some. Tiles are
/// then tiles of input channels, so that one that overlaps the one before begins with a first copy.
int64_t whole_copies(const WindowTile& tile, const StageFuncs& stage) {
  const int64_t copies = stage.in.c > 1 ? stage.stage.multiplier : 1;
  return !tile.planar && tile.lanes % copies == 0 ? copies : 1;
}

/// The accumulators of a depthwise tile in registers, every tap one update.
void accumulate_window(StageFuncs& stage, const Var& at, const WindowTile& tile,
                       const Chain& chain) {
  const Var& vector = tile.planar ? chain.x : chain.c;
  const Var& other = tile.planar ? chain.c : chain.x;
  Func sum = stage.sum;
  sum.compute_at(stage.result, at).store_in(MemoryType::Register);
  order_storage(sum, tile.planar, chain);
  sum.vectorize(vector, tile.lanes).unroll(vector).unroll(other).unroll(chain.y);
  auto update = sum.update();
  const RVar kx = stage.taps[0];
  const RVar ky = stage.taps[1];
  update.reorder(tap_order(stage, tile, vector, other, chain));
  update.vectorize(vector, tile.lanes).unroll(vector).unroll(other).unroll(chain.y);
  if (tile.unroll != WindowTile::Unroll::none) update.unroll(kx);
  if (tile.unroll == WindowTile::Unroll::all) update.unroll(ky);
  never_partition(sum);
  if (chain.phase.likely_loads && tile.unroll == WindowTile::Unroll::all) {
    Func weights = stage.weights.in(sum);
    weights.compute_at(stage.result, at).store_in(MemoryType::Register);
    const std::vector<Var> args = weights.args();
    weights.vectorize(args[0], tile.lanes).unroll(args[0]).unroll(args[1]).unroll(args[2]);
    never_partition(weights);
  }
}

}  // namespace

void never_partition(Func func) {
  func.never_partition_all();
  for (int i = 0; i < func.num_update_definitions(); ++i) func.update(i).never_partition_all();
}

void order_storage(Func func, bool planar, const Chain& chain) {
  if (planar) func.reorder_storage(chain.x, chain.y, chain.c);
}

Loops tile_channels(StageFuncs& stage, const ChannelTile& tile, int rows, const Tails& tails,
                    Func input, const Chain& chain) {
  Loops loops;
  const Var xi("xi"), ci("ci"), lane("lane"), yi("yi"), xo("xo"), co("co"), block("block");
  Func result = stage.result;
  result.split(chain.x, xo, xi, tile.pixels(), tails.x);
  if (tile.block > 0) result.split(xo, block, xo, tile.block, TailStrategy::GuardWithIf);
  const Var& vector = tile.planar ? xi : ci;
  if (tile.overlap_c) {
    // A last tile that moves back by whole vectors stays aligned to the packed weights.
    result.split(chain.c, ci, lane, tile.lanes, tails.c);
    result.split(ci, co, ci, tile.v, TailStrategy::ShiftInwards);
  } else {
    result.split(chain.c, co, ci, tile.channels(), tails.c);
    result.split(vector, vector, lane, tile.lanes);
  }
  std::vector<VarOrRVar> order{lane, vector, tile.planar ? ci : xi};
  const Var row = rows > 0 ? yi : chain.y;
  loops.rows = row;
  if (rows > 0) result.split(chain.y, loops.step, yi, rows, tails.y);
  if (tile.channels_outer) {
    order.insert(order.end(), {xo, row, co});
  } else {
    order.insert(order.end(), {co, xo, row});
  }
  if (tile.block > 0) order.emplace_back(block);
  if (rows > 0) order.emplace_back(loops.step);
  result.reorder(order).vectorize(lane).unroll(ci).unroll(xi);
  never_partition(result);
  if (tile.split_x && stage.out.w > tile.pixels()) result.partition(xo, split_policy(chain));
  loops.tile = tile.channels_outer ? xo : co;
  accumulate_channels(stage, result, loops.tile, tile, input, chain);
  const bool reads_narrow = chain.widened && &stage == &chain.stages.front();
  if (chain.narrow_weights && tile.planar)
    widen_ahead(stage.weights, LoopLevel(result, loops.tile), tile.v, TailStrategy::ShiftInwards);
  // A block's weights serve all pixels that stream past it, small ones the whole call. Where tasks
  // are ranges of channels, which weights a call needs is no constant.
  const bool cropped = chain.phase.axis == spec::Axis::channels;
  if (chain.narrow_weights && !tile.planar && (tile.channels_outer || !cropped)) {
    // Packed weights end in whole blocks of zeros; a layer may end within one.
    const LoopLevel at = tile.channels_outer ? LoopLevel(result, co) : LoopLevel::root();
    if (tile.channels_outer) stage.weights.bound_extent(chain.c, tile.channels());
    widen_ahead(stage.weights, at, tile.lanes, TailStrategy::RoundUp);
  }
  // A converted copy holds the zeros too: it leaves no border to split off.
  if (reads_narrow && !tile.planar && tile.stage == 1 && !tile.split_x)
    widen_ahead(input, LoopLevel(result, xo), stage.in.c, TailStrategy::ShiftInwards);
  return loops;
}

Loops tile_window(StageFuncs& stage, const WindowTile& tile, const Tails& tails,
                  const Chain& chain) {
  Loops loops;
  const Var xi("dw_xi"), yi("dw_yi"), ci("dw_ci"), lane("dw_lane"), copy("dw_copy");
  const Var xo("dw_xo"), yo("dw_yo"), co("dw_co");
  Func result = stage.result;
  result.split(chain.x, xo, xi, tile.pixels(), tails.x);
  result.split(chain.y, yo, yi, tile.y, tails.y);
  const int copies = as_int(whole_copies(tile, stage));
  if (copies > 1) result.split(chain.c, co, copy, copies, TailStrategy::RoundUp);
  result.split(copies > 1 ? co : chain.c, co, ci, tile.channels() / copies, tails.c);
  const Var& vector = tile.planar ? xi : ci;
  result.split(vector, vector, lane, tile.lanes / copies);
  if (copies > 1) result.fuse(copy, lane, lane);
  std::vector<VarOrRVar> order{lane, vector, tile.planar ? ci : xi, yi};
  const std::vector<Var> outer = window_order(tile.order, xo, yo, co);
  order.insert(order.end(), outer.begin(), outer.end());
  result.reorder(order).vectorize(lane).unroll(ci).unroll(xi).unroll(yi);
  never_partition(result);
  if (tile.split_x) result.partition(xo, split_policy(chain));
  if (tile.split_y) result.partition(yo, split_policy(chain));
  loops.tile = outer.front();
  loops.channels = co;
  loops.rows = yo;
  if (tile.unroll != WindowTile::Unroll::expression) {
    accumulate_window(stage, loops.tile, tile, chain);
  }
  return loops;
}

Tails channel_tails(const ChannelTile& tile, const spec::Shape& out, int rows) {
  Tails tails{overlap_tail(out.w, tile.pixels()), overlap_tail(out.h, std::max(rows, 1)),
              overlap_tail(out.c, tile.channels())};
  if (tile.planar) return tails;
  const int width = tile.overlap_c ? tile.lanes : tile.channels();
  tails.c = out.c % width == 0 ? TailStrategy::RoundUp : TailStrategy::GuardWithIf;
  return tails;
}

Tails window_tails(const WindowTile& tile, const StageFuncs& stage) {
  const int64_t copies = whole_copies(tile, stage);
  return {overlap_tail(stage.out.w, tile.pixels()), overlap_tail(stage.out.h, tile.y),
          overlap_tail(stage.out.c / copies, tile.channels() / copies)};
}

}  // namespace sepconv::schedules
