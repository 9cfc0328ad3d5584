// Schedules: input channels staged in registers, for multiply-adds that broadcast a lane. Knows no
// heuristic and no instruction set.
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

}  // namespace sepconv::schedules
