// Schedules: which point of the CPU space an x86 core gets without tuning. Knows no Halide.
//
// Every choice minimises an estimate of cycles built from the register file, the FMA width, the
// cache sizes and the layer; no shape is named.
#include "schedules/x86.h"

#include "schedules/cpu_choose.h"

namespace sepconv::schedules {

namespace {

Point with_rows(int64_t rows, const spec::Layer& layer, const targets::Target& target) {
  Point point;
  if (layer.stages.size() > 1) point["rows"] = rows;
  for (size_t stage = 0; stage < layer.stages.size(); ++stage) {
    if (layer.stages[stage].kind == spec::StageKind::depthwise) {
      choose_window_tile(point, layer, stage, rows, target);
    } else {
      choose_channel_tile(point, layer, stage, target);
    }
  }
  return point;
}

}  // namespace

Point x86_heuristic(const spec::Layer& layer, const targets::Target& target) {
  if (layer.stages.size() == 1) return with_rows(0, layer, target);
  const int64_t rows = choose_rows(layer, target);
  if (stands_apart(layer, rows, target)) {
    // Tiles may not divide the hidden channels.
    Point point = with_rows(0, layer, target);
    if (cpu_legal(point, layer, target).empty()) return point;
  }
  return with_rows(rows, layer, target);
}

}  // namespace sepconv::schedules
