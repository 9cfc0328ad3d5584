// Schedules: the loop nests that every CPU target shares, as functions of knob values. Knows no
// heuristic and no instruction set: lanes and tiles come in as numbers.
#include "schedules/cpu.h"

#include "schedules/cpu_space.h"

#include <algorithm>
#include <numeric>

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

/// Accumulators and scratch of planar nests keep pixels contiguous.
void order_storage(Func func, bool planar, const Chain& chain) {
  if (planar) func.reorder_storage(chain.x, chain.y, chain.c);
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

/// How the splits of a stage's result end.
struct Tails {
  TailStrategy x, y, c;
};

/// Tiles of a pointwise or dense stage's result. `rows` > 0 splits y into steps of that many rows.
Loops tile_channels(StageFuncs& stage, const ChannelTile& tile, int rows, const Tails& tails,
                    Func input, const Chain& chain) {
  Loops loops;
  const Var xi("xi"), ci("ci"), lane("lane"), yi("yi"), xo("xo"), co("co");
  Func result = stage.result;
  result.split(chain.x, xo, xi, tile.pixels(), tails.x);
  result.split(chain.c, co, ci, tile.channels(), tails.c);
  const Var& vector = tile.planar ? xi : ci;
  result.split(vector, vector, lane, tile.lanes);
  std::vector<VarOrRVar> order{lane, vector, tile.planar ? ci : xi};
  const Var row = rows > 0 ? yi : chain.y;
  if (rows > 0) result.split(chain.y, loops.step, yi, rows, tails.y);
  if (tile.channels_outer) {
    order.insert(order.end(), {xo, row, co});
  } else {
    order.insert(order.end(), {co, xo, row});
  }
  if (rows > 0) order.emplace_back(loops.step);
  result.reorder(order).vectorize(lane).unroll(ci).unroll(xi);
  never_partition(result);
  if (tile.split_x) result.partition(xo, Partition::Always);
  loops.tile = tile.channels_outer ? xo : co;
  loops.channel = co;
  accumulate_channels(stage, result, loops.tile, tile, input, chain);
  return loops;
}

/// The loop order of a depthwise stage's tiles, innermost first after the tile itself.
std::vector<VarOrRVar> window_order(WindowTile::Order order, const Var& x, const Var& y,
                                    const Var& c) {
  switch (order) {
    case WindowTile::Order::yxc:
      return {c, x, y};
    case WindowTile::Order::ycx:
      return {x, c, y};
    case WindowTile::Order::cyx:
      return {x, y, c};
  }
  return {};
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
  update.reorder(vector, other, chain.y, kx, ky);
  update.vectorize(vector, tile.lanes).unroll(vector).unroll(other).unroll(chain.y);
  if (tile.unroll != WindowTile::Unroll::none) update.unroll(kx);
  if (tile.unroll == WindowTile::Unroll::all) update.unroll(ky);
  never_partition(sum);
}

/// Tiles of a depthwise stage's result, with the accumulators in registers.
/// Registers: x*y*v accumulators plus weights and inputs as they come.
Loops tile_window(StageFuncs& stage, const WindowTile& tile, const Tails& tails,
                  const Chain& chain) {
  Loops loops;
  const Var xi("dw_xi"), yi("dw_yi"), ci("dw_ci"), lane("dw_lane");
  const Var xo("dw_xo"), yo("dw_yo"), co("dw_co");
  Func result = stage.result;
  result.split(chain.x, xo, xi, tile.pixels(), tails.x);
  result.split(chain.y, yo, yi, tile.y, tails.y);
  result.split(chain.c, co, ci, tile.channels(), tails.c);
  const Var& vector = tile.planar ? xi : ci;
  result.split(vector, vector, lane, tile.lanes);
  std::vector<VarOrRVar> order{lane, vector, tile.planar ? ci : xi, yi};
  const auto outer = window_order(tile.order, xo, yo, co);
  order.insert(order.end(), outer.begin(), outer.end());
  result.reorder(order).vectorize(lane).unroll(ci).unroll(xi).unroll(yi);
  never_partition(result);
  // Planar nests promise a border; with the others the compiler finds whether there is one.
  const Partition policy = tile.planar ? Partition::Always : Partition::Auto;
  if (tile.split_x) result.partition(xo, policy);
  if (tile.split_y) result.partition(yo, policy);
  loops.channel = co;
  loops.tile = tile.order == WindowTile::Order::yxc ? co : xo;
  if (tile.unroll != WindowTile::Unroll::expression) {
    accumulate_window(stage, loops.tile, tile, chain);
  }
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

/// Masked stores where tiles of channel vectors pass the last channel; all else overlaps.
Tails channel_tails(const ChannelTile& tile, const spec::Shape& out, int rows) {
  Tails tails{overlap_tail(out.w, tile.pixels()), overlap_tail(out.h, std::max(rows, 1)),
              overlap_tail(out.c, tile.channels())};
  if (!tile.planar && !tile.overlap_c && out.c % tile.channels() != 0) {
    tails.c = TailStrategy::GuardWithIf;
  }
  return tails;
}

Tails window_tails(const WindowTile& tile, const spec::Shape& out) {
  return {overlap_tail(out.w, tile.pixels()), overlap_tail(out.h, tile.y),
          overlap_tail(out.c, tile.channels())};
}

/// Constant output bounds but for the cropped axis.
void bound_output(const Chain& chain) {
  Func output = chain.output;
  const spec::Shape& out = chain.stages.back().out;
  if (chain.phase.axis != spec::Axis::channels) {
    output.bound(chain.c, 0, as_int(out.c));
  } else {
    // Crops begin at a task, so channel blocks stay aligned to the packed weights.
    const int block = as_int(std::gcd(chain.phase.grain, spec::kChannelBlock));
    const auto channels = output.output_buffer().dim(0);
    output.bound(chain.c, channels.min() / block * block, channels.extent());
  }
  if (chain.phase.axis != spec::Axis::pixels) output.bound(chain.x, 0, as_int(out.w));
  // A single task is the whole height, which keeps what it allocates constant.
  if (chain.phase.axis != spec::Axis::rows || chain.phase.grain >= out.h) {
    output.bound(chain.y, 0, as_int(out.h));
  }
}

/// A depthwise stage's rows for one step of its consumer, in a scratch of whole rows.
void compute_window_at(StageFuncs& stage, Func consumer, const Var& step, int rows,
                       const WindowTile& tile, const Chain& chain) {
  stage.result.compute_at(consumer, step).store_in(MemoryType::Heap);
  stage.result.bound_extent(chain.y, rows);
  order_storage(stage.result, tile.planar, chain);
  Tails tails = window_tails(tile, stage.out);
  tails.y = TailStrategy::RoundUp;
  tile_window(stage, tile, tails, chain);
}

/// The padded input rows of one step as planes, from which vectors along pixels are loaded.
void compute_planes_at(StageFuncs& stage, Func consumer, const Var& step, const WindowTile& tile,
                       const Chain& chain) {
  const spec::Window& window = stage.stage.window;
  const int64_t columns =
      (stage.out.w - 1) * window.stride[1] + (window.kernel[1] - 1) * window.dilation[1] + 1;
  Func planes = stage.pad;
  planes.compute_at(consumer, step).store_in(MemoryType::Heap);
  order_storage(planes, true, chain);
  planes.bound_extent(chain.x, as_int(columns));
  if (columns >= tile.lanes) planes.vectorize(chain.x, tile.lanes, TailStrategy::ShiftInwards);
  planes.unroll(chain.c);
  never_partition(planes);
}

/// The expanded rows: each is computed once and kept in a ring until its last use.
void compute_expansion_at(StageFuncs& stage, const StageFuncs& depthwise, Func consumer,
                          const Var& step, int rows, const ChannelTile& tile, const Chain& chain) {
  Func hidden = stage.result;
  hidden.compute_at(consumer, step).store_in(MemoryType::Heap);
  if (rows < depthwise.out.h) hidden.store_root().fold_storage(chain.y, ring_rows(depthwise, rows));
  hidden.bound_extent(chain.x, as_int(stage.out.w));
  order_storage(hidden, tile.planar, chain);
  Tails tails = channel_tails(tile, stage.out, 0);
  if (!tile.planar && !tile.overlap_c) tails.c = TailStrategy::RoundUp;
  tile_channels(stage, tile, 0, tails, chain.input, chain);
}

}  // namespace

ChannelTile channel_tile(const Point& point, const std::string& prefix, bool planar) {
  ChannelTile tile;
  tile.x = as_int(get(point, prefix + "_x", 1));
  tile.v = as_int(get(point, prefix + "_v", 1));
  tile.lanes = as_int(get(point, prefix + "_lanes", 1));
  tile.unroll = as_int(get(point, prefix + "_unroll", 1));
  tile.channels_outer = get(point, prefix + "_order", 0) == 1;
  tile.taps = as_int(get(point, prefix + "_taps", 0));
  tile.split_x = get(point, prefix + "_split", 0) == 1;
  tile.stage = as_int(get(point, prefix + "_stage", 1));
  tile.overlap_c = get(point, prefix + "_overlap", 0) == 1;
  tile.planar = planar;
  return tile;
}

WindowTile window_tile(const Point& point, const std::string& prefix, bool planar) {
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
  tile.planar = planar;
  return tile;
}

void schedule_cpu(Chain& chain, const Point& point) {
  bound_output(chain);
  StageFuncs& last = chain.stages.back();
  const size_t count = chain.stages.size();
  const bool planar = chain.layer.layout == spec::Layout::nchw;
  const size_t window_stage = count > 1 ? count - 2 : 0;
  const WindowTile window = window_tile(point, "dw", is_planar(chain.layer, window_stage));
  if (last.stage.kind == spec::StageKind::depthwise) {
    tile_window(last, window, window_tails(window, last.out), chain);
    return;
  }
  const bool dense = last.stage.kind == spec::StageKind::conv2d;
  const ChannelTile tile = channel_tile(point, dense ? "cv" : "pw", planar);
  const int rows = count > 1 ? as_int(get(point, "rows", 1)) : 0;
  Tails tails = channel_tails(tile, last.out, rows);
  // A step of a ring must not go back to rows that have left it.
  if (count == 3 && rows < last.out.h && last.out.h % rows != 0)
    tails.y = TailStrategy::GuardWithIf;
  Func input = count > 1 ? chain.stages[count - 2].result : dense ? last.pad : chain.input;
  const Loops loops = tile_channels(last, tile, rows, tails, input, chain);
  if (get(point, "rows_split", 0) == 1) last.result.partition(loops.step, Partition::Auto);
  if (count == 1) return;
  StageFuncs& depthwise = chain.stages[count - 2];
  compute_window_at(depthwise, last.result, loops.step, rows, window, chain);
  if (splits_planes(chain.layer, window_stage)) {
    compute_planes_at(depthwise, last.result, loops.step, window, chain);
  }
  if (count == 2) return;
  compute_expansion_at(chain.stages[0], depthwise, last.result, loops.step, rows,
                       channel_tile(point, "ex", planar), chain);
}

}  // namespace sepconv::schedules
