// Measure: the fill for which a layer's arithmetic is exact. Knows no kernel.
#include <algorithm>
#include <cmath>

#include "measure/fill.h"
#include "measure/fill_sizes.h"
#include "measure/random.h"
#include "spec/name.h"

namespace sepconv::measure {

namespace {

/// How large the whole numbers are; `sparse` zeroes exactly one of two neighbouring weights.
struct Richness {
  int64_t input = 1, weight = 1;
  bool sparse = false;
};
/// Richest first.
constexpr Richness kRichness[] = {{7, 5, false}, {5, 3, false}, {3, 2, false},
                                  {2, 1, false}, {1, 1, false}, {1, 1, true}};

/// A type holds every whole number below.
double whole_units(spec::Dtype dtype) { return std::ldexp(1.0, spec::traits(dtype).digits); }

/// What is known of the values between two stages. `largest` and `mean_square` in units of
/// 2^exponent.
struct Values {
  int exponent = 0;
  double largest = 0;
  double mean_square = 0;
};

Values uniform_values(int exponent, int64_t largest) {
  const auto top = static_cast<double>(largest);
  return {exponent, top, (top + 1) * (2 * top + 1) / 6};
}

std::vector<float> scaled(Random random, int64_t count, int64_t largest, int exponent,
                          bool sparse) {
  std::vector<float> result(static_cast<size_t>(count));
  const float unit = std::ldexp(1.0f, exponent);
  bool kept = false;
  for (int64_t i = 0; i < count; ++i) {
    kept = i % 2 == 0 ? random.below(2) == 0 : !kept;
    if (sparse && !kept) continue;
    result[static_cast<size_t>(i)] = static_cast<float>(random.signed_nonzero(largest)) * unit;
  }
  return result;
}

/// Largest sum over outputs of |w|, in units of the weights.
double largest_column(const spec::Stage& stage, const std::vector<float>& weights, int exponent) {
  std::vector<double> sums(static_cast<size_t>(stage.channels_out), 0.0);
  for (size_t i = 0; i < weights.size(); ++i) sums[i % sums.size()] += std::abs(weights[i]);
  return std::ldexp(*std::max_element(sums.begin(), sums.end()), -exponent);
}

/// The exponent that gives sums of this deviation, in units, a real deviation of about 3, which
/// spreads them over relu6's interval; at most 0, so that 6 is a whole number of units.
int spread_exponent(double deviation) {
  return std::min(0, static_cast<int>(std::lround(std::log2(3 / std::max(deviation, 1.0)))));
}

/// One stage of a fill under construction.
struct Draft {
  reference::StageParameters parameters;
  std::vector<float> residual;
  Values out;
  bool sums_fit = false;   ///< every partial sum is a whole number that its type holds
  double likely_most = 0;  ///< units that an output hardly exceeds
};

/// Bias in units of the sums: around the middle of relu6's interval, else around zero.
void add_bias(const spec::Stage& stage, Random random, double deviation, Draft& draft,
              double& largest) {
  const int exponent = draft.out.exponent;
  const double centre =
      stage.activation == spec::Activation::relu6 ? std::ldexp(3.0, -exponent) : 0;
  const int64_t spread = std::max<int64_t>(1, std::lround(deviation / 2));
  for (int64_t o = 0; o < stage.channels_out; ++o) {
    const double units = std::round(centre) + static_cast<double>(random.signed_nonzero(spread));
    draft.parameters.bias.push_back(static_cast<float>(std::ldexp(units, exponent)));
  }
  largest += centre + static_cast<double>(spread);
}

/// What the activation leaves of sums with the given largest magnitude and mean square.
Values activated(const spec::Stage& stage, int exponent, double largest, double mean_square) {
  const double six = std::ldexp(6.0, -exponent);
  switch (stage.activation) {
    case spec::Activation::relu6:
      return {exponent, std::min(largest, six), std::min(mean_square, six * six * 0.4)};
    case spec::Activation::relu:
      return {exponent, largest, mean_square / 2};
    default:
      return {exponent, largest, mean_square};
  }
}

Draft draft_stage(const spec::Stage& stage, const StageSizes& sizes, const Values& in,
                  const Values* chain_input, const Richness& richness, const std::string& name,
                  uint64_t stream, int64_t residual_elements, spec::Dtype accumulate) {
  Draft draft;
  const Values weight = uniform_values(0, richness.weight);
  const double density = richness.sparse ? 0.5 : 1.0;
  const double variance =
      static_cast<double>(sizes.taps) * in.mean_square * weight.mean_square * density;
  const double deviation = std::sqrt(variance);
  const bool own_residual = stage.residual && residual_elements > 0;
  draft.out.exponent = spread_exponent(deviation);
  if (stage.residual && !own_residual) {  // the chain's input must be whole in the sums' units
    draft.out.exponent = std::min(draft.out.exponent, chain_input->exponent);
  }
  const int exponent = draft.out.exponent - in.exponent;
  draft.parameters.weights =
      scaled(Random(name, stream), sizes.weights, richness.weight, exponent, richness.sparse);
  double largest = largest_column(stage, draft.parameters.weights, exponent) * in.largest;
  double mean_square = variance;
  if (stage.bias) add_bias(stage, Random(name, stream + 1), deviation, draft, largest);
  if (own_residual) {
    const int64_t top = std::max<int64_t>(1, std::lround(deviation));
    draft.residual =
        scaled(Random(name, stream + 2), residual_elements, top, draft.out.exponent, false);
    largest += static_cast<double>(top);
    mean_square *= 1.34;
  } else if (stage.residual) {
    const double ratio = std::ldexp(1.0, chain_input->exponent - draft.out.exponent);
    largest += chain_input->largest * ratio;
    mean_square += chain_input->mean_square * ratio * ratio;
  }
  draft.sums_fit = largest < whole_units(accumulate);
  // Seven deviations, and the bias with its centre.
  const double likely = 7 * std::sqrt(mean_square) + 1.5 * deviation;
  draft.out = activated(stage, draft.out.exponent, largest, mean_square);
  draft.likely_most = std::min(draft.out.largest, likely);
  return draft;
}

/// The whole layer at one richness; false when some sum does not fit.
bool try_fill(const spec::Layer& layer, const Richness& richness, int attempt,
              reference::Operands& result) {
  const std::string name = spec::canonical_name(layer) + " exact";
  const uint64_t first_stream = static_cast<uint64_t>(attempt) * 64;
  const std::vector<spec::Shape> shapes = spec::shapes(layer);
  const Values input = uniform_values(-2, richness.input);
  Values values = input;
  for (size_t i = 0; i < layer.stages.size(); ++i) {
    const int64_t residual = spec::has_residual_input(layer) && layer.stages[i].residual
                                 ? result.n * image_elements(shapes[i + 1])
                                 : 0;
    Draft draft =
        draft_stage(layer.stages[i], stage_sizes(layer.stages[i], shapes[i]), values, &input,
                    richness, name, first_stream + 1 + 3 * i, residual, layer.accumulate);
    const bool last = i + 1 == layer.stages.size();
    if (!draft.sums_fit || (last && draft.likely_most >= whole_units(layer.dtype))) return false;
    values = draft.out;
    if (residual > 0) result.residual = std::move(draft.residual);
    result.stages.push_back(std::move(draft.parameters));
  }
  result.input = scaled(Random(name, first_stream), result.n * image_elements(shapes.front()),
                        richness.input, input.exponent, false);
  return true;
}

}  // namespace

Result<reference::Operands> exact_fill(const spec::Layer& layer, int64_t images, int attempt) {
  for (const Richness& richness : kRichness) {
    reference::Operands result;
    result.n = images;
    if (try_fill(layer, richness, attempt, result)) return result;
  }
  Error error;
  error.kind = ErrorKind::input;
  error.message = "no fill of whole numbers keeps every partial sum below 2^" +
                  std::to_string(spec::traits(layer.accumulate).digits) +
                  " units and outputs below 2^" + std::to_string(spec::traits(layer.dtype).digits) +
                  ", so the kernel cannot be exact";
  error.layer = layer.name;
  error.value = spec::canonical_name(layer);
  error.hint = "take fewer input channels per stage, or relu6 between the stages";
  return fail(std::move(error));
}

}  // namespace sepconv::measure
