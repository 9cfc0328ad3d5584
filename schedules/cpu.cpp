// Schedules: a point as the loop nest that every CPU target shares. Knows no heuristic and no
// instruction set: lanes and tiles come in as numbers.
#include "schedules/cpu.h"

#include <algorithm>
#include <numeric>

#include "schedules/cpu_planes.h"
#include "schedules/cpu_space.h"
#include "schedules/cpu_tiles.h"

namespace sepconv::schedules {

using generators::as_int;
using generators::Chain;
using generators::StageFuncs;
using Halide::Func;
using Halide::LoopLevel;
using Halide::MemoryType;
using Halide::Partition;
using Halide::TailStrategy;
using Halide::Var;

namespace {

int64_t get(const Point& point, const std::string& knob, int64_t otherwise) {
  const auto found = point.find(knob);
  return found == point.end() ? otherwise : found->second;
}

/// A single task is the whole extent, which keeps addresses and what it allocates constant.
bool whole_output(const Chain& chain) {
  const int64_t extent = spec::axis_extent(chain.phase.axis, chain.stages.back().out);
  return spec::task_count(extent, chain.phase.grain) == 1;
}

/// Constant output bounds but for the cropped axis. `whole_vectors`: overlapping tiles need to know
/// that a task's channels are a multiple of a vector.
void bound_output(const Chain& chain, bool whole_vectors) {
  Func output = chain.output;
  const spec::Shape& out = chain.stages.back().out;
  const spec::Axis axis = chain.phase.axis;
  const bool whole = whole_output(chain);
  if (axis != spec::Axis::channels || whole) {
    output.bound(chain.c, 0, as_int(out.c));
  } else {
    // Crops begin at a task, so channel blocks stay aligned to the packed weights.
    const int block = as_int(std::gcd(chain.phase.grain, spec::kChannelBlock));
    const auto channels = output.output_buffer().dim(0);
    const int part = as_int(std::gcd(block, out.c));
    const Halide::Expr extent = channels.extent();
    output.bound(chain.c, channels.min() / block * block,
                 whole_vectors ? extent / part * part : extent);
  }
  if (axis != spec::Axis::pixels || whole) output.bound(chain.x, 0, as_int(out.w));
  if (axis != spec::Axis::rows || whole) output.bound(chain.y, 0, as_int(out.h));
}

/// A depthwise stage's rows for one step of its consumer, in a scratch of whole rows. Planes that
/// its pixels are split into are one step's too.
void compute_window_at(StageFuncs& stage, Func consumer, const Var& step, int rows,
                       const WindowTile& tile, const Chain& chain) {
  stage.result.compute_at(consumer, step).store_in(MemoryType::Heap);
  stage.result.bound_extent(chain.y, rows);
  order_storage(stage.result, tile.planar, chain);
  Tails tails = window_tails(tile, stage);
  tails.y = TailStrategy::RoundUp;
  if (splits_planes(chain.layer, static_cast<size_t>(spec::depthwise_stage(chain.layer)))) {
    tile_window(stage, tile, tails, chain);
    split_planes_at(stage, consumer, step, tile.lanes, chain);
  } else {
    tile_padded_window(stage, rows, tile, tails, chain);
  }
}

/// Tiles of the expansion as scratch memory: whole rows, and channels up to a whole tile.
void tile_expansion(StageFuncs& stage, const ChannelTile& tile, const Chain& chain) {
  stage.result.store_in(MemoryType::Heap).bound_extent(chain.x, as_int(stage.out.w));
  order_storage(stage.result, tile.planar, chain);
  Tails tails = channel_tails(tile, stage.out, 0);
  if (!tile.planar) tails.c = TailStrategy::RoundUp;
  tile_channels(stage, tile, 0, tails, chain.input, chain);
}

/// The expanded rows: each is computed once and kept in a ring until its last use.
void compute_expansion_at(StageFuncs& stage, const StageFuncs& depthwise, Func consumer,
                          const Var& step, int rows, const ChannelTile& tile, const Chain& chain) {
  Func hidden = stage.result;
  hidden.compute_at(consumer, step);
  if (rows < depthwise.out.h) {
    const int64_t ring = ring_rows(depthwise.stage.window, rows);
    hidden.store_root().fold_storage(chain.y, as_int(ring));
  }
  tile_expansion(stage, tile, chain);
}

/// A block of expanded channels of the whole map at a time, which the depthwise stage uses up
/// before the next one overwrites it.
void compute_hidden_blocks(Chain& chain, const ChannelTile& tile, const WindowTile& window) {
  StageFuncs& expand = chain.stages.front();
  StageFuncs& depthwise = chain.stages.back();
  Tails tails = window_tails(window, depthwise);
  const bool ranges = chain.phase.axis == spec::Axis::rows && !whole_output(chain);
  if (ranges) tails.y = TailStrategy::ShiftInwards;
  const Loops loops = tile_window(depthwise, window, tails, chain);
  const Var block("block");
  depthwise.result.split(loops.channels, block, loops.channels, tile.channels() / window.channels(),
                         TailStrategy::RoundUp);
  expand.result.compute_at(depthwise.result, block).bound_extent(chain.c, tile.channels());
  // A range of rows expands those that its windows read, in memory for all.
  if (ranges) {
    expand.result.bound_storage(chain.y, as_int(expand.out.h));
  } else {
    expand.result.bound_extent(chain.y, as_int(expand.out.h));
  }
  tile_expansion(expand, tile, chain);
}

}  // namespace

ChannelTile channel_tile(const Point& point, const std::string& prefix, int64_t channels,
                         bool planar) {
  ChannelTile tile;
  tile.x = as_int(get(point, prefix + "_x", 1));
  tile.v = as_int(get(point, prefix + "_v", 1));
  tile.lanes = as_int(get(point, prefix + "_lanes", 1));
  tile.unroll = as_int(get(point, prefix + "_unroll", 1));
  tile.channels_outer = get(point, prefix + "_order", 0) == 1;
  tile.taps = as_int(get(point, prefix + "_taps", 0));
  tile.split_x = get(point, prefix + "_split", 0) > 0;
  tile.stage = as_int(get(point, prefix + "_stage", 1));
  tile.block = as_int(get(point, prefix + "_block", 0));
  tile.planar = planar;
  tile.overlap_c = get(point, prefix + "_overlap", 0) == 1 ||
                   (!planar && !channel_tile_fits(channels, tile.channels()));
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
  bound_output(chain, get(point, "pw_overlap", 0) == 1);
  StageFuncs& last = chain.stages.back();
  const size_t count = chain.stages.size();
  const bool planar = chain.layer.layout == spec::Layout::nchw;
  const auto window_stage = static_cast<size_t>(std::max(spec::depthwise_stage(chain.layer), 0));
  const WindowTile window = window_tile(point, "dw", is_planar(chain.layer, window_stage));
  if (last.stage.kind == spec::StageKind::depthwise) {
    if (count == 2) {
      const int64_t hidden = chain.stages.front().out.c;
      compute_hidden_blocks(chain, channel_tile(point, "ex", hidden, planar), window);
      return;
    }
    tile_padded_window(last, last.out.h, window, window_tails(window, last), chain);
    return;
  }
  const bool dense = last.stage.kind == spec::StageKind::conv2d;
  const ChannelTile tile = channel_tile(point, dense ? "cv" : "pw", last.out.c, planar);
  const int rows = count > 1 ? as_int(get(point, "rows", 1)) : 0;
  Tails tails = channel_tails(tile, last.out, rows);
  // A step of a ring must not go back to rows that have left it.
  if (count == 3 && rows < last.out.h && last.out.h % rows != 0)
    tails.y = TailStrategy::GuardWithIf;
  Func input = count > 1 ? chain.stages[count - 2].result : dense ? last.pad : chain.input;
  const Loops loops = tile_channels(last, tile, rows, tails, input, chain);
  if (get(point, "rows_split", 0) == 1) last.result.partition(loops.step, Partition::Always);
  if (dense && chain.phase.padded_planes) {
    compute_planes_at(last, LoopLevel(last.result, loops.rows), tile.lanes, chain);
  }
  if (count == 1) return;
  StageFuncs& depthwise = chain.stages[count - 2];
  compute_window_at(depthwise, last.result, loops.step, rows, window, chain);
  if (count == 2) return;
  compute_expansion_at(chain.stages[0], depthwise, last.result, loops.step, rows,
                       channel_tile(point, "ex", chain.stages[0].out.c, planar), chain);
}

}  // namespace sepconv::schedules
