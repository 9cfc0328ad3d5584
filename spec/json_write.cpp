// Spec: a layer file as text, one layer a line, every applicable field written. Knows no disk.
#include <nlohmann/json.hpp>

#include "spec/json.h"

namespace sepconv::spec {
namespace {

using Json = nlohmann::ordered_json;

void write_window(Json& json, const Window& window) {
  json["kernel"] = window.kernel;
  json["stride"] = window.stride;
  json["dilation"] = window.dilation;
  json["padding"] = window.padding;
}

void write_depthwise(Json& json, const Layer& layer, const Stage& stage) {
  if (layer.op != Op::inverted_residual) json["multiplier"] = stage.multiplier;
  write_window(json, stage.window);
  if (layer.op == Op::depthwise) return;
  json["depthwise_bias"] = stage.bias;
  json["depthwise_activation"] = word(stage.activation);
}

Json write_layer(const Layer& layer) {
  Json json;
  json["name"] = layer.name;
  json["op"] = word(layer.op);
  json["dtype"] = word(layer.dtype);
  if (layer.accumulate != traits(layer.dtype).accumulators.front()) {
    json["accumulate"] = word(layer.accumulate);
  }
  json["layout"] = word(layer.layout);
  json["batch"] = layer.input.n;
  json["height"] = layer.input.h;
  json["width"] = layer.input.w;
  json["channels_in"] = layer.input.c;
  const Stage& last = layer.stages.back();
  if (layer.op == Op::inverted_residual) {
    json["channels_hidden"] = layer.stages.front().channels_out;
    json["expand_bias"] = layer.stages.front().bias;
    json["expand_activation"] = word(layer.stages.front().activation);
  }
  for (const Stage& stage : layer.stages) {
    if (stage.kind == StageKind::depthwise) write_depthwise(json, layer, stage);
    if (stage.kind == StageKind::conv2d) write_window(json, stage.window);
  }
  if (layer.op != Op::depthwise) json["channels_out"] = last.channels_out;
  json["bias"] = last.bias;
  json["activation"] = word(last.activation);
  if (layer.op == Op::pointwise || layer.op == Op::inverted_residual) {
    json["residual"] = last.residual;
  }
  if (layer.input_pixel_stride > 0) json["input_pixel_stride"] = layer.input_pixel_stride;
  if (layer.output_pixel_stride > 0) json["output_pixel_stride"] = layer.output_pixel_stride;
  json["count"] = layer.count;
  return json;
}

}  // namespace

std::string write_layer_file(const LayerFile& file) {
  std::string text =
      "{\n  \"format\": \"sepconv-layers/1\",\n  \"name\": " + Json(file.name).dump() +
      ",\n  \"layers\": [";
  const char* separator = "\n    ";
  for (const Layer& layer : file.layers) {
    text += separator + write_layer(layer).dump();
    separator = ",\n    ";
  }
  return text + "\n  ]\n}\n";
}

}  // namespace sepconv::spec
