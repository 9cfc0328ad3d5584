// Spec: every precondition of a layer, with its numeric reason, in one place. Knows no files.
#include "spec/validate.h"

#include <algorithm>
#include <limits>

#include "spec/name.h"

namespace sepconv::spec {
namespace {

using Wide = __int128;  // products of four 31-bit extents fit

constexpr int64_t kMaxExtent = std::numeric_limits<int32_t>::max();
constexpr int64_t kMaxWindow = 32767;
constexpr size_t kMaxCanonicalLength = 127;

/// Collects errors of one layer. A class because every message shares file, path and layer.
class Findings {
 public:
  Findings(const Layer& layer, std::string_view file, std::string_view path)
      : layer_(layer), file_(file), prefix_(path.empty() ? "" : std::string(path) + ".") {}

  void add(const std::string& field, const std::string& value, const std::string& message,
           const std::string& hint) {
    Error error;
    error.kind = ErrorKind::input;
    error.message = message;
    error.file = file_;
    error.layer = layer_.name;
    error.field = prefix_ + field;
    error.value = value;
    error.hint = hint;
    errors_.push_back(std::move(error));
  }

  void range(const std::string& field, int64_t value, int64_t low, int64_t high) {
    if (value >= low && value <= high) return;
    const std::string bounds = std::to_string(low) + " to " + std::to_string(high);
    add(field, std::to_string(value), "is outside " + bounds, "use an integer from " + bounds);
  }

  Errors take() { return std::move(errors_); }

