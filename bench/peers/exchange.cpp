// Bench, peers: a layer and its values as files that rivals' programs read. Knows no process.
#include "bench/peers/exchange.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string_view>

#include "support/files.h"

namespace sepconv::bench {
namespace {

/// Of the largest output. Rivals sum in other orders, and some multiply transformed values.
constexpr float kTolerance = 1e-4F;

const char* residual_word(const spec::Layer& layer, const spec::Stage& stage) {
  if (!stage.residual) return "none";
  return spec::has_residual_input(layer) ? "tensor" : "input";
}

std::string describe_stage(const spec::Layer& layer, const spec::Stage& stage,
                           int64_t channels_in) {
  const spec::Window& window = stage.window;
  std::string text =
      fmt::format("stage {} {} {}", spec::word(stage.kind), channels_in, stage.channels_out);
  for (const auto& pair : {window.kernel, window.stride, window.dilation}) {
    text += fmt::format(" {} {}", pair[0], pair[1]);
  }
  for (const int64_t side : window.padding) text += fmt::format(" {}", side);
  return text + fmt::format(" {} {} {}\n", stage.bias ? 1 : 0, residual_word(layer, stage),
                            spec::word(stage.activation));
}

Result<void> write_values(const std::filesystem::path& path, const std::vector<float>& values) {
  return support::write_file(path, std::string_view(reinterpret_cast<const char*>(values.data()),
                                                    values.size() * sizeof(float)));
}

}  // namespace

std::string describe_layer(const spec::Layer& layer, int threads) {
  const spec::Shape& in = layer.input;
  std::string text = fmt::format("sepconv-peer 1\nthreads {}\nlayout {}\ninput {} {} {} {}\n",
                                 threads, spec::word(layer.layout), in.n, in.h, in.w, in.c);
  const std::vector<spec::Shape> shapes = spec::shapes(layer);
  for (size_t i = 0; i < layer.stages.size(); ++i) {
    text += describe_stage(layer, layer.stages[i], shapes[i].c);
  }
  return text;
}

Result<void> write_layer(const std::filesystem::path& folder, const spec::Layer& layer,
                         const reference::Operands& operands, int threads) {
  auto done = support::write_file(folder / "layer.txt", describe_layer(layer, threads));
  if (done) done = write_values(folder / "input.f32", operands.input);
  if (done && !operands.residual.empty()) {
    done = write_values(folder / "residual.f32", operands.residual);
  }
  for (size_t i = 0; done && i < operands.stages.size(); ++i) {
    done = write_values(folder / fmt::format("weights{}.f32", i), operands.stages[i].weights);
    if (done && !operands.stages[i].bias.empty()) {
      done = write_values(folder / fmt::format("bias{}.f32", i), operands.stages[i].bias);
    }
  }
  return done;
}

std::vector<float> read_output(const std::filesystem::path& folder, int64_t elements) {
  const auto bytes = support::read_file(folder / "output.f32", int64_t{1} << 33);
  const size_t count = static_cast<size_t>(elements);
  if (!bytes || bytes->size() != count * sizeof(float)) return {};
  std::vector<float> values(count);
  std::memcpy(values.data(), bytes->data(), bytes->size());
  return values;
}

bool agree(const std::vector<float>& ours, const std::vector<float>& theirs) {
  if (ours.size() != theirs.size()) return false;
  float largest = 1;
  for (const float value : ours) largest = std::max(largest, std::fabs(value));
  for (size_t i = 0; i < ours.size(); ++i) {
    const float difference = std::fabs(ours[i] - theirs[i]);
    if (!(difference <= kTolerance * largest)) return false;  // NaN differs
  }
  return true;
}

}  // namespace sepconv::bench
