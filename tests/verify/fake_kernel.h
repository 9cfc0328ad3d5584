// Tests: a naive f32 kernel for any layer, right or with one planted fault. Knows no Halide.
#pragma once

#include <string>
#include <vector>

#include "measure/kernel.h"
#include "spec/layer.h"

namespace sepconv::tests {

enum class Fault {
  none,
  shifted_tap,         // the first tap of a row (pointwise: every channel) reads its neighbour
  wrong_padding_side,  // bottom and right instead of top and left
  replicates_border,   // padding taps read the nearest pixel instead of zero
  ignores_stride_x,
  ignores_dilation,
  skips_bias,
  skips_residual,
  skips_activation,
  skips_upper_clamp,   // relu6 as relu
  crude_activation,    // off by 2^-10 where no exact pass looks
  wrong_last_channel,  // the last output channel repeats the one before it
  skips_last_row,
  transposed_weights,
  reads_past_input,
  reads_before_input,
  writes_past_output,
  writes_before_output,
  writes_gaps,  // between the pixels of a strided output
  writes_input,
  writes_packed,
  writes_past_workspace,
  uninitialised_workspace,  // adds to sums that nobody zeroed
  first_image_only,         // every image gets the first one's result
  pieces_in_order,          // later pieces read what piece 0 leaves in the workspace
  piece_dependent_sums,     // another order of additions when run in pieces
  rounds_products,          // to 8 bits of mantissa: exact for small whole numbers
  one_ulp,                  // one output is the next f32
  nan_output,
  constant_output,
  refuses,  // returns a status
};

struct FaultCase {
  Fault fault;
  std::string name;
  std::string reason;  // what the gate's reason must contain
};
/// Every fault but none.
const std::vector<FaultCase>& planted_faults();
/// Whether the fault changes what a kernel of the layer does.
bool applies(Fault fault, const spec::Layer& layer);

measure::Kernel fake_kernel(const spec::Layer& layer, Fault fault);

}  // namespace sepconv::tests
