// Generators: builds the algorithm of a chain of stages. Knows no schedule.
#include "generators/chain.h"

#include "generators/activation.h"

#include <tuple>

namespace sepconv::generators {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using spec::StageKind;

namespace {

/// Those of a buffer's own Func are implicit, which definitions may not use.
std::vector<Halide::Var> fresh_vars(int count) {
  std::vector<Halide::Var> vars;
  for (int i = 0; i < count; ++i) vars.emplace_back("i" + std::to_string(i));
  return vars;
}

/// A stored tensor as values of the sums' type: the Func itself where that is its type.
Func widen(const Func& stored, const Halide::Type& to, const std::string& name) {
  if (stored.type() == to) return stored;
  const std::vector<Halide::Var> args = fresh_vars(stored.dimensions());
  Func wide(name);
  wide(args) = load(stored(std::vector<Expr>(args.begin(), args.end())), to);
  return wide;
}

/// The weights of output channel c by (c, taps of the reduction), out of the packed blocks of
/// spec::Parameter: channel c lies at [c/16] [...] [c%16], depthwise at [...] [c].
Func unpacked(const Chain& chain, StageKind kind, const Func& packed, const Halide::Type& to,
              const std::string& name) {
  constexpr int kBlock = static_cast<int>(spec::kChannelBlock);
  std::vector<Halide::Var> args = fresh_vars(packed.dimensions());
  args.front() = chain.c;
  std::vector<Expr> at(args.begin(), args.end());
  if (kind != StageKind::depthwise) {
    args.pop_back();
    at.front() = chain.c % kBlock;
    at.back() = chain.c / kBlock;
  }
  Func weights(name);
  weights(args) = load(packed(at), to);
  return weights;
}

bool has_columns(const spec::Window& window) {
  return window.padding[1] > 0 || window.padding[3] > 0;
}
bool has_rows(const spec::Window& window) { return window.padding[0] > 0 || window.padding[2] > 0; }

Expr lies_in(const Expr& at, int64_t extent) { return at >= 0 && at < as_int(extent); }

/// The value inside, else zero.
Expr or_zero(const Expr& inside, const Expr& value) {
  return Halide::select(inside, value, Halide::cast(value.type(), 0.0f));
}

/// The input with its zeros, where `likely` marks the interior, so that a schedule may split the
/// border from it. Sides without padding are not tested.
Func build_pad(const Chain& chain, const StageFuncs& stage, const Func& input, int index) {
  const bool columns = has_columns(stage.stage.window);
  const bool rows = has_rows(stage.stage.window);
  Expr inside = Halide::cast<bool>(true);
  const auto add_tests = [&](const Expr& at, int64_t extent) {
    inside = inside && Halide::likely(at >= 0) && Halide::likely(at < as_int(extent));
  };
  if (columns) add_tests(chain.x, stage.in.w);
  if (rows) add_tests(chain.y, stage.in.h);
  const Expr px = columns ? Halide::clamp(chain.x, 0, as_int(stage.in.w) - 1) : Expr(chain.x);
  const Expr py = rows ? Halide::clamp(chain.y, 0, as_int(stage.in.h) - 1) : Expr(chain.y);
  const Expr value = input(chain.c, px, py);
  Func pad("pad_" + std::to_string(index));
  pad(chain.c, chain.x, chain.y) = stage.padded ? or_zero(inside, value) : value;
  return pad;
}

/// The same, marked on the loads, which lets nests split that are not vectorised along the border.
/// One test an axis: of a joint one, the columns' border would depend on the row. `rows_tested`:
/// what reads it skips the rows of zeros.
Func build_pad_of_loads(const Chain& chain, const StageFuncs& stage, const Func& input, int index,
                        bool rows_tested) {
  const bool columns = has_columns(stage.stage.window);
  const bool rows = has_rows(stage.stage.window);
  const auto clamped = [](const Expr& at, int64_t extent) {
    return Halide::clamp(Halide::likely(at), 0, as_int(extent) - 1);
  };
  Expr value = input(chain.c, columns ? clamped(chain.x, stage.in.w) : Expr(chain.x),
                     rows ? clamped(chain.y, stage.in.h) : Expr(chain.y));
  if (rows && !rows_tested) {
    value = or_zero(lies_in(chain.y, stage.in.h), Halide::likely(value));
  }
  if (columns) value = or_zero(lies_in(chain.x, stage.in.w), Halide::likely(value));
  Func pad("pad_" + std::to_string(index));
  pad(chain.c, chain.x, chain.y) = value;
  return pad;
}

/// The same as a copy that a schedule stores, by columns: those inside, then the zeros on either
/// side. So no vector of columns is tested, and rows are tested one by one. Rows beyond the input
/// may be asked for: they are zeros, or without padding any value.
Func build_padded_planes(const Chain& chain, const StageFuncs& stage, const Func& input,
                         int index) {
  const auto& [c, x, y] = std::tie(chain.c, chain.x, chain.y);
  const spec::Window& window = stage.stage.window;
  const std::string suffix = "_" + std::to_string(index);
  Func pad("pad" + suffix);
  const auto value = [&](const Expr& px) {
    const Expr inside = input(c, px, Halide::clamp(y, 0, as_int(stage.in.h) - 1));
    return has_rows(window) ? or_zero(lies_in(y, stage.in.h), inside) : inside;
  };
  if (!has_columns(window)) {
    pad(c, x, y) = value(x);
    return pad;
  }
  const Halide::Type type = input.type();
  const int width = as_int(stage.in.w);
  const int before = as_int(window.padding[1]);
  const int after = as_int(window.span(1, stage.out.w)) - before - width;
  const RDom inside(0, width, "inside" + suffix);
  pad(c, x, y) = Halide::undef(type);
  pad(c, inside, y) = value(inside);
  const auto add_zeros = [&](int first, int columns, const std::string& side) {
    if (columns > 0) pad(c, RDom(first, columns, side + suffix), y) = Halide::cast(type, 0.0f);
  };
  add_zeros(-before, before, "left");
  add_zeros(width, after, "right");
  return pad;
}

/// Where nothing marks the loads: the copy, or tests inside the sums.
Func build_unmarked_pad(const Chain& chain, const StageFuncs& stage, const Func& input, int index) {
  return chain.phase.padded_planes ? build_padded_planes(chain, stage, input, index)
                                   : build_pad(chain, stage, input, index);
}

/// Input coordinate of a tap.
Expr tap(const Expr& out, const Expr& k, const spec::Window& window, int axis) {
  return out * as_int(window.stride[axis]) + k * as_int(window.dilation[axis]) -
         as_int(window.padding[axis == 0 ? 0 : 1]);
}

Expr depthwise_product(const Chain& chain, const StageFuncs& stage, const Expr& kx,
                       const Expr& ky) {
  const spec::Window& window = stage.stage.window;
  const int multiplier = as_int(stage.stage.multiplier);
  // A single input channel is broadcast, which no division says.
  const Expr ci = stage.in.c == 1 ? Expr(0) : multiplier == 1 ? chain.c : chain.c / multiplier;
  return stage.weights(chain.c, kx, ky) *
         stage.pad(ci, tap(chain.x, kx, window, 1), tap(chain.y, ky, window, 0));
}

/// initial + every tap's product, in the order of the reduction.
Expr inline_depthwise_sum(const Chain& chain, StageFuncs& stage, const Func& input, int index,
                          Expr sum) {
  stage.pad = chain.phase.likely_loads ? build_pad_of_loads(chain, stage, input, index, false)
                                       : build_unmarked_pad(chain, stage, input, index);
  for (int ky = 0; ky < as_int(stage.stage.window.kernel[0]); ++ky) {
    for (int kx = 0; kx < as_int(stage.stage.window.kernel[1]); ++kx) {
      sum = sum + depthwise_product(chain, stage, kx, ky);
    }
  }
  return sum;
}

/// The padded input of a loop over taps, which branches past rows of zeros where the phase asks for
/// it: a test of a row takes no vector register, as selecting its loads would. `row` is the tap's.
void pad_taps(const Chain& chain, StageFuncs& stage, const Func& input, int index,
              const Expr& row) {
  if (!chain.phase.likely_loads) {
    stage.pad = build_unmarked_pad(chain, stage, input, index);
    return;
  }
  // A window of one row may lie on zeros whole, where a loop over its only row would be empty; and
  // of a single row of windows Halide loses which rows of the input it reads.
  const bool skips =
      has_rows(stage.stage.window) && stage.stage.window.kernel[0] > 1 && stage.out.h > 1;
  stage.pad = build_pad_of_loads(chain, stage, input, index, skips);
  if (!skips) return;
  stage.taps.where(Halide::likely(lies_in(tap(chain.y, row, stage.stage.window, 0), stage.in.h)));
}

void accumulate(const Chain& chain, StageFuncs& stage, const Func& input, int index) {
  const auto& [c, x, y] = std::tie(chain.c, chain.x, chain.y);
  const spec::Window& window = stage.stage.window;
  const std::string taps = "taps_" + std::to_string(index);
  const int kh = as_int(window.kernel[0]);
  const int kw = as_int(window.kernel[1]);
  RDom& r = stage.taps;
  switch (stage.stage.kind) {
    case StageKind::pointwise:
      r = RDom(0, as_int(stage.in.c), taps);
      stage.sum(c, x, y) += stage.weights(c, r) * input(r, x, y);
      break;
    case StageKind::depthwise:
      r = RDom(0, kw, 0, kh, taps);
      pad_taps(chain, stage, input, index, r.y);
      stage.sum(c, x, y) += depthwise_product(chain, stage, r.x, r.y);
      break;
    case StageKind::conv2d:
      r = RDom(0, as_int(stage.in.c), 0, kw, 0, kh, taps);
      pad_taps(chain, stage, input, index, r.z);
      stage.sum(c, x, y) += stage.weights(c, r.x, r.y, r.z) *
                            stage.pad(r.x, tap(x, r.y, window, 1), tap(y, r.z, window, 0));
      break;
  }
}

/// Extents of one image along the chain; flat phases see all pixels as one row.
std::vector<spec::Shape> phase_shapes(const spec::Layer& layer, const spec::Phase& phase) {
  std::vector<spec::Shape> all = spec::shapes(layer);
  std::vector<spec::Shape> result(all.begin() + phase.first_stage,
                                  all.begin() + phase.last_stage + 2);
  for (spec::Shape& shape : result) {
    shape.n = 1;
    if (phase.flat()) {
      shape.w *= shape.h;
      shape.h = 1;
    }
  }
  return result;
}

}  // namespace

std::vector<spec::Parameter> phase_parameters(const spec::Layer& layer, const spec::Phase& phase) {
  std::vector<spec::Parameter> result;
  for (spec::Parameter& parameter : spec::parameters(layer)) {
    if (parameter.stage >= phase.first_stage && parameter.stage <= phase.last_stage) {
      result.push_back(std::move(parameter));
    }
  }
  return result;
}

bool phase_has_residual(const spec::Layer& layer, const spec::Phase& phase) {
  for (int i = phase.first_stage; i <= phase.last_stage; ++i) {
    if (layer.stages[i].residual) return true;
  }
  return false;
}

Chain build_chain(const spec::Layer& layer, const spec::Phase& phase, const ChainInputs& inputs) {
  Chain chain;
  chain.layer = layer;
  chain.phase = phase;
  const Types& types = inputs.types;
  chain.input = widen(inputs.input, types.sums, "wide_input");
  chain.widened = inputs.input.type() != types.sums;
  chain.narrow_weights = types.weights != types.sums;
  const bool planar = layer.layout == spec::Layout::nchw;
  chain.planar_input = planar && phase.first_stage == 0;
  chain.planar_output = planar && phase.last_stage + 1 == static_cast<int>(layer.stages.size());
  const std::vector<spec::Shape> shapes = phase_shapes(layer, phase);
  size_t next_parameter = 0;
  Func input = chain.input;
  for (int i = phase.first_stage; i <= phase.last_stage; ++i) {
    StageFuncs stage;
    const std::string suffix = "_" + std::to_string(i);
    stage.stage = layer.stages[i];
    stage.in = shapes[i - phase.first_stage];
    stage.out = shapes[i - phase.first_stage + 1];
    stage.padded = stage.stage.window.padded();
    stage.sum = Func("sum" + suffix);
    stage.result = Func(i == phase.last_stage ? "result" : "result" + suffix);
    stage.weights = unpacked(chain, stage.stage.kind, inputs.parameters[next_parameter++],
                             types.sums, "weights" + suffix);
    Expr initial = Halide::cast(types.sums, 0.0f);
    if (stage.stage.bias) {
      stage.bias = widen(inputs.parameters[next_parameter++], types.sums, "bias" + suffix);
      initial = stage.bias(chain.c);
    }
    if (phase.inline_taps && stage.stage.kind == StageKind::depthwise) {
      stage.sum(chain.c, chain.x, chain.y) = inline_depthwise_sum(chain, stage, input, i, initial);
    } else {
      stage.sum(chain.c, chain.x, chain.y) = initial;
      accumulate(chain, stage, input, i);
    }
    // The residual joins after the sum: only the consumer's lanes are known to lie inside the
    // tensor.
    Expr total = stage.sum(chain.c, chain.x, chain.y);
    if (stage.stage.residual) {
      total = total + load(inputs.residual(chain.c, chain.x, chain.y), types.sums);
    }
    const Expr value = activate(stage.stage.activation, total);
    const bool stored = i + 1 == static_cast<int>(layer.stages.size());
    stage.result(chain.c, chain.x, chain.y) = stored ? store(value, types.tensors) : value;
    input = stage.result;
    chain.stages.push_back(std::move(stage));
  }
  chain.output = input;
  return chain;
}

}  // namespace sepconv::generators
