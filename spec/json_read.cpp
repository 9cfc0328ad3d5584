// Spec: layer files of format sepconv-layers/1 to values, with all their errors at once. Knows no
// schedule. A little over 300 lines: one reader with its field table.
#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>

#include "spec/json.h"
#include "spec/validate.h"
#include "support/files.h"

namespace sepconv::spec {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "sepconv-layers/1";
constexpr int64_t kMaxFileBytes = int64_t{64} << 20;

Error input_error(const std::string& file, const std::string& message) {
  Error error;
  error.kind = ErrorKind::input;
  error.file = file;
  error.message = message;
  return error;
}

/// Reads the fields of one JSON object. A class because it collects errors and remembers which keys
/// were asked for, so that the others can be refused.
class Reader {
 public:
  Reader(const Json& json, std::string file, std::string path, Errors& errors)
      : json_(json), file_(std::move(file)), path_(std::move(path)), errors_(errors) {}

  void set_layer(std::string name) { layer_ = std::move(name); }
  [[nodiscard]] bool has(const std::string& key) const { return json_.contains(key); }
  /// Whether a number was missing or of a wrong type, so that sizes cannot be computed.
  [[nodiscard]] bool numbers_missing() const { return numbers_missing_; }

  void add(const std::string& field, const std::string& value, const std::string& message,
           const std::string& hint) {
    Error error = input_error(file_, message);
    error.layer = layer_;
    error.field = path_.empty() ? field : path_ + "." + field;
    error.value = value;
    error.hint = hint;
    errors_.push_back(std::move(error));
  }

  /// The value of a key; null when it is missing, which is an error if it is required.
  const Json* find(const std::string& key, bool required, const std::string& hint) {
    asked_.insert(key);
    const auto found = json_.find(key);
    if (found != json_.end()) return &*found;
    if (required) add(key, "", "is missing", hint);
    return nullptr;
  }

  std::string text(const std::string& key, const std::string& hint) {
    const Json* value = find(key, true, hint);
    if (!value) return {};
    if (value->is_string()) return value->get<std::string>();
    add(key, shorten(*value), "must be a string", hint);
    return {};
  }

  template <class T>
  bool one_of(const std::string& key, bool required, const std::string& words, T& result) {
    const Json* value = find(key, required, "use one of: " + words);
    if (!value) return false;
    if (value->is_string() && parse_word(value->get<std::string>(), result)) return true;
    add(key, shorten(*value), "is not a known word for " + key, "use one of: " + words);
    return false;
  }

  void integer(const std::string& key, bool required, int64_t& result) {
    const Json* value = find(key, required, "use an integer");
    if (value) read_integer(*value, key, result);
    if (!value && required) numbers_missing_ = true;
  }

  template <size_t N>
  void integers(const std::string& key, bool required, const std::string& order,
                std::array<int64_t, N>& result) {
    const Json* value = find(key, required, "use " + order);
    if (!value) {
      numbers_missing_ |= required;
      return;
    }
    if (!value->is_array() || value->size() != N) {
      add(key, shorten(*value), "must be an array of " + std::to_string(N) + " integers",
          "use " + order);
      numbers_missing_ = true;
      return;
    }
    for (size_t i = 0; i < N; ++i) {
      read_integer((*value)[i], key + "[" + std::to_string(i) + "]", result[i]);
    }
  }

  void boolean(const std::string& key, bool& result) {
    const Json* value = find(key, false, "");
    if (!value) return;
    if (value->is_boolean()) {
      result = value->get<bool>();
    } else {
      add(key, shorten(*value), "must be true or false", "use true or false");
    }
  }

  void refuse_others(const std::string& op) {
    std::string known;
    for (const std::string& key : asked_) known += (known.empty() ? "" : " ") + key;
    for (const auto& [key, value] : json_.items()) {
      if (asked_.contains(key)) continue;
      add(key, shorten(value),
          op.empty() ? "is not a field of this object" : "is not a field of op " + op,
          "fields here: " + known);
    }
  }

  static std::string shorten(const Json& value) {
    std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
    return text.size() > 80 ? text.substr(0, 77) + "..." : text;
  }

 private:
  void read_integer(const Json& value, const std::string& field, int64_t& result) {
    const bool too_large =
        value.is_number_unsigned() &&
        value.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
    if (value.is_number_integer() && !too_large) {
      result = value.get<int64_t>();
      return;
    }
    numbers_missing_ = true;
    add(field, shorten(value), too_large ? "is too large" : "must be an integer",
        "use an integer without fraction or exponent, at most 2147483647");
  }

