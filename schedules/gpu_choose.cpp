// Schedules: which point of the GPU space a layer gets without tuning, and why. Knows no Halide.
//
// Each launch gets the tile with the least predicted time of those with whole warps, or nearly so.
// Hidden tensors of inverted residuals go through memory: as a rule they stay in the second cache
// of these GPUs, and tiles of one launch would expand their borders again.
#include <fmt/core.h>

#include <algorithm>

#include "schedules/cpu_space.h"
#include "schedules/gpu_cost.h"
#include "schedules/gpu_space.h"

namespace sepconv::schedules {
namespace {

constexpr int64_t kLeastThreads = 32;
/// Registers that a thread holds all the time, estimated, with room for what the estimate does not
/// know.
constexpr int64_t kMostHeld = 112;

/// The values of a launch's knob; one value, which says nothing, where it has no such knob.
std::vector<int64_t> values_of(const Space& space, const std::string& name, int64_t otherwise) {
  for (const Knob& knob : space.knobs) {
    if (knob.name == name) return knob.values;
  }
  return {otherwise};
}

/// Values of all knobs of a launch.
struct Choices {
  std::vector<int64_t> c, v, k, split, stage, feed_v, x, tx, ty;
};

Choices choices_of(const spec::Layer& layer, const Phase& phase) {
  const Space space = launch_space(layer, phase);
  const std::string p = launch_prefix(layer, phase);
  const GpuTile tile = gpu_tile(layer, phase, {});
  Choices all;
  all.c = values_of(space, p + "c", 1);
  // More than two warps of channels leave no threads for pixels.
  const int64_t most = tile.window ? std::clamp<int64_t>(tile.channels, all.c.front(), 64) : 64;
  std::erase_if(all.c, [most](int64_t c) { return c > most; });
  all.v = values_of(space, p + "v", 1);
  all.k = values_of(space, p + "k", 1);
  all.split = values_of(space, p + "split", 0);
  all.stage = values_of(space, p + "stage", tile.staged ? 1 : 0);
  all.feed_v = values_of(space, "dw_v", 0);
  if (tile.window) all.feed_v = {1};  // its own knob
  all.x = values_of(space, p + "x", 1);
  all.tx = values_of(space, p + "tx", 1);
  all.ty = values_of(space, p + "ty", 1);
  return all;
}

/// The fastest tile so far. Tiles of few threads count only where there is nothing else.
struct Best {
  GpuTile tile;
  double us = 0;
  bool found = false, small = true;

