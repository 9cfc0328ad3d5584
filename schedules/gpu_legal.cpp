// Schedules: which points of the GPU space devices can launch. Knows no Halide and no heuristic.
#include <algorithm>

#include "schedules/gpu_space.h"
#include "schedules/reasons.h"

namespace sepconv::schedules {
namespace {

/// Accumulators of a thread beyond which registers spill.
constexpr int64_t kThreadSums = 64;
/// Multiply-adds of a step, all unrolled: longer loops leave the first instruction caches.
constexpr int64_t kStepFmas = 512;

std::string most(int64_t value) { return "at most " + std::to_string(value); }

/// What launchable tiles keep, and the words for one that does not.
struct Limit {
  const char* knob;  ///< that breaks it, after the launch's prefix
  bool (*kept)(const GpuTile&);
  std::string (*breach)(const GpuTile&);
  std::string (*remedy)(const GpuTile&);
};
constexpr Limit kLimits[] = {
    {"c", [](const GpuTile& t) { return t.threads() <= kBlockThreads; },
     [](const GpuTile& t) { return "makes blocks of " + std::to_string(t.threads()) + " threads"; },
     [](const GpuTile&) { return most(kBlockThreads); }},
    {"tx", [](const GpuTile& t) { return shared_bytes(t) <= kSharedBytes; },
     [](const GpuTile& t) {
       return "needs " + std::to_string(shared_bytes(t)) + " bytes of shared memory";
     },
     [](const GpuTile&) { return most(kSharedBytes) + ": take fewer columns or rows"; }},
    {"tx", [](const GpuTile& t) { return t.columns() <= t.width && t.tile_y <= t.height; },
     [](const GpuTile& t) {
       return "makes blocks of " + std::to_string(t.columns()) + " columns by " +
              std::to_string(t.tile_y) + " rows";
     },
     [](const GpuTile& t) {
       return "at most the output's " + std::to_string(t.width) + " by " + std::to_string(t.height);
     }},
    {"ty", [](const GpuTile& t) { return t.row_blocks() <= kGridBlocks; },
     [](const GpuTile& t) { return "makes " + std::to_string(t.row_blocks()) + " rows of blocks"; },
     [](const GpuTile&) { return most(kGridBlocks); }},
    {"tx", [](const GpuTile& t) { return !t.channels_first() || t.column_blocks() <= kGridBlocks; },
     [](const GpuTile& t) {
       return "makes " + std::to_string(t.column_blocks()) + " columns of blocks";
     },
     [](const GpuTile&) { return most(kGridBlocks); }},
    {"x", [](const GpuTile& t) { return t.x * t.v <= kThreadSums; },
     [](const GpuTile& t) { return "keeps " + std::to_string(t.x * t.v) + " sums in a thread"; },
     [](const GpuTile&) { return most(kThreadSums); }},
    {"k", [](const GpuTile& t) { return t.x * t.v * t.k <= kStepFmas; },
     [](const GpuTile& t) {
       return "makes steps of " + std::to_string(t.x * t.v * t.k) + " multiply-adds";
     },
     [](const GpuTile&) { return most(kStepFmas); }},
    // The loops over a hidden block have no rest.
    {"c", [](const GpuTile& t) { return t.hidden == 0 || t.channels % t.block_channels() == 0; },
     [](const GpuTile& t) {
       return "makes blocks of " + std::to_string(t.block_channels()) +
              " channels, which leave a rest beside hidden blocks";
     },
     [](const GpuTile& t) { return "take a divisor of " + std::to_string(t.channels); }},
    {"k", [](const GpuTile& t) { return t.hidden % t.k == 0; },
     [](const GpuTile& t) {
       return "makes steps of " + std::to_string(t.k) +
              " channels, which leave a rest of a hidden block";
     },
     [](const GpuTile& t) { return "take a divisor of " + std::to_string(t.hidden); }},
    {"v",
     [](const GpuTile& t) {
       return t.window || packed_channels(t.channels) % t.block_channels() == 0;
     },
     [](const GpuTile& t) {
       return "blocks of " + std::to_string(t.block_channels()) +
              " channels do not divide the packed ones";
     },
     [](const GpuTile& t) {
       return "take a divisor of " + std::to_string(packed_channels(t.channels));
     }},
};

}  // namespace

bool launchable(const GpuTile& tile) {
  return std::all_of(std::begin(kLimits), std::end(kLimits),
                     [&](const Limit& limit) { return limit.kept(tile); });
}

Errors gpu_legal(const Point& point, const spec::Layer& layer) {
  Reasons reasons(layer, point);
  check_knobs(reasons, point, gpu_space(layer));
  if (!reasons.none()) return reasons.take();
  for (const Phase& phase : gpu_phases(layer, point)) {
    const GpuTile tile = gpu_tile(layer, phase, point);
    for (const Limit& limit : kLimits) {
      if (limit.kept(tile)) continue;
      reasons.add(launch_prefix(layer, phase) + limit.knob, limit.breach(tile), limit.remedy(tile));
    }
  }
  return reasons.take();
}

}  // namespace sepconv::schedules
