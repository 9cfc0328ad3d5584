// Reference: a layer's chain, image by image. Knows no kernel, schedule or packed layout.
#include "reference/reference.h"

#include <cmath>

#include "reference/stage.h"

namespace sepconv::reference {

namespace {

const float* residual_of(const spec::Layer& layer, const spec::Stage& stage,
                         const Operands& operands, int64_t image, int64_t input_size,
                         int64_t output_size) {
  if (!stage.residual) return nullptr;
  if (spec::has_residual_input(layer)) return operands.residual.data() + image * output_size;
  return operands.input.data() + image * input_size;
}

Map first_map(const spec::Shape& shape, spec::Dtype dtype, const float* input, bool bounds) {
  const auto size = static_cast<size_t>(shape.h * shape.w * shape.c);
  Map map{{1, shape.h, shape.w, shape.c}, std::vector<double>(input, input + size), {}};
  for (size_t i = 0; i < size; ++i) map.values[i] = stored(dtype, input[i]);
  if (bounds) map.errors.assign(size, 0.0);
  return map;
}

/// The last rounding, of outputs that are kept in another type than sums.
void add_store(const spec::Layer& layer, Map& map) {
  if (map.errors.empty() || layer.dtype == layer.accumulate) return;
  for (size_t i = 0; i < map.errors.size(); ++i) {
    map.errors[i] += spec::rounding(layer.dtype, std::abs(map.values[i]) + map.errors[i]);
  }
}

}  // namespace

Expected run(const spec::Layer& layer, const Operands& operands, bool bounds, int threads) {
  const std::vector<spec::Shape> shapes = spec::shapes(layer);
  const spec::Shape& in = shapes.front();
  const spec::Shape& out = shapes.back();
  const int64_t input_size = in.h * in.w * in.c;
  const int64_t output_size = out.h * out.w * out.c;
  std::vector<Weights> weights;
  for (const StageParameters& parameters : operands.stages) {
    weights.push_back(widen(parameters, layer.dtype));
  }
  const Types types{layer.dtype, layer.accumulate};
  Expected result;
  result.values.reserve(static_cast<size_t>(operands.n * output_size));
  if (bounds) result.bounds.reserve(static_cast<size_t>(operands.n * output_size));
  for (int64_t image = 0; image < operands.n; ++image) {
    Map map = first_map(in, layer.dtype, operands.input.data() + image * input_size, bounds);
    for (size_t i = 0; i < layer.stages.size(); ++i) {
      const spec::Stage& stage = layer.stages[i];
      map = apply(stage, weights[i], map, shapes[i + 1],
                  residual_of(layer, stage, operands, image, input_size, output_size), types,
                  threads);
    }
    add_store(layer, map);
    result.values.insert(result.values.end(), map.values.begin(), map.values.end());
    result.bounds.insert(result.bounds.end(), map.errors.begin(), map.errors.end());
  }
  return result;
}

std::vector<bool> live_pixels(const spec::Layer& layer) {
  const std::vector<spec::Shape> shapes = spec::shapes(layer);
  std::vector<bool> live(static_cast<size_t>(shapes[0].h * shapes[0].w), true);
  for (size_t i = 0; i < layer.stages.size(); ++i) {
    const spec::Window& window = layer.stages[i].window;
    const spec::Shape& in = shapes[i];
    const spec::Shape& out = shapes[i + 1];
    std::vector<bool> next(static_cast<size_t>(out.h * out.w), false);
    for (int64_t at = 0; at < out.h * out.w; ++at) {
      for (int64_t tap = 0; tap < window.kernel[0] * window.kernel[1] && !next[at]; ++tap) {
        const int64_t y = at / out.w * window.stride[0] +
                          tap / window.kernel[1] * window.dilation[0] - window.padding[0];
        const int64_t x = at % out.w * window.stride[1] +
                          tap % window.kernel[1] * window.dilation[1] - window.padding[1];
        next[at] = y >= 0 && y < in.h && x >= 0 && x < in.w && live[y * in.w + x];
      }
    }
    live = std::move(next);
  }
  return live;
}

}  // namespace sepconv::reference
