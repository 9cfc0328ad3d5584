// Tests with real data: the stored weights and activations of BlazeFace. Knows no kernel.
#include "blazeface.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <map>
#include <stdexcept>

#include "spec/json.h"
#include "support/files.h"

namespace sepconv::real {
namespace {

float from_half(uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const int fraction = bits & 1023;
  const float magnitude = exponent == 0
                              ? std::ldexp(static_cast<float>(fraction), -24)
                              : std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
  return bits & 0x8000 ? -magnitude : magnitude;
}

std::string number(int op) {
  std::string text = std::to_string(op);
  return std::string(3 - text.size(), '0') + text;
}

template <class T>
std::vector<T> elements(std::string_view bytes, const std::string& path) {
  if (bytes.size() % sizeof(T) != 0) throw std::runtime_error(path + " is cut off");
  std::vector<T> values(bytes.size() / sizeof(T));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

const spec::LayerFile& layer_file() {
  static const spec::LayerFile file = [] {
    auto read = spec::read_layer_file(SEPCONV_REAL_DIR "/blazeface.json");
    if (!read) throw std::runtime_error(read.error().front().message);
    return *read;
  }();
  return file;
}

/// [co][taps][ci] to [taps][ci][co].
std::vector<float> channels_last(const std::vector<float>& weights, int64_t out) {
  const auto columns = static_cast<size_t>(out);
  const size_t rows = weights.size() / columns;
  std::vector<float> turned(weights.size());
  for (size_t i = 0; i < columns; ++i) {
    for (size_t j = 0; j < rows; ++j) turned[j * columns + i] = weights[i * rows + j];
  }
  return turned;
}

float maximum_2x2(const spec::Shape& shape, const std::vector<float>& values, int64_t y, int64_t x,
                  int64_t c) {
  const auto at = [&](int64_t row, int64_t column) {
    return values[static_cast<size_t>((row * shape.w + column) * shape.c + c)];
  };
  return std::max(std::max(at(2 * y, 2 * x), at(2 * y, 2 * x + 1)),
                  std::max(at(2 * y + 1, 2 * x), at(2 * y + 1, 2 * x + 1)));
}

/// Block inputs by the number of their depthwise operator, and the end of the last block under
/// `kHeads`.
constexpr int kHeads = 1000;
const std::map<int, std::vector<float>>& block_inputs() {
  static const std::map<int, std::vector<float>> inputs = [] {
    std::map<int, std::vector<float>> made;
    std::vector<float> current = output(2);
    for (const spec::Layer& layer : layers("dwpw_")) {
      const int op = operator_of(layer);
      std::vector<float> next = finish_block(layer.input, current, spec::output_shape(layer),
                                             output(pointwise_after(op)));
      made[op] = std::move(current);
      current = std::move(next);
    }
    made[kHeads] = std::move(current);
    return made;
  }();
  return inputs;
}

}  // namespace

std::vector<spec::Layer> layers(const std::string& prefix) {
  std::vector<spec::Layer> found;
  for (const spec::Layer& layer : layer_file().layers) {
    if (layer.name.starts_with(prefix)) found.push_back(layer);
  }
  if (found.empty()) throw std::runtime_error("no layer begins with " + prefix);
  return found;
}

int operator_of(const spec::Layer& layer) {
  return std::stoi(layer.name.substr(layer.name.find('_') + 1));
}

int pointwise_after(int depthwise) {
  for (const spec::Layer& layer : layers("pw_")) {
    if (operator_of(layer) > depthwise) return operator_of(layer);
  }
  throw std::runtime_error("no pointwise operator after " + std::to_string(depthwise));
}

std::vector<float> array(const std::string& name) {
  static_assert(std::endian::native == std::endian::little);
  const std::string path = std::string(SEPCONV_REAL_DIR "/data/") + name + ".npy";
  const auto bytes = support::read_file(path);
  if (!bytes || bytes->size() < 10) throw std::runtime_error("cannot read " + path);
  const size_t begin =
      10 + (static_cast<uint8_t>((*bytes)[8]) | static_cast<uint8_t>((*bytes)[9]) << 8);
  const std::string_view header = std::string_view(*bytes).substr(0, begin);
  const std::string_view data = std::string_view(*bytes).substr(begin);
  if (header.find("'<f4'") != std::string_view::npos) return elements<float>(data, path);
  if (header.find("'<f2'") == std::string_view::npos)
    throw std::runtime_error(path + " is no f16 or f32");
  std::vector<float> values;
  for (const uint16_t half : elements<uint16_t>(data, path)) values.push_back(from_half(half));
  return values;
}

std::vector<float> output(int op) { return array(number(op) + "_output"); }

std::vector<float> input(int op) {
  if (op == 2) return array("input");
  const auto block = block_inputs().find(op);
  if (block != block_inputs().end()) return block->second;
  const auto blocks = layers("dwpw_");
  for (const spec::Layer& layer : blocks) {
    if (pointwise_after(operator_of(layer)) == op) return output(operator_of(layer));
  }
  // The heads: 148 and 154 read what the last block of stride 2 reads, 151 and 157 the end.
  const auto last_halving = std::find_if(
      blocks.rbegin(), blocks.rend(),
      [](const spec::Layer& layer) { return layer.stages.front().window.stride[0] == 2; });
  const bool early = op == 148 || op == 154;
  return block_inputs().at(early ? operator_of(*last_halving) : kHeads);
}

std::vector<float> finish_block(const spec::Shape& block_input, const std::vector<float>& skip,
                                const spec::Shape& shape, std::vector<float> pointwise) {
  const bool halved = block_input.h != shape.h;
  size_t i = 0;
  for (int64_t y = 0; y < shape.h; ++y) {
    for (int64_t x = 0; x < shape.w; ++x) {
      for (int64_t c = 0; c < shape.c; ++c, ++i) {
        float value = 0;
        if (c < block_input.c) {
          value = halved ? maximum_2x2(block_input, skip, y, x, c)
                         : skip[static_cast<size_t>((y * shape.w + x) * block_input.c + c)];
        }
        pointwise[i] = std::max(pointwise[i] + value, 0.0F);
      }
    }
  }
  return pointwise;
}

std::vector<reference::StageParameters> layer_weights(const spec::Layer& layer) {
  std::vector<reference::StageParameters> all;
  int op = operator_of(layer);
  for (const spec::Stage& stage : layer.stages) {
    if (!all.empty()) op = pointwise_after(op);
    reference::StageParameters one{array(number(op) + "_weights"), array(number(op) + "_bias")};
    if (stage.kind != spec::StageKind::depthwise) {
      one.weights = channels_last(one.weights, stage.channels_out);
    }
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace sepconv::real