  void consider(const spec::Layer& layer, const Phase& phase, const targets::Gpu& gpu,
                const GpuTile& candidate) {
    const bool few = candidate.threads() < kLeastThreads;
    if (found && few && !small) return;
    if (!launchable(candidate)) return;
    const GpuCost cost = gpu_cost(layer, phase, candidate, gpu);
    if (cost.resident == 0 || (cost.held > kMostHeld && found)) return;
    if (found && few == small && cost.us() >= us) return;
    tile = candidate, us = cost.us(), found = true, small = few;
  }
};

/// Every tile of threads for one tile of a thread.
void try_threads(Best& best, const spec::Layer& layer, const Phase& phase, const targets::Gpu& gpu,
                 const Choices& all, GpuTile tile) {
  for (const int64_t tx : all.tx) {
    tile.tile_x = tx;
    if (tx > 1 && tile.columns() > tile.width) break;
    for (const int64_t ty : all.ty) {
      tile.tile_y = ty;
      if (tile.threads() > kBlockThreads) break;
      for (const int64_t split : all.split) {
        tile.split = split == 1;
        best.consider(layer, phase, gpu, tile);
      }
    }
  }
}

GpuTile choose_tile(const spec::Layer& layer, const Phase& phase, const targets::Gpu& gpu) {
  const Choices all = choices_of(layer, phase);
  Best best;
  GpuTile tile = gpu_tile(layer, phase, {});
  for (const int64_t stage : all.stage) {
    tile.staged = stage == 1;
    for (const int64_t feed_v : all.feed_v) {
      tile.feed_v = feed_v > 0 ? feed_v : tile.staged && tile.channels_in % 4 == 0 ? 4 : 1;
      for (const int64_t c : all.c) {
        for (const int64_t v : all.v) {
          for (const int64_t k : all.k) {
            for (const int64_t x : all.x) {
              tile.c = c, tile.v = v, tile.k = k, tile.x = x;
              try_threads(best, layer, phase, gpu, all, tile);
            }
          }
        }
      }
    }
  }
  return best.tile;
}

void set(Point& point, const Space& space, const std::string& name, int64_t value) {
  const bool known = std::any_of(space.knobs.begin(), space.knobs.end(),
                                 [&](const Knob& knob) { return knob.name == name; });
  if (known) point[name] = value;
}

}  // namespace

bool gpu_fits(const spec::Layer& layer) {
  const auto fits = [&](const Phase& phase) {
    const Choices all = choices_of(layer, phase);
    GpuTile tile = gpu_tile(layer, phase, {});
    for (const int64_t x : all.x) {
      for (const int64_t tx : all.tx) {
        for (const int64_t ty : all.ty) {
          tile.x = x, tile.tile_x = tx, tile.tile_y = ty;
          if (launchable(tile)) return true;
        }
      }
    }
    return false;
  };
  const auto phases = gpu_phases(layer, {});
  return std::all_of(phases.begin(), phases.end(), fits);
}

Point gpu_heuristic(const spec::Layer& layer, const targets::Gpu& gpu) {
  Point point;
  if (layer.op == spec::Op::inverted_residual) point["hidden"] = 0;
  for (const Phase& phase : gpu_phases(layer, point)) {
    const Space space = launch_space(layer, phase);
    const GpuTile tile = choose_tile(layer, phase, gpu);
    const std::string p = launch_prefix(layer, phase);
    set(point, space, p + "c", tile.c);
    set(point, space, p + "v", tile.v);
    set(point, space, p + "k", tile.k);
    set(point, space, p + "split", tile.split ? 1 : 0);
    set(point, space, p + "stage", tile.staged ? 1 : 0);
    if (!tile.window) set(point, space, "dw_v", tile.feed_v);
    set(point, space, p + "x", tile.x);
    set(point, space, p + "tx", tile.tile_x);
    set(point, space, p + "ty", tile.tile_y);
  }
  return point;
}

std::vector<std::string> gpu_explain(const spec::Layer& layer, const targets::Gpu& gpu,
                                     const Point& point) {
  std::vector<std::string> lines;
  for (const Phase& phase : gpu_phases(layer, point)) {
    const GpuTile tile = gpu_tile(layer, phase, point);
    lines.push_back(fmt::format("one launch for stages {} to {}: {} blocks of {} threads",
                                phase.first_stage, phase.last_stage, blocks(tile), tile.threads()));
    lines.push_back(fmt::format("a block computes {} columns by {} rows by {} channels{}",
                                tile.columns(), tile.tile_y, tile.block_channels(),
                                tile.window  ? ""
                                : tile.split ? " a pass, one pass"
                                             : " a pass, all passes"));
    lines.push_back(fmt::format("a thread keeps {} pixels by {} channels of sums in registers{}",
                                tile.x, tile.v,
                                tile.hidden > 0 ? ", in shared memory between hidden blocks" : ""));
    if (tile.hidden > 0) {
      lines.push_back(fmt::format(
          "{} of {} hidden channels at a time: {} columns by {} rows of them expanded for a tile",
          tile.hidden, tile.channels_in, tile.input_columns, tile.input_rows));
    }
    lines.push_back(fmt::format("shared memory: {} of {} bytes", shared_bytes(tile), kSharedBytes));
    if (!tile.window) {
      lines.push_back(fmt::format(
          "{} FMAs a step of {} input channels for {} loads of inputs and {} of weights, 16 bytes "
          "each at most",
          tile.x * tile.v * tile.k, tile.k, tile.x * ((tile.k + 3) / 4), tile.k * tile.v / 4));
    }
    const GpuCost cost = gpu_cost(layer, phase, tile, gpu);
    lines.push_back(
        fmt::format("predicted: {} registers a thread, {} blocks on a multiprocessor ({:.0f} % of "
                    "its threads), "
                    "{:.0f} % of the innermost instructions multiply and add",
                    cost.registers, cost.resident, 100 * cost.occupancy, 100 * cost.fma_share));
    lines.push_back(fmt::format(
        "predicted: {:.1f} us: multiprocessors {:.1f}, second cache {:.1f} for {:.2f} MB, memory "
        "{:.1f} for {:.2f} MB; bound by {}",
        cost.us(), cost.multiprocessor_us, cost.l2_us, cost.l2_bytes * 1e-6, cost.dram_us,
        cost.dram_bytes * 1e-6, cost.bound()));
  }
  return lines;
}

}  // namespace sepconv::schedules
