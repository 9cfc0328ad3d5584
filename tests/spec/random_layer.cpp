// Tests: random layers, valid ones by retrying. Knows no property.
#include "random_layer.h"

#include "spec/name.h"
#include "spec/validate.h"

namespace sepconv::tests {

namespace {

using spec::Activation;
using spec::Layer;
using spec::Op;
using spec::Stage;
using spec::StageKind;

int64_t between(std::mt19937& random, int64_t low, int64_t high) {
  return std::uniform_int_distribution<int64_t>(low, high)(random);
}

bool rarely(std::mt19937& random) { return between(random, 0, 3) == 0; }

template <size_t N>
std::array<int64_t, N> values(std::mt19937& random, int64_t low, int64_t high) {
  std::array<int64_t, N> result{};
  result.fill(between(random, low, high));
  if (rarely(random)) {
    for (int64_t& value : result) value = between(random, low, high);
  }
  return result;
}

Stage stage(std::mt19937& random, StageKind kind, int64_t channels_in) {
  Stage result;
  result.kind = kind;
  result.bias = !rarely(random);
  result.activation = static_cast<Activation>(between(random, 0, 6));
  result.channels_out = between(random, 1, 40);
  if (kind == StageKind::depthwise) {
    result.multiplier = rarely(random) ? between(random, 1, 7) : 1;
    result.channels_out = channels_in * result.multiplier;
  }
  if (kind != StageKind::pointwise) {
    result.window.kernel = values<2>(random, 1, 7);
    result.window.stride = values<2>(random, 1, 3);
    result.window.padding = values<4>(random, 0, 4);
    if (rarely(random)) result.window.dilation = values<2>(random, 1, 3);
  }
  return result;
}

void add_stages(std::mt19937& random, Layer& layer) {
  const int64_t c = layer.input.c;
  switch (layer.op) {
    case Op::depthwise:
      layer.stages = {stage(random, StageKind::depthwise, c)};
      return;
    case Op::pointwise:
      layer.stages = {stage(random, StageKind::pointwise, c)};
      break;
    case Op::conv2d:
      layer.stages = {stage(random, StageKind::conv2d, c)};
      return;
    case Op::depthwise_separable:
      layer.stages = {stage(random, StageKind::depthwise, c),
                      stage(random, StageKind::pointwise, c)};
      return;
    case Op::inverted_residual: {
      const Stage expand = stage(random, StageKind::pointwise, c);
      Stage depthwise = stage(random, StageKind::depthwise, expand.channels_out);
      depthwise.multiplier = 1;
      depthwise.channels_out = expand.channels_out;
      layer.stages = {expand, depthwise, stage(random, StageKind::pointwise, 0)};
      break;
    }
  }
  layer.stages.back().residual = rarely(random);
  if (layer.op == Op::inverted_residual && layer.stages.back().residual) {
    layer.stages.back().channels_out = c;
    layer.stages[1].window = {{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}};
  }
}

Layer attempt(std::mt19937& random) {
  Layer layer;
  layer.op = static_cast<Op>(between(random, 0, 4));
  if (rarely(random)) layer.dtype = spec::Dtype::f16;
  const auto& accumulators = spec::traits(layer.dtype).accumulators;
  if (rarely(random)) layer.accumulate = accumulators.back();
  layer.input = {rarely(random) ? between(random, 1, 3) : 1, between(random, 1, 12),
                 between(random, 1, 12), between(random, 1, 40)};
  add_stages(random, layer);
  if (rarely(random)) layer.layout = spec::Layout::nchw;
  if (layer.layout == spec::Layout::nhwc && rarely(random)) {
    layer.input_pixel_stride = layer.input.c + between(random, 1, 9);
  }
  if (layer.layout == spec::Layout::nhwc && rarely(random)) {
    layer.output_pixel_stride = layer.stages.back().channels_out + between(random, 1, 9);
  }
  layer.name = spec::canonical_name(layer);
  return layer;
}

}  // namespace

Layer random_layer(std::mt19937& random) {
  while (true) {
    Layer layer = attempt(random);
    if (spec::validate(layer).empty()) return layer;
  }
}

}  // namespace sepconv::tests
