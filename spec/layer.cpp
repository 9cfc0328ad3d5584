// Spec: shapes along a chain and the layout of its packed parameters. Knows no file and no
// schedule.
#include "spec/layer.h"

#include "support/integers.h"

namespace sepconv::spec {
namespace {

constexpr int64_t kPartAlignment = 64;  // bytes: a cache line, and the widest vector

int64_t blocks(int64_t channels) { return support::ceil_div(channels, kChannelBlock); }

std::vector<int64_t> weight_extents(const Stage& stage, int64_t channels_in) {
  const int64_t co = blocks(stage.channels_out);
  const auto [kh, kw] = stage.window.kernel;
  switch (stage.kind) {
    case StageKind::pointwise:
      return {kChannelBlock, channels_in, co};
    case StageKind::depthwise:
      return {co * kChannelBlock, kw, kh};
    case StageKind::conv2d:
      return {kChannelBlock, channels_in, kw, kh, co};
  }
  return {};
}

Parameter::Role weight_role(StageKind kind, bool last) {
  if (kind == StageKind::depthwise) return Parameter::Role::depthwise;
  return last ? Parameter::Role::weights : Parameter::Role::expand;
}

/// The last stage's bias is `bias` whatever its kind.
Parameter::Role bias_role(StageKind kind, bool last) {
  if (last) return Parameter::Role::bias;
  return kind == StageKind::depthwise ? Parameter::Role::depthwise_bias
                                      : Parameter::Role::expand_bias;
}

void append(std::vector<Parameter>& all, Parameter parameter) {
  int64_t elements = 1;
  for (const int64_t extent : parameter.extents) elements *= extent;
  const int64_t bytes = elements * traits(parameter.dtype).bytes;
  parameter.bytes = (bytes + kPartAlignment - 1) / kPartAlignment * kPartAlignment;
  parameter.offset = all.empty() ? 0 : all.back().offset + all.back().bytes;
  all.push_back(std::move(parameter));
}

}  // namespace

int64_t output_extent(int64_t extent, int64_t kernel, int64_t stride, int64_t dilation,
                      int64_t before, int64_t after) {
  const int64_t room = extent + before + after - ((kernel - 1) * dilation + 1);
  return room < 0 ? 0 : room / stride + 1;
}

std::vector<Shape> shapes(const Layer& layer) {
  std::vector<Shape> all{layer.input};
  for (const Stage& stage : layer.stages) {
    const Window& w = stage.window;
    Shape shape = all.back();
    shape.h =
        output_extent(shape.h, w.kernel[0], w.stride[0], w.dilation[0], w.padding[0], w.padding[2]);
    shape.w =
        output_extent(shape.w, w.kernel[1], w.stride[1], w.dilation[1], w.padding[1], w.padding[3]);
    shape.c = stage.channels_out;
    all.push_back(shape);
  }
  return all;
}

Shape output_shape(const Layer& layer) { return shapes(layer).back(); }

bool has_residual_input(const Layer& layer) {
  return layer.op == Op::pointwise && layer.stages.back().residual;
}

int depthwise_stage(const Layer& layer) {
  for (size_t i = 0; i < layer.stages.size(); ++i) {
    if (layer.stages[i].kind == StageKind::depthwise) return static_cast<int>(i);
  }
  return -1;
}

Layer along_columns(const Layer& layer) {
  bool narrow = layer.input.w == 1 && layer.input.h > 1;
  for (const Stage& stage : layer.stages) {
    const Window& window = stage.window;
    narrow = narrow && window.kernel[1] == 1 && window.padding[1] == 0 && window.padding[3] == 0;
  }
  Layer turned = layer;
  if (!narrow) return turned;
  std::swap(turned.input.h, turned.input.w);
  for (Stage& stage : turned.stages) {
    Window& window = stage.window;
    std::swap(window.kernel[0], window.kernel[1]);
    std::swap(window.stride[0], window.stride[1]);
    std::swap(window.dilation[0], window.dilation[1]);
    const auto [top, left, bottom, right] = window.padding;
    window.padding = {left, top, right, bottom};
  }
  return turned;
}

int64_t images_as_rows(const Layer& layer) {
  const bool rows = layer.op == Op::pointwise && layer.layout == Layout::nhwc;
  return rows && layer.input.h * layer.input.w < kFewPixels ? layer.input.n : 1;
}

std::vector<Parameter> parameters(const Layer& layer) {
  std::vector<Parameter> all;
  int64_t channels_in = layer.input.c;
  for (size_t i = 0; i < layer.stages.size(); ++i) {
    const Stage& stage = layer.stages[i];
    const bool last = i + 1 == layer.stages.size();
    Parameter weights;
    weights.role = weight_role(stage.kind, last);
    weights.stage = static_cast<int>(i);
    weights.dtype = layer.dtype;
    weights.extents = weight_extents(stage, channels_in);
    append(all, weights);
    if (stage.bias) {
      Parameter bias;
      bias.role = bias_role(stage.kind, last);
      bias.stage = static_cast<int>(i);
      bias.is_bias = true;
      bias.dtype = traits(layer.dtype).bias;
      bias.extents = {blocks(stage.channels_out) * kChannelBlock};
      append(all, bias);
    }
    channels_in = stage.channels_out;
  }
  return all;
}

int64_t packed_bytes(const Layer& layer) {
  const auto all = parameters(layer);
  return all.empty() ? 0 : all.back().offset + all.back().bytes;
}

}  // namespace sepconv::spec
