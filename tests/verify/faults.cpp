// Tests: which faults there are, where they show and what the gate must say. Knows no kernel.
#include <algorithm>

#include "fake_kernel.h"
#include "measure/fill.h"

namespace sepconv::tests {

const std::vector<FaultCase>& planted_faults() {
  static const std::vector<FaultCase> all = {
      {Fault::shifted_tap, "shifted_tap", "exact pass: output ["},
      {Fault::wrong_padding_side, "wrong_padding_side", "exact pass: output ["},
      {Fault::replicates_border, "replicates_border", "exact pass: output ["},
      {Fault::ignores_stride_x, "ignores_stride_x", "exact pass: output ["},
      {Fault::ignores_dilation, "ignores_dilation", "exact pass: output ["},
      {Fault::skips_bias, "skips_bias", "exact pass: output ["},
      {Fault::skips_residual, "skips_residual", "exact pass: output ["},
      {Fault::skips_activation, "skips_activation", "pass: output ["},
      {Fault::skips_upper_clamp, "skips_upper_clamp", "exact pass: output ["},
      {Fault::crude_activation, "crude_activation", "real pass: output ["},
      {Fault::wrong_last_channel, "wrong_last_channel", "exact pass: output ["},
      {Fault::skips_last_row, "skips_last_row", "were never written"},
      {Fault::transposed_weights, "transposed_weights", "exact pass: output ["},
      {Fault::reads_past_input, "reads_past_input", "bytes after the end of input"},
      {Fault::reads_before_input, "reads_before_input", "bytes before the start of input"},
      {Fault::writes_past_output, "writes_past_output", "bytes after the end of output"},
      {Fault::writes_before_output, "writes_before_output", "or just beside it"},
      {Fault::writes_gaps, "writes_gaps", "gaps between pixels of output"},
      {Fault::writes_input, "writes_input", "into the read-only input"},
      {Fault::writes_packed, "writes_packed", "into the read-only packed weights"},
      {Fault::writes_past_workspace, "writes_past_workspace", "bytes after the end of workspace"},
      {Fault::uninitialised_workspace, "uninitialised_workspace", "is nan, must be"},
      {Fault::first_image_only, "first_image_only", "(batch"},
      {Fault::pieces_in_order, "pieces_in_order", "with pieces in reverse order"},
      {Fault::piece_dependent_sums, "piece_dependent_sums", "but an earlier run gave"},
      {Fault::rounds_products, "rounds_products", "pass: output ["},
      {Fault::one_ulp, "one_ulp", "exact pass: output ["},
      {Fault::nan_output, "nan_output", "is nan, must be"},
      {Fault::constant_output, "constant_output", "exact pass: output [n=0 h=0 w=0 c="},
      {Fault::refuses, "refuses", "status 3: a tensor's strides"},
  };
  return all;
}

namespace {

template <class Condition>
bool any_stage(const spec::Layer& layer, const Condition& condition) {
  return std::any_of(layer.stages.begin(), layer.stages.end(), condition);
}

bool has_activation(const spec::Layer& layer, spec::Activation activation) {
  return any_stage(layer, [&](const spec::Stage& s) { return s.activation == activation; });
}

}  // namespace

bool applies(Fault fault, const spec::Layer& layer) {
  using spec::Stage;
  const auto windowed = [](const Stage& s) { return s.kind != spec::StageKind::pointwise; };
  switch (fault) {
    case Fault::wrong_padding_side:
      return any_stage(layer, [](const Stage& s) {
        return s.window.padding[0] != s.window.padding[2] ||
               s.window.padding[1] != s.window.padding[3];
      });
    case Fault::replicates_border:
      return any_stage(layer, [](const Stage& s) { return s.window.padding[0] > 0; });
    case Fault::ignores_stride_x:
      return any_stage(layer, [](const Stage& s) { return s.window.stride[1] > 1; });
    case Fault::ignores_dilation:
      return any_stage(layer, [](const Stage& s) { return s.window.dilation[0] > 1; });
    case Fault::skips_bias:
    case Fault::pieces_in_order:
      return layer.stages.back().bias;
    case Fault::skips_residual:
      return any_stage(layer, [](const Stage& s) { return s.residual; });
    case Fault::skips_activation:
      return !any_stage(layer, windowed) || !has_activation(layer, spec::Activation::none);
    case Fault::skips_upper_clamp:
      return has_activation(layer, spec::Activation::relu6);
    case Fault::crude_activation:
      return !measure::is_exact(layer);
    case Fault::writes_gaps:
      return layer.output_pixel_stride > spec::output_shape(layer).c;
    default:
      return true;
  }
}

}  // namespace sepconv::tests
