// Spec: the canonical one-word name of a layer, both ways. Knows no files.
#include "spec/name.h"

#include <array>
#include <charconv>
#include <optional>
#include <sstream>

#include "spec/validate.h"

namespace sepconv::spec {
namespace {

constexpr std::array<std::string_view, 5> kShortOps{"dw", "pw", "dwpw", "ir", "conv"};

template <size_t N>
std::string group(char key, const std::array<int64_t, N>& values) {
  bool equal = true;
  for (const int64_t value : values) equal &= value == values[0];
  std::string text(1, key);
  for (size_t i = 0; i < (equal ? 1 : N); ++i) {
    text += (i > 0 ? "x" : "") + std::to_string(values[i]);
  }
  return text;
}

std::string window_text(const Window& window) {
  std::string text =
      group('k', window.kernel) + group('s', window.stride) + group('p', window.padding);
  if (window.dilation != std::array<int64_t, 2>{1, 1}) text += group('d', window.dilation);
  return text;
}

/// Reads a name from left to right. A class because it holds the place; every method returns
/// whether the text went on as the grammar wants.
class Cursor {
 public:
  explicit Cursor(std::string_view rest) : rest_(rest) {}

  bool eat(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  /// A word that ends here or at '_'.
  bool eat_word(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    if (rest_.size() > text.size() && rest_[text.size()] != '_') return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  bool number(int64_t& value) {
    const auto parsed = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (parsed.ec != std::errc{} || rest_.front() == '-') return false;
    rest_.remove_prefix(static_cast<size_t>(parsed.ptr - rest_.data()));
    return true;
  }
  bool keyed(std::string_view key, int64_t& value) { return eat(key) && number(value); }

  /// One number for all, or N joined by 'x'.
  template <size_t N>
  bool values(char key, std::array<int64_t, N>& values) {
    if (!keyed(std::string_view(&key, 1), values[0])) return false;
    values.fill(values[0]);
    if (!rest_.starts_with('x')) return true;
    for (size_t i = 1; i < N; ++i) {
      if (!keyed("x", values[i])) return false;
    }
    return true;
  }
  [[nodiscard]] bool done() const { return rest_.empty(); }
  [[nodiscard]] bool at(std::string_view text) const { return rest_.starts_with(text); }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

bool read_op(Cursor& cursor, Layer& layer) {
  for (size_t i = 0; i < kShortOps.size(); ++i) {
    if (cursor.eat_word(kShortOps[i])) {
      layer.op = static_cast<Op>(i);
      return true;
    }
  }
  return false;
}

struct Numbers {
  int64_t multiplier = 1, hidden = 1, out = 1;
  Window window;
};

/// `_n#h#w#c#[_m#][_e#][_o#][_k..]`; which of them an op has follows from the op.
bool read_shape(Cursor& cursor, Layer& layer, Numbers& numbers) {
  Shape& in = layer.input;
  if (!cursor.keyed("_n", in.n) || !cursor.keyed("h", in.h) || !cursor.keyed("w", in.w) ||
      !cursor.keyed("c", in.c)) {
    return false;
  }
  const bool multiplies = layer.op == Op::depthwise || layer.op == Op::depthwise_separable;
  if (multiplies && cursor.at("_m") && !cursor.keyed("_m", numbers.multiplier)) return false;
  if (layer.op == Op::inverted_residual && !cursor.keyed("_e", numbers.hidden)) return false;
  if (layer.op != Op::depthwise && !cursor.keyed("_o", numbers.out)) return false;
  if (layer.op == Op::pointwise) return true;
  Window& w = numbers.window;
  if (!cursor.eat("_") || !cursor.values('k', w.kernel) || !cursor.values('s', w.stride) ||
      !cursor.values('p', w.padding)) {
    return false;
  }
  return !cursor.at("d") || cursor.values('d', w.dilation);
}

Stage pointwise(int64_t channels_out) {
  Stage stage;
  stage.channels_out = channels_out;
  return stage;
}

/// Saturates: a product that is too large is refused by validation.
int64_t saturating_product(int64_t a, int64_t b) {
  int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

void make_stages(Layer& layer, const Numbers& numbers) {
  Stage depthwise;
  depthwise.kind = StageKind::depthwise;
  depthwise.multiplier = numbers.multiplier;
  depthwise.window = numbers.window;
  depthwise.channels_out = layer.op == Op::inverted_residual
                               ? numbers.hidden
                               : saturating_product(layer.input.c, numbers.multiplier);
  switch (layer.op) {
    case Op::depthwise:
      layer.stages = {depthwise};
      break;
    case Op::pointwise:
      layer.stages = {pointwise(numbers.out)};
      break;
    case Op::depthwise_separable:
      layer.stages = {depthwise, pointwise(numbers.out)};
      break;
    case Op::inverted_residual:
      layer.stages = {pointwise(numbers.hidden), depthwise, pointwise(numbers.out)};
      break;
    case Op::conv2d:
      layer.stages = {pointwise(numbers.out)};
      layer.stages[0].kind = StageKind::conv2d;
      layer.stages[0].window = numbers.window;
      break;
  }
}

bool read_activations(Cursor& cursor, Layer& layer) {
  for (Stage& stage : layer.stages) {
    if (!cursor.eat("_")) return false;
    bool found = false;
    for (int i = 0; i <= static_cast<int>(Activation::sigmoid) && !found; ++i) {
      const auto activation = static_cast<Activation>(i);
      found = cursor.eat_word(word(activation));
      if (found) stage.activation = activation;
    }
    if (!found) return false;
  }
  return true;
}

bool read_dtype(Cursor& cursor, Layer& layer) {
  if (!cursor.eat("_")) return false;
  for (const Dtype dtype : dtypes()) {
    if (!cursor.eat_word(word(dtype))) continue;
    layer.dtype = dtype;
    layer.accumulate = traits(dtype).accumulators.front();
    return true;
  }
  return false;
}

std::string accumulate_flag(Dtype dtype) { return "_acc" + std::string(word(dtype)); }

bool read_flags(Cursor& cursor, Layer& layer) {
  const bool residual = layer.op == Op::pointwise || layer.op == Op::inverted_residual;
  if (residual && cursor.eat_word("_res")) layer.stages.back().residual = true;
  if (cursor.eat_word("_nobias")) layer.stages.back().bias = false;
  if (layer.stages.size() > 1 && cursor.eat_word("_nodwbias")) {
    layer.stages[layer.stages.size() - 2].bias = false;
  }
  if (layer.stages.size() > 2 && cursor.eat_word("_noexpbias")) layer.stages[0].bias = false;
  for (const Dtype dtype : traits(layer.dtype).accumulators.subspan(1)) {
    if (cursor.eat_word(accumulate_flag(dtype))) layer.accumulate = dtype;
  }
  if (cursor.eat_word("_nchw")) layer.layout = Layout::nchw;
  if (cursor.at("_is") && !cursor.keyed("_is", layer.input_pixel_stride)) return false;
  return !cursor.at("_os") || cursor.keyed("_os", layer.output_pixel_stride);
}

Error name_error(std::string_view word, const std::string& message, const std::string& hint) {
  Error error;
  error.kind = ErrorKind::input;
  error.message = message;
  error.field = "name";
  error.value = std::string(word.substr(0, 200));
  error.hint = hint;
  return error;
}

Error grammar_error(std::string_view word, std::string_view rest) {
  const std::string place = rest.empty() ? "ends too early"
                                         : "is not a canonical layer name from '" +
                                               std::string(rest.substr(0, 40)) + "' on";
  return name_error(
      word, place,
      "<op>_<dtype>_n#h#w#c#[_m#][_e#][_o#][_k#s#p#[d#]]_<activation of each "
      "stage>[_res][_nobias][_nodwbias][_noexpbias][_acc<dtype>][_nchw][_is#][_os#] with op one of "
      "dw pw dwpw ir conv, e.g. dwpw_f32_n1h56w56c64_o128_k3s1p1_relu6_relu6");
}

}  // namespace

std::string canonical_name(const Layer& layer) {
  std::ostringstream text;
  const Shape& in = layer.input;
  text << kShortOps.at(static_cast<size_t>(layer.op)) << '_' << word(layer.dtype) << "_n" << in.n
       << 'h' << in.h << 'w' << in.w << 'c' << in.c;
  const int depthwise = depthwise_stage(layer);
  if (depthwise >= 0) {
    const Stage& stage = layer.stages[static_cast<size_t>(depthwise)];
    if (stage.multiplier != 1) text << "_m" << stage.multiplier;
  }
  if (layer.op == Op::inverted_residual) text << "_e" << layer.stages.front().channels_out;
  if (layer.op != Op::depthwise) text << "_o" << layer.stages.back().channels_out;
  for (const Stage& stage : layer.stages) {
    if (stage.kind != StageKind::pointwise) text << '_' << window_text(stage.window);
  }
  for (const Stage& stage : layer.stages) text << '_' << word(stage.activation);
  const size_t stages = layer.stages.size();
  if (layer.stages.back().residual) text << "_res";
  if (!layer.stages.back().bias) text << "_nobias";
  if (stages > 1 && !layer.stages[stages - 2].bias) text << "_nodwbias";
  if (stages > 2 && !layer.stages.front().bias) text << "_noexpbias";
  if (layer.accumulate != traits(layer.dtype).accumulators.front()) {
    text << accumulate_flag(layer.accumulate);
  }
  if (layer.layout == Layout::nchw) text << "_nchw";
  if (layer.input_pixel_stride > 0 && layer.input_pixel_stride != in.c) {
    text << "_is" << layer.input_pixel_stride;
  }
  if (layer.output_pixel_stride > 0 &&
      layer.output_pixel_stride != layer.stages.back().channels_out) {
    text << "_os" << layer.output_pixel_stride;
  }
  return text.str();
}

Result<Layer> parse_name(std::string_view word) {
  Cursor cursor(word);
  Layer layer;
  Numbers numbers;
  if (!read_op(cursor, layer)) return fail(grammar_error(word, cursor.rest()));
  if (!read_dtype(cursor, layer)) {
    return fail(name_error(word, "has a dtype that is not supported", "dtypes: " + dtype_words()));
  }
  if (!read_shape(cursor, layer, numbers)) return fail(grammar_error(word, cursor.rest()));
  make_stages(layer, numbers);
  if (!read_activations(cursor, layer) || !read_flags(cursor, layer) || !cursor.done()) {
    return fail(grammar_error(word, cursor.rest()));
  }
  const std::string canonical = canonical_name(layer);
  if (canonical != word) {
    return fail(name_error(word, "is not in the canonical spelling", "write " + canonical));
  }
  layer.name = canonical;
  Errors errors = validate(layer);
  if (!errors.empty()) return fail(std::move(errors));
  return layer;
}

}  // namespace sepconv::spec
