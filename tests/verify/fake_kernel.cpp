// Tests: a naive f32 kernel for any layer, with at most one planted fault. Knows no Halide.
#include "fake_kernel.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>

namespace sepconv::tests {

namespace {

constexpr int64_t kLine = 16;  // floats: packed parts and scratch are multiples of it

int64_t round_up(int64_t value) { return (value + kLine - 1) / kLine * kLine; }

// What a fake kernel is compiled from. Offsets in floats; a bias offset of -1 means none.
struct Plan {
  spec::Layer layer;
  Fault fault = Fault::none;
  std::vector<spec::Shape> shapes;
  std::vector<spec::Parameter> parameters;
  std::vector<int64_t> offsets, sizes;  // of each parameter in the blob
  std::vector<int64_t> weights, bias;   // of each stage in the blob
  int64_t packed = 0, scratch = 0, shared = 0;
};

struct View {
  float* data = nullptr;
  int64_t h = 0, w = 0, c = 0;
  int64_t row = 0, pixel = 0, channel = 1;
  float& at(int64_t y, int64_t x, int64_t i) const {
    return data[y * row + x * pixel + i * channel];
  }
};

View dense(float* data, const spec::Shape& s) { return {data, s.h, s.w, s.c, s.w * s.c, s.c, 1}; }

View image_of(const sepconv_tensor& t, int64_t image) {
  auto* data = static_cast<float*>(t.data);
  return {data + image * t.stride[0],
          t.extent[1],
          t.extent[2],
          t.extent[3],
          t.stride[1],
          t.stride[2],
          t.stride[3]};
}

int64_t weight_count(const spec::Stage& stage, int64_t channels_in) {
  const int64_t taps = stage.window.kernel[0] * stage.window.kernel[1];
  return taps * stage.channels_out * (stage.kind == spec::StageKind::depthwise ? 1 : channels_in);
}

std::shared_ptr<const Plan> make_plan(const spec::Layer& layer, Fault fault) {
  auto plan = std::make_shared<Plan>();
  plan->layer = layer;
  plan->fault = fault;
  plan->shapes = spec::shapes(layer);
  plan->parameters = spec::parameters(layer);
  plan->weights.assign(layer.stages.size(), -1);
  plan->bias.assign(layer.stages.size(), -1);
  for (const spec::Parameter& parameter : plan->parameters) {
    const auto s = static_cast<size_t>(parameter.stage);
    const int64_t size = parameter.is_bias ? layer.stages[s].channels_out
                                           : weight_count(layer.stages[s], plan->shapes[s].c);
    (parameter.is_bias ? plan->bias : plan->weights)[s] = plan->packed;
    plan->offsets.push_back(plan->packed);
    plan->sizes.push_back(size);
    plan->packed += round_up(size);
  }
  int64_t widest = 0;
  for (size_t s = 0; s < layer.stages.size(); ++s) {
    const spec::Shape& out = plan->shapes[s + 1];
    widest = std::max(widest, out.c);
    if (s + 1 < layer.stages.size()) plan->scratch += round_up(out.h * out.w * out.c);
  }
  plan->scratch += round_up(widest);
  plan->shared = round_up(plan->shapes.back().c);
  return plan;
}

const float* source(const sepconv_weights& weights, spec::Parameter::Role role) {
  switch (role) {
    case spec::Parameter::Role::expand:
      return weights.expand;
    case spec::Parameter::Role::expand_bias:
      return weights.expand_bias;
    case spec::Parameter::Role::depthwise:
      return weights.depthwise;
    case spec::Parameter::Role::depthwise_bias:
      return weights.depthwise_bias;
    case spec::Parameter::Role::weights:
      return weights.weights;
    case spec::Parameter::Role::bias:
      return weights.bias;
  }
  return nullptr;
}

sepconv_status pack(const Plan& plan, const sepconv_weights& weights, void* packed) {
  auto* to = static_cast<float*>(packed);
  for (size_t i = 0; i < plan.parameters.size(); ++i) {
    const float* from = source(weights, plan.parameters[i].role);
    if (from == nullptr) return SEPCONV_NULL_POINTER;
    std::memcpy(to + plan.offsets[i], from, static_cast<size_t>(plan.sizes[i]) * sizeof(float));
  }
  return SEPCONV_OK;
}

// One stage of one image under way.
struct StageRun {
  const Plan& plan;
  const spec::Stage& stage;
  View in, out, residual;
  const float* weights;
  const float* bias;  // null: none
  float* sums;
  bool in_pieces;
};

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

void compute_rows(const StageRun& run, int64_t first, int64_t last) {
  for (int64_t y = first; y < last; ++y) {
    for (int64_t x = 0; x < run.out.w; ++x) compute_pixel(run, y, x);
  }
}

struct Call {
  const Plan& plan;
  const sepconv_call& call;
  uint32_t pieces;
};

// The bias of the last stage, as the fault wants it: through the workspace, left there by piece 0.
const float* last_bias(const Call& call, const float* bias, uint32_t piece) {
  if (call.plan.fault != Fault::pieces_in_order) return bias;
  auto* shared = static_cast<float*>(call.call.workspace);
  if (piece == 0) std::copy_n(bias, call.plan.shapes.back().c, shared);
  return shared;
}

View residual_of(const Call& call, const spec::Stage& stage, int64_t image) {
  if (!stage.residual) return {};
  return image_of(call.call.residual.data != nullptr ? call.call.residual : call.call.input, image);
}

void run_image(const Call& call, uint32_t piece, int64_t image) {
  const Plan& plan = call.plan;
  const auto* blob = static_cast<const float*>(call.call.packed);
  float* scratch = static_cast<float*>(call.call.workspace) + plan.shared + piece * plan.scratch;
  const int64_t source = plan.fault == Fault::first_image_only ? 0 : image;
  View in = image_of(call.call.input, source);
  for (size_t s = 0; s < plan.layer.stages.size(); ++s) {
    const spec::Stage& stage = plan.layer.stages[s];
    const spec::Shape& shape = plan.shapes[s + 1];
    const bool last = s + 1 == plan.layer.stages.size();
    const View out = last ? image_of(call.call.output, image) : dense(scratch, shape);
    if (!last) scratch += round_up(shape.h * shape.w * shape.c);
    const float* bias = plan.bias[s] < 0 ? nullptr : blob + plan.bias[s];
    if (last && bias != nullptr) bias = last_bias(call, bias, piece);
    float* sums = static_cast<float*>(call.call.workspace) + plan.shared +
                  (piece + 1) * plan.scratch - round_up(shape.c);
    const StageRun run{plan,
                       stage,
                       in,
                       out,
                       residual_of(call, stage, source),
                       blob + plan.weights[s],
                       bias,
                       sums,
                       call.pieces > 1};
    const int64_t rows = last && plan.fault == Fault::skips_last_row ? shape.h - 1 : shape.h;
    compute_rows(run, last ? rows * piece / call.pieces : 0,
                 last ? rows * (piece + 1) / call.pieces : rows);
    in = out;
  }
}

int64_t span(const sepconv_tensor& t) {
  int64_t result = 1;
  for (int i = 0; i < 4; ++i) result += (t.extent[i] - 1) * t.stride[i];
  return result;
}

// Faults in what is touched rather than in what is computed. Volatile: they must happen.
void touch(const Plan& plan, const sepconv_call& call) {
  auto* input = static_cast<volatile float*>(call.input.data);
  auto* output = static_cast<volatile float*>(call.output.data);
  switch (plan.fault) {
    case Fault::reads_past_input:
      (void)input[span(call.input)];
      break;
    case Fault::reads_before_input:
      (void)input[-1];
      break;
    case Fault::writes_past_output:
      output[span(call.output)] = 0;
      break;
    case Fault::writes_before_output:
      output[-1] = 0;
      break;
    case Fault::writes_gaps:
      output[call.output.extent[3]] = 0;
      break;
    case Fault::writes_input:
      input[0] = input[0] + 1;
      break;
    case Fault::writes_packed:
      *static_cast<volatile float*>(const_cast<void*>(call.packed)) = 1;
      break;
    case Fault::writes_past_workspace:
      static_cast<volatile float*>(call.workspace)[call.workspace_bytes / sizeof(float)] = 1;
      break;
    case Fault::one_ulp:
      output[0] = std::nextafter(output[0], std::numeric_limits<float>::infinity());
      break;
    case Fault::nan_output:
      output[0] = std::numeric_limits<float>::quiet_NaN();
      break;
    default:
      break;
  }
}

void fill_constant(const sepconv_tensor& t) {
  for (int64_t image = 0; image < t.extent[0]; ++image) {
    const View view = image_of(t, image);
    for (int64_t y = 0; y < view.h; ++y) {
      for (int64_t x = 0; x < view.w; ++x) {
        for (int64_t i = 0; i < view.c; ++i) view.at(y, x, i) = 1;
      }
    }
  }
}

uint32_t pieces_of(const sepconv_call& call) {
  return call.parallel_for == nullptr ? 1 : std::max(1U, call.threads);
}

sepconv_status run(const Plan& plan, const sepconv_call& call) {
  if (plan.fault == Fault::refuses) return SEPCONV_BAD_STRIDE;
  Call context{plan, call, pieces_of(call)};
  const sepconv_body body = [](void* raw, uint32_t piece) {
    const Call& c = *static_cast<const Call*>(raw);
    for (int64_t image = 0; image < c.call.input.extent[0]; ++image) run_image(c, piece, image);
  };
  if (call.parallel_for == nullptr) {
    body(&context, 0);
  } else {
    call.parallel_for(call.parallel_context, context.pieces, body, &context);
  }
  if (plan.fault == Fault::constant_output) fill_constant(call.output);
  touch(plan, call);
  return SEPCONV_OK;
}

}  // namespace

measure::Kernel fake_kernel(const spec::Layer& layer, Fault fault) {
  const auto plan = make_plan(layer, fault);
  measure::Kernel kernel;
  kernel.packed_bytes = static_cast<size_t>(plan->packed) * sizeof(float);
  kernel.pack = [plan](const sepconv_weights& weights, void* packed, size_t bytes) {
    if (bytes < static_cast<size_t>(plan->packed) * sizeof(float)) return SEPCONV_SHORT_BUFFER;
    return pack(*plan, weights, packed);
  };
  kernel.workspace_bytes = [plan](const sepconv_call& call, size_t& bytes) {
    const int64_t floats = plan->shared + plan->scratch * pieces_of(call);
    bytes = static_cast<size_t>(floats) * sizeof(float);
    return SEPCONV_OK;
  };
  kernel.run = [plan](const sepconv_call& call) { return run(*plan, call); };
  return kernel;
}

}  // namespace sepconv::tests
