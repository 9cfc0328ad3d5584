// Schedules: operands of multiply-adds, staged: in registers for those that broadcast a lane, in
// memory where they are stored in a narrower type. Knows no heuristic and no instruction set.
#include <algorithm>

#include "schedules/cpu_tiles.h"

namespace sepconv::schedules {

using Halide::Func;
using Halide::RVar;

void stage_channels(Func input, Func sum, const RVar& channels, const ChannelTile& tile) {
  const RVar group("group"), inner("inner"), part("part");
  auto update = sum.update();
  update.split(channels, group, inner, tile.stage).unroll(inner);
  const bool several = tile.unroll > tile.stage;
  RVar at = group;
  if (tile.unroll == 0) {
    update.unroll(group);
  } else if (several) {
    update.split(group, group, part, tile.unroll / tile.stage).unroll(part);
    at = part;
  }
  Func loaded = input.in(sum);
  loaded.compute_at(sum, at).store_in(Halide::MemoryType::Register);
  loaded.vectorize(loaded.args()[0], tile.stage).unroll(loaded.args()[1]);
  loaded.never_partition_all();
}

namespace {

int conversion_lanes(int64_t channels) {
  constexpr int64_t kWidest = 16;
  int lanes = 1;
  while (2 * lanes <= std::min(channels, kWidest)) lanes *= 2;
  return lanes;
}

}  // namespace

void widen_ahead(Func operand, const Halide::LoopLevel& at, int64_t channels) {
  const int lanes = conversion_lanes(channels);
  operand.compute_at(at).never_partition_all();
  if (lanes > 1) {
    operand.vectorize(operand.args()[0], lanes, Halide::TailStrategy::ShiftInwards);
  }
}

void widen_weights(Func weights, const Halide::LoopLevel& at, int64_t channels) {
  const int lanes = conversion_lanes(channels);
  const Halide::Var c = weights.args()[0];
  weights.compute_at(at).never_partition_all();
  weights.align_bounds(c, lanes).vectorize(c, lanes, Halide::TailStrategy::RoundUp);
}

}  // namespace sepconv::schedules
