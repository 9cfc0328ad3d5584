// Schedules: which point of the GPU space a layer gets without tuning, and why. Knows no Halide.
//
// Blocks of about 128 threads in whole warps along channels; a tile as large as shared memory
// allows several blocks on a multiprocessor; blocks of channels over the grid while there are fewer
// blocks than multiprocessors.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "schedules/cpu_space.h"
#include "schedules/gpu_space.h"

namespace sepconv::schedules {
namespace {

constexpr int64_t kWarp = 32;
constexpr int64_t kWantedThreads = 128;
/// Shared bytes of a block with which four fit a multiprocessor of 100 KiB.
constexpr int64_t kWantedShared = 24 * 1024;
/// Blocks with which a common GPU has one for every multiprocessor.
constexpr int64_t kWantedBlocks = 84;

const Knob* find(const Space& space, const std::string& name) {
  for (const Knob& knob : space.knobs) {
    if (knob.name == name) return &knob;
  }
  return nullptr;
}

int64_t nearest(const std::vector<int64_t>& values, int64_t wanted) {
  return *std::min_element(values.begin(), values.end(), [wanted](int64_t a, int64_t b) {
    const auto distance = [wanted](int64_t value) {
      return std::abs(std::log2(static_cast<double>(value) / static_cast<double>(wanted)));
    };
    return distance(a) < distance(b);
  });
}

/// The largest value below another; the first where there is none.
int64_t below(const std::vector<int64_t>& values, int64_t limit) {
  int64_t best = values.front();
  for (const int64_t value : values) {
    if (value < limit) best = std::max(best, value);
  }
  return best;
}

/// Columns of a thread: four, or seven where these leave no overlap; fewer in narrow maps.
int64_t columns_of(int64_t width) {
  if (width % 4 != 0 && width % 7 == 0) return 7;
  return width >= 4 ? 4 : width >= 2 ? 2 : 1;
}

void grow(Point& point, const Space& space, const std::string& name, const spec::Layer& layer,
          const Phase& phase, int64_t useful) {
  const Knob* knob = find(space, name);
  for (const int64_t value : knob->values) {
    Point next = point;
    next[name] = value;
    const GpuTile tile = gpu_tile(layer, phase, next);
    const bool fits = shared_bytes(layer, phase, tile) <= kWantedShared &&
                      tile.threads() <= kWantedThreads && tile.columns() <= tile.width &&
                      tile.tile_y <= tile.height && value <= useful;
    if (fits) point = next;
  }
}

void choose_launch(Point& point, const Space& space, const spec::Layer& layer, const Phase& phase) {
  const std::string p = stage_prefix(layer, static_cast<size_t>(phase.last_stage)) + "_";
  const GpuTile shape = gpu_tile(layer, phase, {});
  point[p + "c"] = nearest(find(space, p + "c")->values, std::min(kWarp, shape.channels));
  point[p + "x"] = columns_of(shape.width);
  point[p + "tx"] = point[p + "ty"] = 1;
  if (!shape.window) {
    point[p + "v"] = 4;
    point[p + "k"] = std::min<int64_t>(4, find(space, p + "k")->values.back());
    point[p + "split"] = 0;
    if (find(space, p + "stage") != nullptr) point[p + "stage"] = 1;
  }
  // The largest tile of one thread's columns may not fit with very many channels.
  while (shared_bytes(layer, phase, gpu_tile(layer, phase, point)) > kSharedBytes) {
    if (point[p + "x"] > 1) {
      point[p + "x"] = below(find(space, p + "x")->values, point[p + "x"]);
    } else if (find(space, p + "stage") != nullptr) {
      point[p + "stage"] = 0;
    } else {
      break;
    }
  }
  const int64_t columns = (shape.width + point[p + "x"] - 1) / point[p + "x"];
  grow(point, space, p + "tx", layer, phase, std::min<int64_t>(columns, shape.window ? 4 : 2));
  grow(point, space, p + "ty", layer, phase, shape.height);
  grow(point, space, p + "tx", layer, phase, columns);
  if (!shape.window && blocks(gpu_tile(layer, phase, point)) < kWantedBlocks &&
      shape.channels > gpu_tile(layer, phase, point).block_channels()) {
    point[p + "split"] = 1;
  }
}

}  // namespace

Point gpu_heuristic(const spec::Layer& layer) {
  Point point;
  const Space space = gpu_space(layer);
  // What two launches exchange stays in the second-level cache of these GPUs as a rule, and tiles
  // of one launch would expand their borders again.
  if (find(space, "hidden") != nullptr) point["hidden"] = 0;
  for (const Phase& phase : gpu_phases(layer, point)) choose_launch(point, space, layer, phase);
  return point;
}

std::vector<std::string> gpu_explain(const spec::Layer& layer, const Point& point) {
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
    lines.push_back(fmt::format("a thread keeps {} pixels by {} channels of sums in registers",
                                tile.x, tile.v));
    lines.push_back(fmt::format("shared memory: {} of {} bytes", shared_bytes(layer, phase, tile),
                                kSharedBytes));
    if (tile.window) continue;
    lines.push_back(fmt::format(
        "{} FMAs a step of {} input channels for {} loads of inputs and {} of weights, 16 bytes "
        "each at most",
        tile.x * tile.v * tile.k, tile.k, tile.x * ((tile.k + 3) / 4), tile.k * tile.v / 4));
  }
  return lines;
}

}  // namespace sepconv::schedules