 private:
  const Layer& layer_;
  std::string file_, prefix_;
  Errors errors_;
};

std::vector<StageKind> kinds_of(Op op) {
  switch (op) {
    case Op::depthwise:
      return {StageKind::depthwise};
    case Op::pointwise:
      return {StageKind::pointwise};
    case Op::depthwise_separable:
      return {StageKind::depthwise, StageKind::pointwise};
    case Op::inverted_residual:
      return {StageKind::pointwise, StageKind::depthwise, StageKind::pointwise};
    case Op::conv2d:
      return {StageKind::conv2d};
  }
  return {};
}

bool stages_match(const Layer& layer) {
  const auto kinds = kinds_of(layer.op);
  if (kinds.size() != layer.stages.size()) return false;
  for (size_t i = 0; i < kinds.size(); ++i) {
    if (layer.stages[i].kind != kinds[i]) return false;
  }
  return true;
}

void check_name(Findings& findings, const Layer& layer) {
  std::string why;
  if (valid_layer_name(layer.name, &why)) return;
  if (stages_match(layer) && layer.name == canonical_name(layer)) return;
  findings.add("name", layer.name, "the layer's name " + why,
               "use [a-z][a-z0-9_]*, at most 63 characters, no keyword of C or C++");
}

void check_window(Findings& findings, const Window& window) {
  for (size_t i = 0; i < 2; ++i) {
    const std::string index = "[" + std::to_string(i) + "]";
    findings.range("kernel" + index, window.kernel[i], 1, kMaxWindow);
    findings.range("stride" + index, window.stride[i], 1, kMaxWindow);
    findings.range("dilation" + index, window.dilation[i], 1, kMaxWindow);
  }
  for (size_t i = 0; i < 4; ++i) {
    findings.range("padding[" + std::to_string(i) + "]", window.padding[i], 0, kMaxWindow);
  }
}

void check_stages(Findings& findings, const Layer& layer) {
  for (size_t i = 0; i < layer.stages.size(); ++i) {
    const Stage& stage = layer.stages[i];
    if (stage.kind != StageKind::pointwise) check_window(findings, stage.window);
    if (stage.kind == StageKind::depthwise) {
      findings.range("multiplier", stage.multiplier, 1, kMaxExtent);
    } else {
      const bool last = i + 1 == layer.stages.size();
      findings.range(last ? "channels_out" : "channels_hidden", stage.channels_out, 1, kMaxExtent);
    }
  }
}

/// Sums in a narrow type need few enough terms: with k roundings of u each, their error bound
/// k u / (1 - k u) must exist.
void check_accumulate(Findings& findings, const Layer& layer) {
  const auto& known = traits(layer.dtype).accumulators;
  if (std::find(known.begin(), known.end(), layer.accumulate) == known.end()) {
    findings.add("accumulate", std::string(word(layer.accumulate)),
                 "does not go with dtype " + std::string(word(layer.dtype)),
                 "leave it out: sums are kept in " + std::string(word(known.front())));
    return;
  }
  int64_t channels = layer.input.c;
  for (const Stage& stage : layer.stages) {
    const int64_t depth = stage.kind == StageKind::depthwise ? 1 : channels;
    const Wide terms = Wide{stage.window.kernel[0]} * stage.window.kernel[1] * depth + 2;
    channels = stage.channels_out;
    if (layer.accumulate == Dtype::f32 || terms < Wide{1} << traits(layer.accumulate).digits)
      continue;
    findings.add("accumulate", std::string(word(layer.accumulate)),
                 "cannot add " + std::to_string(static_cast<int64_t>(terms)) +
                     " terms to a sum with any bound on its error",
                 "keep sums in " + std::string(word(known.front())));
  }
}

void check_pixel_strides(Findings& findings, const Layer& layer) {
  for (const auto& [field, stride] :
       {std::pair{"input_pixel_stride", layer.input_pixel_stride},
        std::pair{"output_pixel_stride", layer.output_pixel_stride}}) {
    if (stride == 0) continue;
    findings.range(field, stride, 1, kMaxExtent);
    if (layer.layout == Layout::nchw) {
      findings.add(field, std::to_string(stride), "applies to layout nhwc only",
                   "leave it out, or use layout nhwc");
    }
  }
}

std::string product(const std::vector<int64_t>& extents) {
  std::string text;
  for (const int64_t extent : extents) text += (text.empty() ? "" : " x ") + std::to_string(extent);
  return text;
}

void check_elements(Findings& findings, const std::string& field, const std::string& what,
                    const std::vector<int64_t>& extents) {
  Wide elements = 1;
  for (const int64_t extent : extents) {
    elements *= extent;
    if (elements > kMaxExtent) {
      findings.add(field, product(extents), what + " has 2^31 elements or more",
                   "every tensor must have fewer than 2^31 elements; split the layer");
      return;
    }
  }
}

/// The output extents of a windowed stage; false when the window does not fit.
bool check_fit(Findings& findings, const Window& w, const Shape& in) {
  bool fits = true;
  for (size_t i = 0; i < 2; ++i) {
    const int64_t extent = i == 0 ? in.h : in.w;
    const std::string axis = i == 0 ? "height" : "width";
    const int64_t padded = extent + w.padding[i] + w.padding[i + 2];
    const int64_t span = w.span(static_cast<int>(i), 1);
    if (padded < span) {
      findings.add("kernel[" + std::to_string(i) + "]", std::to_string(w.kernel[i]),
                   "spans " + std::to_string(span) + " pixels, more than the padded " + axis +
                       " of " + std::to_string(padded) + ": the output would be empty",
                   "use a smaller kernel or dilation, or more padding");
      fits = false;
    }
    if (padded > kMaxExtent) {
      findings.add(axis, std::to_string(extent),
                   "with its padding is 2^31 pixels or more, which coordinates cannot hold",
                   "use a smaller input or padding");
      fits = false;
    }
  }
  return fits;
}

std::string channel_field(const Layer& layer, size_t stage) {
  if (layer.stages[stage].kind == StageKind::depthwise) {
    return layer.op == Op::inverted_residual ? "channels_hidden" : "multiplier";
  }
  return stage + 1 == layer.stages.size() ? "channels_out" : "channels_hidden";
}

void check_stage_sizes(Findings& findings, const Layer& layer) {
  Shape shape = layer.input;
  for (size_t i = 0; i < layer.stages.size(); ++i) {
    const Stage& stage = layer.stages[i];
    const std::string field = channel_field(layer, i);
    const Window& w = stage.window;
    if (stage.kind != StageKind::pointwise && !check_fit(findings, w, shape)) return;
    if (stage.kind == StageKind::depthwise) {
      check_elements(findings, field, "the depthwise weight tensor",
                     {w.kernel[0], w.kernel[1], stage.channels_out + kChannelBlock});
    } else {
      check_elements(findings, field, "the weight tensor of " + field,
                     {w.kernel[0], w.kernel[1], shape.c, stage.channels_out + kChannelBlock});
    }
    shape.h =
        output_extent(shape.h, w.kernel[0], w.stride[0], w.dilation[0], w.padding[0], w.padding[2]);
    shape.w =
        output_extent(shape.w, w.kernel[1], w.stride[1], w.dilation[1], w.padding[1], w.padding[3]);
    shape.c = stage.channels_out;
    const bool last = i + 1 == layer.stages.size();
    check_elements(findings, field, last ? "the output" : "an intermediate tensor",
                   {shape.n, shape.h, shape.w, shape.c});
    if (!last || layer.output_pixel_stride == 0) continue;
    findings.range("output_pixel_stride", layer.output_pixel_stride, shape.c, kMaxExtent);
    check_elements(findings, "output_pixel_stride", "the strided output",
                   {shape.n, shape.h, shape.w, layer.output_pixel_stride});
  }
}

void check_residual(Findings& findings, const Layer& layer) {
  if (layer.op != Op::inverted_residual || !layer.stages.back().residual) return;
  const Shape out = output_shape(layer);
  if (out == layer.input) return;
  const auto text = [](const Shape& s) { return product({s.n, s.h, s.w, s.c}); };
  findings.add("residual", "true",
               "adds the input of " + text(layer.input) + " to an output of " + text(out),
               "make the shapes equal (stride 1, channels_out = channels_in) or drop the residual");
}

}  // namespace

Errors validate_values(const Layer& layer, std::string_view file, std::string_view path) {
  Findings findings(layer, file, path);
  check_name(findings, layer);
  if (!stages_match(layer)) {
    findings.add("op", std::string(word(layer.op)), "the stages do not form this op",
                 "build the stages in the order of the op");
    return findings.take();
  }
  findings.range("batch", layer.input.n, 1, kMaxExtent);
  findings.range("height", layer.input.h, 1, kMaxExtent);
  findings.range("width", layer.input.w, 1, kMaxExtent);
  findings.range("channels_in", layer.input.c, 1, kMaxExtent);
  check_stages(findings, layer);
  check_pixel_strides(findings, layer);
  findings.range("count", layer.count, 1, kMaxExtent);
  return findings.take();
}

Errors validate_sizes(const Layer& layer, std::string_view file, std::string_view path) {
  Findings findings(layer, file, path);
  const Shape& in = layer.input;
  check_elements(findings, "channels_in", "the input", {in.n, in.h, in.w, in.c});
  if (layer.input_pixel_stride != 0) {
    findings.range("input_pixel_stride", layer.input_pixel_stride, in.c, kMaxExtent);
    check_elements(findings, "input_pixel_stride", "the strided input",
                   {in.n, in.h, in.w, layer.input_pixel_stride});
  }
  if (layer.stages.front().kind == StageKind::depthwise) {
    const Wide channels = Wide{in.c} * layer.stages.front().multiplier;
    if (channels > kMaxExtent) {
      findings.add("multiplier", std::to_string(layer.stages.front().multiplier),
                   "times channels_in " + std::to_string(in.c) + " is 2^31 channels or more",
                   "use a smaller multiplier");
      return findings.take();
    }
  }
  check_stage_sizes(findings, layer);
  check_accumulate(findings, layer);
  Errors errors = findings.take();
  if (!errors.empty()) return errors;
  check_residual(findings, layer);
  if (const size_t length = canonical_name(layer).size(); length > kMaxCanonicalLength) {
    findings.add("op", std::string(word(layer.op)),
                 "the canonical name would have " + std::to_string(length) + " characters",
                 "at most 127 are allowed; use fewer unequal paddings or smaller numbers");
  }
  return findings.take();
}

Errors validate(const Layer& layer, std::string_view file, std::string_view path) {
  Errors errors = validate_values(layer, file, path);
  for (const Error& error : errors) {
    if (!error.field.ends_with("name") && !error.field.ends_with("count")) return errors;
  }
  const Errors sizes = validate_sizes(layer, file, path);
  errors.insert(errors.end(), sizes.begin(), sizes.end());
  return errors;
}

}  // namespace sepconv::spec
