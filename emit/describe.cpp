// Emit, private: layers, targets and compiled kernels to what a library says of them. Knows no
// file.
#include "emit/describe.h"

#include <Halide.h>

#include <algorithm>
#include <bit>
#include <sstream>
#include <tuple>

#include "runtime/src/kernel.h"
#include "schedules/schedule.h"
#include "spec/cost.h"
#include "spec/name.h"
#include "support/integers.h"
#include "support/sha256.h"

namespace sepconv::emit {
namespace {

constexpr int64_t kBlobHeaderBytes = 64;

/// What a packed blob depends on: batch, layout, pixel strides and the type of sums do not matter.
uint64_t layer_hash(spec::Layer layer) {
  layer.input.n = 1;
  layer.layout = spec::Layout::nhwc;
  layer.input_pixel_stride = layer.output_pixel_stride = 0;
  layer.accumulate = spec::traits(layer.dtype).accumulators.front();
  return support::sha256_prefix(spec::canonical_name(layer));
}

TensorData tensor(const spec::Shape& shape, spec::Layout layout, int64_t pixel_stride) {
  const int64_t pixel = pixel_stride > 0 ? pixel_stride : shape.c;
  TensorData data;
  data.extent = {shape.n, shape.h, shape.w, shape.c};
  if (layout == spec::Layout::nchw) {
    data.stride = {shape.c * shape.h * shape.w, shape.w, 1, shape.h * shape.w};
  } else {
    data.stride = {shape.h * shape.w * pixel, shape.w * pixel, pixel, 1};
  }
  return data;
}

uint32_t part_kind(const spec::Parameter& parameter, const spec::Stage& stage) {
  if (parameter.is_bias) return SEPCONV_PART_BIAS;
  switch (stage.kind) {
    case spec::StageKind::pointwise:
      return SEPCONV_PART_POINTWISE;
    case spec::StageKind::depthwise:
      return SEPCONV_PART_DEPTHWISE;
    case spec::StageKind::conv2d:
      return SEPCONV_PART_CONV2D;
  }
  return SEPCONV_PART_BIAS;
}

uint32_t dtype_code(spec::Dtype dtype) {
  return dtype == spec::Dtype::f16 ? SEPCONV_DTYPE_F16 : SEPCONV_DTYPE_F32;
}

uint32_t part_role(spec::Parameter::Role role) {
  switch (role) {
    case spec::Parameter::Role::expand:
      return SEPCONV_ROLE_EXPAND;
    case spec::Parameter::Role::expand_bias:
      return SEPCONV_ROLE_EXPAND_BIAS;
    case spec::Parameter::Role::depthwise:
      return SEPCONV_ROLE_DEPTHWISE;
    case spec::Parameter::Role::depthwise_bias:
      return SEPCONV_ROLE_DEPTHWISE_BIAS;
    case spec::Parameter::Role::weights:
      return SEPCONV_ROLE_WEIGHTS;
    case spec::Parameter::Role::bias:
      return SEPCONV_ROLE_BIAS;
  }
  return SEPCONV_ROLE_BIAS;
}

PartData part(const spec::Parameter& parameter, const spec::Layer& layer,
              const std::vector<spec::Shape>& shapes) {
  const auto index = static_cast<size_t>(parameter.stage);
  const spec::Stage& stage = layer.stages[index];
  PartData data;
  data.kind = part_kind(parameter, stage);
  data.role = part_role(parameter.role);
  data.co = stage.channels_out;
  if (!parameter.is_bias) {
    data.ci = stage.kind == spec::StageKind::depthwise ? 1 : shapes[index].c;
    data.kh = stage.window.kernel[0];
    data.kw = stage.window.kernel[1];
  }
  data.dtype = dtype_code(parameter.dtype);
  data.offset = parameter.offset;
  data.bytes = parameter.bytes;
  for (size_t i = 0; i < parameter.extents.size() && i < data.extents.size(); ++i) {
    data.extents[i] = parameter.extents[i];
  }
  return data;
}

uint32_t axis_code(spec::Axis axis) {
  if (axis == spec::Axis::channels) return SEPCONV_AXIS_CHANNELS;
  return axis == spec::Axis::pixels ? SEPCONV_AXIS_PIXELS : SEPCONV_AXIS_ROWS;
}

PhaseData phase_data(const spec::Phase& phase, const spec::Layer& layer,
                     const std::vector<spec::Shape>& shapes) {
  const spec::Shape& in = shapes[static_cast<size_t>(phase.first_stage)];
  const spec::Shape& out = shapes[static_cast<size_t>(phase.last_stage) + 1];
  PhaseData data;
  data.axis = axis_code(phase.axis);
  data.grain = phase.grain;
  if (phase.flat()) data.flags |= SEPCONV_PHASE_FLAT;
  data.tasks = spec::task_count(spec::axis_extent(phase.axis, out), phase.grain);
  data.least = phase.least;
  data.range = phase.range;
  data.input_hwc = {in.h, in.w, in.c};
  data.output_hwc = {out.h, out.w, out.c};
  const auto parameters = spec::parameters(layer);
  for (size_t i = 0; i < parameters.size(); ++i) {
    const int stage = parameters[i].stage;
    if (stage < phase.first_stage || stage > phase.last_stage) continue;
    if (data.part_count++ == 0) data.first_part = static_cast<uint32_t>(i);
  }
  for (int i = phase.first_stage; i <= phase.last_stage; ++i) {
    if (layer.stages[static_cast<size_t>(i)].residual) data.flags |= SEPCONV_PHASE_RESIDUAL;
  }
  return data;
}

VariantData variant(const spec::Layer& given, const targets::Target& target,
                    const CompiledKernel& kernel) {
  const spec::Layer layer = schedules::nest(given, target);
  const auto shapes = spec::shapes(layer);
  VariantData data;
  data.target = target.name;
  data.required_features = targets::required_cpu_features(target);
  data.scratch_bytes = kernel.scratch_bytes;
  const auto phases = schedules::phases(layer, target, kernel.point);
  for (size_t i = 0; i < phases.size(); ++i) {
    PhaseData phase = phase_data(phases[i], layer, shapes);
    phase.function = kernel.functions[i];
    phase.images = given.input.n / layer.input.n;
    if (i > 0) phase.input_offset = data.phases.back().output_offset;
    if (i + 1 < phases.size()) {
      phase.output_offset = data.shared_bytes;
      const auto& hwc = phase.output_hwc;
      data.shared_bytes += support::round_up(
          hwc[0] * hwc[1] * hwc[2] * spec::traits(layer.accumulate).bytes, SEPCONV_ALIGNMENT);
    }
    data.phases.push_back(std::move(phase));
  }
  // What lies between launches is the session's memory on the device.
  if (target.device != targets::Device::cpu) data.shared_bytes = 0;
  return data;
}

ImplData impl(const spec::Layer& layer, const std::vector<targets::Target>& targets,
              const Chosen& chosen) {
  const auto shapes = spec::shapes(layer);
  ImplData data;
  data.layer_hash = layer_hash(layer);
  data.packing_version = spec::kPackingVersion;
  data.between_bytes = spec::traits(layer.accumulate).bytes;
  data.residual_is_input =
      layer.op == spec::Op::inverted_residual && layer.stages.back().residual ? 1 : 0;
  for (const auto& parameter : spec::parameters(layer)) {
    data.parts.push_back(part(parameter, layer, shapes));
  }
  for (size_t i = 0; i < targets.size(); ++i) {
    data.variants.push_back(variant(layer, targets[i], *chosen.kernels[i]));
  }
  return data;
}

LayerData layer_data(const spec::Layer& layer) {
  LayerData data;
  data.layer = layer.name;
  data.canonical_name = spec::canonical_name(layer);
  data.layout = std::string(spec::word(layer.layout));
  data.dtype = std::string(spec::word(layer.dtype));
  data.element_bytes = static_cast<uint64_t>(spec::traits(layer.dtype).bytes);
  data.input = tensor(layer.input, layer.layout, layer.input_pixel_stride);
  data.output = tensor(spec::output_shape(layer), layer.layout, layer.output_pixel_stride);
  if (spec::has_residual_input(layer)) {
    data.residual = tensor(spec::output_shape(layer), layer.layout, 0);
  }
  data.packed_bytes = static_cast<uint64_t>(kBlobHeaderBytes + spec::packed_bytes(layer));
  return data;
}

std::string pair(const char* what, const std::array<int64_t, 2>& values) {
  std::ostringstream text;
  text << ", " << what << " " << values[0] << "x" << values[1];
  return text.str();
}

std::string stage_line(const spec::Stage& stage, const spec::Shape& in, const spec::Shape& out) {
  std::ostringstream text;
  text << spec::word(stage.kind) << " " << in.c << " -> " << out.c << " channels";
  if (stage.kind != spec::StageKind::pointwise) {
    const auto& window = stage.window;
    text << pair("kernel", window.kernel) << pair("stride", window.stride);
    if (window.dilation != std::array<int64_t, 2>{1, 1}) text << pair("dilation", window.dilation);
    text << ", padding top " << window.padding[0] << " left " << window.padding[1] << " bottom "
         << window.padding[2] << " right " << window.padding[3];
  }
  text << (stage.bias ? ", bias" : ", no bias");
  if (stage.residual) text << ", residual";
  if (stage.activation != spec::Activation::none) text << ", " << spec::word(stage.activation);
  return text.str();
}

LayerWords layer_words(const spec::Layer& layer, const ImplData& data, const Chosen& chosen) {
  LayerWords words;
  const auto shapes = spec::shapes(layer);
  for (size_t i = 0; i < layer.stages.size(); ++i) {
    words.lines.push_back(stage_line(layer.stages[i], shapes[i], shapes[i + 1]));
  }
  words.flops = 2 * spec::cost(layer).macs();
  for (const VariantData& one : data.variants) {
    words.workspace_bytes = std::max(words.workspace_bytes, one.scratch_bytes + one.shared_bytes);
  }
  for (size_t i = 0; i < chosen.kernels.size(); ++i) {
    words.schedules.push_back(schedules::to_string(chosen.choices[i].point));
    words.sources.push_back(chosen.choices[i].source);
    words.records.push_back(chosen.choices[i].record);
    words.code_bytes += chosen.kernels[i]->code_bytes;
    words.launches.push_back(chosen.kernels[i]->launches);
  }
  return words;
}

}  // namespace

std::vector<targets::Target> best_first(std::vector<targets::Target> targets) {
  const auto rank = [](const targets::Target& target) {
    return std::tuple(target.device != targets::Device::cpu,
                      std::popcount(targets::required_cpu_features(target)), target.vector_bits);
  };
  std::sort(targets.begin(), targets.end(), [&](const auto& a, const auto& b) {
    return rank(a) != rank(b) ? rank(a) > rank(b) : a.name < b.name;
  });
  return targets;
}

LibraryWords describe(const LibraryRequest& request, const std::vector<targets::Target>& targets,
                      const std::vector<Chosen>& chosen) {
  LibraryWords words;
  words.data.name = request.name;
  words.data.abi_version = SEPCONV_ABI_VERSION;
  words.command = request.command;
  words.tool_version = SEPCONV_VERSION;
  words.halide_version = std::to_string(HALIDE_VERSION_MAJOR) + "." +
                         std::to_string(HALIDE_VERSION_MINOR) + "." +
                         std::to_string(HALIDE_VERSION_PATCH);
  words.packing_version = spec::kPackingVersion;
  for (const targets::Target& target : targets) {
    words.targets.push_back(target.name);
    words.data.device |= target.device != targets::Device::cpu;
  }
  // Layers of one canonical name share an implementation where their points are the same.
  std::map<std::pair<std::string, std::vector<schedules::Point>>, size_t> impls;
  for (size_t i = 0; i < request.layers.size(); ++i) {
    LayerData data = layer_data(request.layers[i]);
    std::vector<schedules::Point> points;
    for (const Choice& choice : chosen[i].choices) points.push_back(choice.point);
    const auto [place, fresh] =
        impls.emplace(std::pair(data.canonical_name, std::move(points)), impls.size());
    if (fresh) words.data.impls.push_back(impl(request.layers[i], targets, chosen[i]));
    data.impl = place->second;
    words.layers.push_back(layer_words(request.layers[i], words.data.impls[data.impl], chosen[i]));
    words.data.layers.push_back(std::move(data));
  }
  return words;
}

}  // namespace sepconv::emit
