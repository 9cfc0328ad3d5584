// Reference: one stage of a chain on one image, by plain loops. Knows nothing of what precedes it.
#include "reference/stage.h"

#include <algorithm>
#include <cmath>
#include <thread>

#include "spec/accuracy.h"

// The loops below are compiled for several instruction sets, only to be quick: f64 results are the
// reference to within f64's rounding whatever the set.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define SEPCONV_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define SEPCONV_CLONES
#endif

namespace sepconv::reference {

namespace {

/// sums[o] += x[i] * w[i][o] over all i and o.
SEPCONV_CLONES void add_dense(const double* __restrict x, int64_t inputs,
                              const double* __restrict w, int64_t outputs,
                              double* __restrict sums) {
  for (int64_t i = 0; i < inputs; ++i) {
    const double value = x[i];
    for (int64_t o = 0; o < outputs; ++o) sums[o] += value * w[i * outputs + o];
  }
}

/// sums[c*m+j] += x[c] * w[c*m+j] over all c and j.
SEPCONV_CLONES void add_depthwise(const double* __restrict x, int64_t channels, int64_t m,
                                  const double* __restrict w, double* __restrict sums) {
  if (m == 1) {
    for (int64_t c = 0; c < channels; ++c) sums[c] += x[c] * w[c];
    return;
  }
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t j = 0; j < m; ++j) sums[c * m + j] += x[c] * w[c * m + j];
  }
}

/// Adds every tap inside the image to the sums of output pixel (y, x).
void add_taps(const spec::Stage& stage, const spec::Shape& in, const double* input,
              const double* weights, int64_t y, int64_t x, double* sums) {
  const spec::Window& window = stage.window;
  const bool depthwise = stage.kind == spec::StageKind::depthwise;
  const int64_t tap_size = depthwise ? stage.channels_out : in.c * stage.channels_out;
  for (int64_t ky = 0; ky < window.kernel[0]; ++ky) {
    const int64_t iy = y * window.stride[0] + ky * window.dilation[0] - window.padding[0];
    if (iy < 0 || iy >= in.h) continue;
    for (int64_t kx = 0; kx < window.kernel[1]; ++kx) {
      const int64_t ix = x * window.stride[1] + kx * window.dilation[1] - window.padding[1];
      if (ix < 0 || ix >= in.w) continue;
      const double* pixel = input + (iy * in.w + ix) * in.c;
      const double* tap = weights + (ky * window.kernel[1] + kx) * tap_size;
      if (depthwise) {
        add_depthwise(pixel, in.c, stage.multiplier, tap, sums);
      } else {
        add_dense(pixel, in.c, tap, stage.channels_out, sums);
      }
    }
  }
}

/// Runs body(y) for all rows, cut into contiguous ranges.
template <class Body>
void for_rows(int64_t rows, int threads, const Body& body) {
  const int64_t count = std::clamp<int64_t>(threads, 1, std::max<int64_t>(rows, 1));
  const auto range = [&](int64_t i) {
    for (int64_t y = rows * i / count; y < rows * (i + 1) / count; ++y) body(y);
  };
  std::vector<std::thread> others;
  for (int64_t i = 1; i < count; ++i) others.emplace_back(range, i);
  range(0);
  for (std::thread& other : others) other.join();
}

/// Roundings on the longest path of one sum: a product and an addition per tap, bias, residual.
int64_t roundings(const spec::Stage& stage, const spec::Shape& in) {
  const int64_t taps = stage.window.kernel[0] * stage.window.kernel[1] *
                       (stage.kind == spec::StageKind::depthwise ? 1 : in.c);
  return taps + 1 + (stage.residual ? 1 : 0);
}

/// What each input contributes to the bound per unit of |w|: with e its own error and k roundings,
/// gamma_k (|x| + e) + e.
std::vector<double> contributions(const Map& input, double gamma) {
  std::vector<double> result(input.values.size());
  for (size_t i = 0; i < result.size(); ++i) {
    const double error = input.errors[i];
    result[i] = gamma * (std::abs(input.values[i]) + error) + error;
  }
  return result;
}

/// Bias, residual and activation of one pixel; `errors` null when not asked for.
void finish(const spec::Stage& stage, const Weights& weights, const float* residual,
            const Types& types, int64_t k, double* values, double* errors) {
  const spec::Accuracy accuracy = spec::accuracy(stage.activation);
  const bool evaluates = accuracy.per_input > 0 || accuracy.absolute > 0;
  const double gamma = spec::gamma(k, types.accumulate);
  const double underflow = static_cast<double>(k) * spec::rounding(types.accumulate, 0);
  for (int64_t o = 0; o < stage.channels_out; ++o) {
    const double bias = weights.bias.empty() ? 0 : weights.bias[o];
    const double other = residual == nullptr ? 0 : stored(types.tensors, residual[o]);
    const double sum = values[o] + bias + other;
    values[o] = activate(stage.activation, sum);
    if (errors == nullptr) continue;
    const double error = errors[o] + gamma * (std::abs(bias) + std::abs(other)) + underflow;
    errors[o] = accuracy.lipschitz * error + accuracy.per_input * (std::abs(sum) + error) +
                accuracy.absolute;
    if (!evaluates || types.accumulate == spec::Dtype::f32) continue;
    errors[o] += spec::rounding(types.accumulate, std::abs(values[o]) + errors[o]);
  }
}

}  // namespace

double stored(spec::Dtype dtype, float value) {
  constexpr int kFloatDigits = 24;
  return spec::traits(dtype).digits >= kFloatDigits ? value : spec::rounded(dtype, value);
}

Weights widen(const StageParameters& parameters, spec::Dtype dtype) {
  Weights result;
  result.values.reserve(parameters.weights.size());
  for (const float value : parameters.weights) result.values.push_back(stored(dtype, value));
  result.bias.assign(parameters.bias.begin(), parameters.bias.end());
  result.magnitudes.reserve(result.values.size());
  for (const double value : result.values) result.magnitudes.push_back(std::abs(value));
  return result;
}

Map apply(const spec::Stage& stage, const Weights& weights, const Map& input,
          const spec::Shape& output, const float* residual, const Types& types, int threads) {
  const spec::Shape& in = input.shape;
  const bool bounds = !input.errors.empty();
  const int64_t k = roundings(stage, in);
  const double gamma = spec::gamma(k, types.accumulate);
  const std::vector<double> spread = bounds ? contributions(input, gamma) : std::vector<double>{};
  const auto size = static_cast<size_t>(output.h * output.w * output.c);
  Map result{{1, output.h, output.w, output.c}, std::vector<double>(size), {}};
  if (bounds) result.errors.assign(size, 0.0);
  for_rows(output.h, threads, [&](int64_t y) {
    for (int64_t x = 0; x < output.w; ++x) {
      const int64_t at = (y * output.w + x) * output.c;
      double* errors = bounds ? &result.errors[at] : nullptr;
      add_taps(stage, in, input.values.data(), weights.values.data(), y, x, &result.values[at]);
      if (bounds) add_taps(stage, in, spread.data(), weights.magnitudes.data(), y, x, errors);
      finish(stage, weights, residual == nullptr ? nullptr : residual + at, types, k,
             &result.values[at], errors);
    }
  });
  return result;
}

}  // namespace sepconv::reference
