// Measure: the real-valued fill, and which layers have an exact one. Knows no kernel.
#include "measure/fill.h"

#include <cmath>

#include "measure/fill_sizes.h"
#include "measure/random.h"
#include "spec/name.h"

namespace sepconv::measure {

namespace {

bool is_exact(spec::Activation activation) {
  return activation == spec::Activation::none || activation == spec::Activation::relu ||
         activation == spec::Activation::relu6;
}

std::vector<float> normals(Random random, int64_t count, double deviation, double mean = 0) {
  std::vector<float> result(static_cast<size_t>(count));
  for (float& value : result) value = static_cast<float>(mean + deviation * random.normal());
  return result;
}

}  // namespace

bool is_exact(const spec::Layer& layer) {
  for (const spec::Stage& stage : layer.stages) {
    if (!is_exact(stage.activation)) return false;
  }
  return true;
}

spec::Layer exact_twin(const spec::Layer& layer) {
  spec::Layer twin = layer;
  for (spec::Stage& stage : twin.stages) {
    if (!is_exact(stage.activation)) stage.activation = spec::Activation::none;
  }
  twin.count = 1;
  twin.name = spec::canonical_name(twin);
  return twin;
}

reference::Operands real_fill(const spec::Layer& layer, int64_t images, int attempt) {
  const std::string name = spec::canonical_name(layer) + " real";
  uint64_t stream = static_cast<uint64_t>(attempt) * 64;
  const std::vector<spec::Shape> shapes = spec::shapes(layer);
  reference::Operands result;
  result.n = images;
  result.input = normals(Random(name, stream++), images * image_elements(shapes.front()), 1);
  if (spec::has_residual_input(layer)) {
    result.residual = normals(Random(name, stream++), images * image_elements(shapes.back()), 1);
  }
  double mean_square = 1;
  for (size_t i = 0; i < layer.stages.size(); ++i) {
    const spec::Stage& stage = layer.stages[i];
    const StageSizes sizes = stage_sizes(stage, shapes[i]);
    const double deviation = 2 / std::sqrt(static_cast<double>(sizes.taps) * mean_square);
    const double centre = stage.activation == spec::Activation::relu6 ? 1 : 0;
    reference::StageParameters parameters;
    parameters.weights = normals(Random(name, stream++), sizes.weights, deviation);
    if (stage.bias) {
      parameters.bias = normals(Random(name, stream++), stage.channels_out, 0.5, centre);
    }
    result.stages.push_back(std::move(parameters));
    // Half of a zero-mean sum passes a clamp at zero; the rest is near enough for a scale.
    mean_square = stage.activation == spec::Activation::none      ? 4
                  : stage.activation == spec::Activation::sigmoid ? 0.3
                                                                  : 2;
  }
  return result;
}

}  // namespace sepconv::measure