  const Json& json_;
  std::string file_, path_, layer_;
  Errors& errors_;
  std::set<std::string> asked_;
  bool numbers_missing_ = false;
};

void read_window(Reader& reader, Window& window) {
  reader.integers("kernel", true, "[height, width]", window.kernel);
  reader.integers("stride", true, "[height, width]", window.stride);
  reader.integers("dilation", false, "[height, width]", window.dilation);
  reader.integers("padding", true, "[top, left, bottom, right]", window.padding);
}

constexpr const char* kActivationWords = "none relu relu6 hard_swish silu gelu sigmoid";

Stage read_depthwise(Reader& reader, const Layer& layer, int64_t channels_in) {
  Stage stage;
  stage.kind = StageKind::depthwise;
  if (layer.op != Op::inverted_residual) reader.integer("multiplier", false, stage.multiplier);
  read_window(reader, stage.window);
  if (__builtin_mul_overflow(channels_in, stage.multiplier, &stage.channels_out)) {
    stage.channels_out = std::numeric_limits<int64_t>::max();
  }
  if (layer.op != Op::depthwise) {
    reader.boolean("depthwise_bias", stage.bias);
    reader.one_of("depthwise_activation", false, kActivationWords, stage.activation);
  }
  return stage;
}

void read_stages(Reader& reader, Layer& layer) {
  int64_t channels = layer.input.c;
  if (layer.op == Op::inverted_residual) {
    Stage expand;
    reader.integer("channels_hidden", true, expand.channels_out);
    reader.boolean("expand_bias", expand.bias);
    reader.one_of("expand_activation", false, kActivationWords, expand.activation);
    channels = expand.channels_out;
    layer.stages.push_back(expand);
  }
  if (layer.op != Op::pointwise && layer.op != Op::conv2d) {
    layer.stages.push_back(read_depthwise(reader, layer, channels));
  }
  if (layer.op != Op::depthwise) {
    Stage last;
    last.kind = layer.op == Op::conv2d ? StageKind::conv2d : StageKind::pointwise;
    if (layer.op == Op::conv2d) read_window(reader, last.window);
    reader.integer("channels_out", true, last.channels_out);
    layer.stages.push_back(last);
  }
  Stage& last = layer.stages.back();
  reader.boolean("bias", last.bias);
  reader.one_of("activation", false, kActivationWords, last.activation);
  if (layer.op == Op::pointwise || layer.op == Op::inverted_residual) {
    reader.boolean("residual", last.residual);
  }
}

void read_pixel_stride(Reader& reader, const std::string& key, int64_t channels, int64_t& stride) {
  if (!reader.has(key)) return;
  reader.integer(key, false, stride);
  if (stride == 0) reader.add(key, "0", "is below the channels", "leave it out for a dense tensor");
  if (stride == channels) stride = 0;
}

std::optional<Layer> read_layer(const Json& json, const std::string& file, const std::string& path,
                                Errors& errors) {
  if (!json.is_object()) {
    Error error = input_error(file, "a layer must be an object");
    error.field = path;
    error.value = Reader::shorten(json);
    error.hint = "write {\"name\": ..., \"op\": ..., ...}";
    errors.push_back(std::move(error));
    return std::nullopt;
  }
  Reader reader(json, file, path, errors);
  Layer layer;
  layer.name = reader.text("name", "give the layer a name [a-z][a-z0-9_]*");
  reader.set_layer(layer.name);
  const bool known = reader.one_of(
      "op", true, "depthwise pointwise depthwise_separable inverted_residual conv2d", layer.op);
  if (reader.one_of("dtype", true, dtype_words(), layer.dtype)) {
    layer.accumulate = traits(layer.dtype).accumulators.front();
  }
  reader.one_of("accumulate", false, dtype_words(), layer.accumulate);
  reader.one_of("layout", true, "nhwc nchw", layer.layout);
  reader.integer("batch", true, layer.input.n);
  reader.integer("height", true, layer.input.h);
  reader.integer("width", true, layer.input.w);
  reader.integer("channels_in", true, layer.input.c);
  reader.integer("count", false, layer.count);
  // Which other fields apply is known only with the op.
  if (!known) return std::nullopt;
  read_stages(reader, layer);
  read_pixel_stride(reader, "input_pixel_stride", layer.input.c, layer.input_pixel_stride);
  read_pixel_stride(reader, "output_pixel_stride", layer.stages.back().channels_out,
                    layer.output_pixel_stride);
  reader.refuse_others(std::string(word(layer.op)));
  if (!json.contains("name") || !json["name"].is_string()) layer.name = "unnamed";
  const Errors found =
      reader.numbers_missing() ? validate_values(layer, file, path) : validate(layer, file, path);
  errors.insert(errors.end(), found.begin(), found.end());
  return layer;
}

void refuse_equal_names(const LayerFile& file, Errors& errors) {
  std::map<std::string, size_t> first;
  for (size_t i = 0; i < file.layers.size(); ++i) {
    const auto [place, fresh] = first.emplace(file.layers[i].name, i);
    if (fresh) continue;
    Error error =
        input_error(file.path, "is also the name of layers[" + std::to_string(place->second) + "]");
    error.layer = file.layers[i].name;
    error.field = "layers[" + std::to_string(i) + "].name";
    error.value = file.layers[i].name;
    error.hint = "names are unique in a file; use `count` for repeated layers";
    errors.push_back(std::move(error));
  }
}

/// Parses the text; refuses a key that one object has twice, which JSON leaves undefined.
Result<Json> parse_json(std::string_view text, const std::string& path) {
  std::vector<std::set<std::string>> keys;
  Errors errors;
  const auto callback = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key &&
        !keys.back().insert(parsed.get<std::string>()).second) {
      Error error = input_error(path, "an object has the field twice");
      error.field = parsed.get<std::string>();
      error.hint = "remove one of the two";
      errors.push_back(std::move(error));
    }
    return true;
  };
  try {
    Json json = Json::parse(text, callback);
    if (!errors.empty()) return fail(std::move(errors));
    return json;
  } catch (const Json::parse_error& problem) {
    const std::string_view before = text.substr(0, problem.byte > 0 ? problem.byte - 1 : 0);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const size_t column = before.size() - (before.rfind('\n') + 1) + 1;
    Error error =
        input_error(path, "is not valid JSON at line " + std::to_string(line) + ", column " +
                              std::to_string(column) + ": " + std::string(problem.what()));
    error.field = "line " + std::to_string(line) + ", column " + std::to_string(column);
    error.hint = "see docs/layers.md for the format";
    return fail(std::move(error));
  } catch (const Json::exception& problem) {
    Error error =
        input_error(path, std::string("holds a value JSON cannot hold: ") + problem.what());
    error.hint = "use integers up to 2147483647";
    return fail(std::move(error));
  }
}

}  // namespace

