// Tests, private to the fake kernel: one stage of one image by plain f32 loops. Knows no call.
#include "fake_stage.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace sepconv::tests {

namespace {

float product(const StageRun& run, float x, float w) {
  float value = x * w;
  if (run.plan.fault != Fault::rounds_products) return value;
  uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof(bits));
  bits = (bits + 0x8000U) & 0xffff0000U;
  std::memcpy(&value, &bits, sizeof(bits));
  return value;
}

void add_tap(const StageRun& run, int64_t iy, int64_t ix, int64_t ky, int64_t kx) {
  const spec::Stage& stage = run.stage;
  const Fault fault = run.plan.fault;
  const int64_t co = stage.channels_out;
  const bool depthwise = stage.kind == spec::StageKind::depthwise;
  const bool transposed = fault == Fault::transposed_weights;
  const int64_t tap =
      depthwise && transposed ? kx * stage.window.kernel[0] + ky : ky * stage.window.kernel[1] + kx;
  if (depthwise) {
    for (int64_t o = 0; o < co; ++o) {
      const float x = run.in.at(iy, ix, o / stage.multiplier);
      run.sums[o] += product(run, x, run.weights[tap * co + o]);
    }
    return;
  }
  const int64_t ci = run.in.c;
  const bool shifted = fault == Fault::shifted_tap && stage.kind == spec::StageKind::pointwise;
  const bool backwards = fault == Fault::piece_dependent_sums && run.in_pieces;
  for (int64_t step = 0; step < ci; ++step) {
    const int64_t i = backwards ? ci - 1 - step : step;
    const float x = run.in.at(iy, ix, shifted ? (i + 1) % ci : i);
    for (int64_t o = 0; o < co; ++o) {
      const int64_t at = transposed ? o * ci + i : i * co + o;
      run.sums[o] += product(run, x, run.weights[tap * ci * co + at]);
    }
  }
}

void add_taps(const StageRun& run, int64_t y, int64_t x) {
  const spec::Window& w = run.stage.window;
  const Fault fault = run.plan.fault;
  const size_t side = fault == Fault::wrong_padding_side ? 2 : 0;
  const int64_t stride_x = fault == Fault::ignores_stride_x ? 1 : w.stride[1];
  const bool tight = fault == Fault::ignores_dilation;
  const bool windowed = run.stage.kind != spec::StageKind::pointwise;
  const int64_t taps = w.kernel[0] * w.kernel[1];
  for (int64_t step = 0; step < taps; ++step) {
    const bool backwards = fault == Fault::piece_dependent_sums && run.in_pieces;
    const int64_t tap = backwards ? taps - 1 - step : step;
    const int64_t ky = tap / w.kernel[1];
    const int64_t kx = tap % w.kernel[1];
    int64_t iy = y * w.stride[0] + ky * (tight ? 1 : w.dilation[0]) - w.padding[side];
    int64_t ix = x * stride_x + kx * (tight ? 1 : w.dilation[1]) - w.padding[side + 1];
    if (fault == Fault::shifted_tap && windowed && kx == 0) ++ix;
    if (fault == Fault::replicates_border) {
      iy = std::clamp<int64_t>(iy, 0, run.in.h - 1);
      ix = std::clamp<int64_t>(ix, 0, run.in.w - 1);
    }
    if (iy < 0 || iy >= run.in.h || ix < 0 || ix >= run.in.w) continue;
    add_tap(run, iy, ix, ky, kx);
  }
}

float activate(spec::Activation activation, float x, Fault fault) {
  const float slip = fault == Fault::crude_activation ? 0x1p-10F : 0;
  switch (activation) {
    case spec::Activation::none:
      return x;
    case spec::Activation::relu:
      return std::max(x, 0.0F);
    case spec::Activation::relu6:
      return fault == Fault::skips_upper_clamp ? std::max(x, 0.0F) : std::clamp(x, 0.0F, 6.0F);
    case spec::Activation::hard_swish:
      return x * std::clamp(x + 3, 0.0F, 6.0F) / 6 + slip;
    case spec::Activation::silu:
      return x / (1 + std::exp(-x)) + slip;
    case spec::Activation::gelu:
      return x / 2 * std::erfc(-x * 0.70710678F) + slip;
    case spec::Activation::sigmoid:
      return 1 / (1 + std::exp(-x)) + slip;
  }
  return x;
}

void compute_pixel(const StageRun& run, int64_t y, int64_t x) {
  const Fault fault = run.plan.fault;
  const int64_t co = run.stage.channels_out;
  if (fault != Fault::uninitialised_workspace) std::fill_n(run.sums, co, 0.0F);
  add_taps(run, y, x);
  if (fault == Fault::wrong_last_channel && co > 1) run.sums[co - 1] = run.sums[co - 2];
  for (int64_t o = 0; o < co; ++o) {
    float value = run.sums[o];
    if (run.bias != nullptr && fault != Fault::skips_bias) value += run.bias[o];
    if (run.residual.data != nullptr && fault != Fault::skips_residual) {
      value += run.residual.at(y, x, o);
    }
    if (fault != Fault::skips_activation) value = activate(run.stage.activation, value, fault);
    run.out.at(y, x, o) = value;
  }
}

}  // namespace

void compute_rows(const StageRun& run, int64_t first, int64_t last) {
  for (int64_t y = first; y < last; ++y) {
    for (int64_t x = 0; x < run.out.w; ++x) compute_pixel(run, y, x);
  }
}

}  // namespace sepconv::tests
