// Tests: a naive f32 kernel for any layer, with at most one planted fault. Knows no Halide.
#include "fake_kernel.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>

#include "fake_stage.h"

namespace sepconv::tests {

namespace {

constexpr int64_t kLine = 16;  // floats: packed parts and scratch are multiples of it

int64_t round_up(int64_t value) { return (value + kLine - 1) / kLine * kLine; }

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
