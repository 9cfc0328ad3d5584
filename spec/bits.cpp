// Spec: which layers keep their bits whatever the schedule. Knows no schedule.
#include "spec/bits.h"

#include <algorithm>

namespace sepconv::spec {

bool promises_bits(const Layer& layer) {
  const bool one_order = layer.op == Op::pointwise || layer.op == Op::depthwise_separable ||
                         layer.op == Op::inverted_residual;
  return one_order && std::all_of(layer.stages.begin(), layer.stages.end(), [](const Stage& stage) {
           return stage.activation == Activation::none || stage.activation == Activation::relu ||
                  stage.activation == Activation::relu6;
         });
}

}  // namespace sepconv::spec