Result<LayerFile> parse_layer_file(std::string_view text, const std::string& path) {
  const auto json = parse_json(text, path);
  if (!json) return fail(json.error());
  if (!json->is_object()) {
    Error error = input_error(path, "a layer file must be one JSON object");
    error.value = Reader::shorten(*json);
    error.hint = "write {\"format\": \"sepconv-layers/1\", \"name\": ..., \"layers\": [...]}";
    return fail(std::move(error));
  }
  Errors errors;
  LayerFile file;
  file.path = path;
  Reader reader(*json, path, "", errors);
  const std::string format = reader.text("format", std::string("use \"") + kFormat + "\"");
  if (reader.has("format") && format != kFormat && (*json)["format"].is_string()) {
    reader.add("format", format, "is not a format this version reads",
               std::string("use \"") + kFormat + "\"");
  }
  file.name = reader.text("name", "give the library a name, a C identifier");
  std::string why;
  if (reader.has("name") && (*json)["name"].is_string() && !valid_library_name(file.name, &why)) {
    reader.add("name", file.name, "the library's name " + why, "use a C identifier");
  }
  const Json* layers = reader.find("layers", true, "list at least one layer");
  if (layers && (!layers->is_array() || layers->empty())) {
    reader.add("layers", Reader::shorten(*layers), "must be an array of at least one layer",
               "list at least one layer");
    layers = nullptr;
  }
  reader.refuse_others("");
  for (size_t i = 0; layers && i < layers->size(); ++i) {
    auto layer = read_layer((*layers)[i], path, "layers[" + std::to_string(i) + "]", errors);
    if (layer) file.layers.push_back(std::move(*layer));
  }
  if (layers && file.layers.size() == layers->size()) refuse_equal_names(file, errors);
  if (!errors.empty()) return fail(std::move(errors));
  return file;
}

Result<LayerFile> read_layer_file(const std::string& path) {
  const auto text = support::read_file(path, kMaxFileBytes);
  if (!text) return fail(text.error());
  return parse_layer_file(*text, path);
}

}  // namespace sepconv::spec
