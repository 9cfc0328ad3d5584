// Spec: which layers keep their bits whatever the schedule. Knows no schedule.
#include "spec/bits.h"

#include <algorithm>

#include "support/integers.h"

namespace sepconv::spec {
namespace {

/// Vectors that hold three or five copies of each input channel are no power of two wide; LLVM adds
/// them in other orders.
bool has_odd_copies(const Stage& stage) { return support::odd_part(stage.multiplier) > 1; }

}  // namespace

bool promises_bits(const Layer& layer) {
  const bool one_order = layer.op == Op::pointwise || layer.op == Op::depthwise_separable ||
                         layer.op == Op::inverted_residual;
  return one_order && std::all_of(layer.stages.begin(), layer.stages.end(), [](const Stage& stage) {
           return !has_odd_copies(stage) &&
                  (stage.activation == Activation::none || stage.activation == Activation::relu ||
                   stage.activation == Activation::relu6);
         });
}

}  // namespace sepconv::spec
