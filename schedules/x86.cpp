// Schedules: which point of the CPU space an x86 core gets without tuning. Knows no Halide.
//
// Every choice minimises an estimate of cycles built from the register file, the FMA width, the
// cache sizes and the layer; no shape is named.
#include "schedules/x86.h"

#include "schedules/cpu_choose.h"

namespace sepconv::schedules {

Point x86_heuristic(const spec::Layer& layer, const targets::Target& target) {
  Point point;
  int64_t rows = 0;
  if (layer.stages.size() > 1) {
    rows = choose_rows(layer, target);
    point["rows"] = rows;
  }
  for (size_t stage = 0; stage < layer.stages.size(); ++stage) {
    if (layer.stages[stage].kind == spec::StageKind::depthwise) {
      choose_window_tile(point, layer, stage, rows, target);
    } else {
      choose_channel_tile(point, layer, stage, target);
    }
  }
  return point;
}

}  // namespace sepconv::schedules
