// Measure: the values of both passes of a check and what they must give. Knows no kernel.
#include <fmt/core.h>

#include <algorithm>

#include "measure/check.h"
#include "measure/fill.h"

namespace sepconv::measure {

namespace {

constexpr int kAttempts = 4;
constexpr int64_t kFewest = 16;  ///< outputs from which shares mean something

/// What the outputs that matter look like.
struct Census {
  int64_t counted = 0, zeros = 0, between = 0;
  double low = 0, high = 0;

  void add(spec::Activation activation, double value) {
    low = counted == 0 ? value : std::min(low, value);
    high = counted == 0 ? value : std::max(high, value);
    ++counted;
    if (value == 0) ++zeros;
    const bool below = activation == spec::Activation::relu6 ? value < 6 : true;
    const bool clamps =
        activation == spec::Activation::relu6 || activation == spec::Activation::relu;
    if (!clamps || (value > 0 && below)) ++between;
  }
};

Census census(const spec::Layer& layer, const reference::Expected& expected) {
  const std::vector<bool> live = reference::live_pixels(layer);
  const int64_t channels = layer.stages.back().channels_out;
  const auto pixels = static_cast<int64_t>(expected.values.size()) / channels;
  Census result;
  for (int64_t pixel = 0; pixel < pixels; ++pixel) {
    if (!live[static_cast<size_t>(pixel) % live.size()]) continue;
    const double* values = expected.values.data() + pixel * channels;
    for (int64_t c = 0; c < channels; ++c) result.add(layer.stages.back().activation, values[c]);
  }
  return result;
}

/// Whether outputs that must be met exactly can be.
std::string not_storable(const spec::Layer& layer, const reference::Expected& expected) {
  if (layer.dtype == layer.accumulate) return {};  // its sums fit
  for (const double value : expected.values) {
    if (spec::rounded(layer.dtype, value) == value) continue;
    return fmt::format("an output of {:g} is no value of {}", value, spec::word(layer.dtype));
  }
  return {};
}

/// Fills and computes, with the next fill where the outputs prove little. The last one stays, with
/// `mistrust` set.
Result<Case> fill_case(const spec::Layer& layer, bool exact, int threads, std::string& mistrust) {
  Case result;
  result.layer = layer;
  const int64_t images = layer.input.n + 1;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (exact) {
      Result<reference::Operands> filled = exact_fill(layer, images, attempt);
      if (!filled) return fail(std::move(filled.error()));
      result.operands = std::move(*filled);
    } else {
      result.operands = real_fill(layer, images, attempt);
    }
    result.expected = reference::run(layer, result.operands, !exact, threads);
    mistrust = exact ? not_storable(layer, result.expected) : "";
    if (mistrust.empty()) mistrust = distrust(layer, result.expected);
    if (mistrust.empty()) break;
  }
  return result;
}

}  // namespace

std::string distrust(const spec::Layer& layer, const reference::Expected& expected) {
  const Census seen = census(layer, expected);
  if (seen.counted < kFewest) return {};
  if (seen.low == seen.high) {
    return fmt::format("all {} outputs have the value {:g}", seen.counted, seen.low);
  }
  if (4 * seen.zeros > 3 * seen.counted) {
    return fmt::format("{} of {} outputs are zero", seen.zeros, seen.counted);
  }
  if (4 * seen.between < seen.counted) {
    return fmt::format("only {} of {} outputs lie strictly between the clamps of {}", seen.between,
                       seen.counted, spec::word(layer.stages.back().activation));
  }
  return {};
}

Prepared prepare(const spec::Layer& layer, int threads) {
  Prepared result;
  std::string weak;
  Result<Case> exact = fill_case(exact_twin(layer), true, threads, weak);
  if (exact) {
    result.exact = std::move(*exact);
    if (!weak.empty()) result.mistrust = "exact pass: " + weak;
  } else {
    result.mistrust = "no exact pass: " + exact.error().front().message;
  }
  Result<Case> real = fill_case(layer, false, threads, weak);
  if (real) result.real = std::move(*real);
  if (!weak.empty() && result.mistrust.empty()) result.mistrust = "real pass: " + weak;
  return result;
}

}  // namespace sepconv::measure
