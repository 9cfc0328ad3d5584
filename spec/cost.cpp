// Spec: MACs, parameters and bytes of a layer as defined. Knows no machine and no schedule.
#include "spec/cost.h"

#include <algorithm>

#include "support/integers.h"

namespace sepconv::spec {

int64_t inside_taps(const Window& window, int axis, int64_t in, int64_t out) {
  const int64_t stride = window.stride[axis];
  int64_t inside = 0;
  // Tap by tap: kernels are short, extents may be huge.
  for (int64_t k = 0; k < window.kernel[axis]; ++k) {
    // 0 <= o*stride + shift < in
    const int64_t shift = k * window.dilation[axis] - window.padding[axis];
    const int64_t first = shift >= 0 ? 0 : support::ceil_div(-shift, stride);
    const int64_t end = in > shift ? support::ceil_div(in - shift, stride) : 0;
    inside += std::max<int64_t>(0, std::min(end, out) - first);
  }
  return inside;
}

namespace {

void add_stage(Cost& cost, const Stage& stage, const Shape& in, const Shape& out) {
  const Window& w = stage.window;
  const int64_t taps = w.kernel[0] * w.kernel[1];
  const int64_t depth = stage.kind == StageKind::depthwise ? 1 : in.c;
  const int64_t macs = out.elements() * taps * depth;
  const int64_t parameters = out.c * (taps * depth + (stage.bias ? 1 : 0));
  switch (stage.kind) {
    case StageKind::depthwise:
      cost.depthwise_macs += macs;
      cost.depthwise_parameters += parameters;
      break;
    case StageKind::pointwise:
      cost.pointwise_macs += macs;
      cost.pointwise_parameters += parameters;
      break;
    case StageKind::conv2d:
      cost.dense_macs += macs;
      cost.dense_parameters += parameters;
      break;
  }
  const int64_t inside = inside_taps(w, 0, in.h, out.h) * inside_taps(w, 1, in.w, out.w);
  cost.padding_macs += macs - inside * out.n * out.c * depth;
}

}  // namespace

Cost cost(const Layer& layer) {
  const int64_t element = traits(layer.dtype).bytes;
  Cost cost;
  const auto all = shapes(layer);
  for (size_t i = 0; i < layer.stages.size(); ++i) {
    add_stage(cost, layer.stages[i], all[i], all[i + 1]);
  }
  cost.input_bytes = all.front().elements() * element;
  cost.output_bytes = all.back().elements() * element;
  if (has_residual_input(layer)) cost.residual_bytes = cost.output_bytes;
  int64_t biases = 0;
  for (const Stage& stage : layer.stages) biases += stage.bias ? stage.channels_out : 0;
  cost.parameter_bytes =
      (cost.parameters() - biases) * element + biases * traits(traits(layer.dtype).bias).bytes;
  return cost;
}

}  // namespace sepconv::spec
