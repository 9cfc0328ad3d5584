// Spec: what a layer costs as defined, whatever the schedule does. Knows no machine.
#pragma once

#include <cstdint>

#include "spec/layer.h"

namespace sepconv::spec {

/// MACs count padding taps; recomputation and activations are not counted. Bytes are those of
/// input, output, weights, biases and a separate residual tensor, once each; slices count their own
/// elements.
struct Cost {
  int64_t depthwise_macs = 0, pointwise_macs = 0, dense_macs = 0;
  int64_t depthwise_parameters = 0, pointwise_parameters = 0,
          dense_parameters = 0;  ///< with biases
  int64_t input_bytes = 0, output_bytes = 0, residual_bytes = 0, parameter_bytes = 0;
  int64_t padding_macs = 0;  ///< of depthwise and dense stages: taps that fall on padding

  [[nodiscard]] int64_t macs() const { return depthwise_macs + pointwise_macs + dense_macs; }
  [[nodiscard]] int64_t parameters() const {
    return depthwise_parameters + pointwise_parameters + dense_parameters;
  }
  [[nodiscard]] int64_t bytes() const {
    return input_bytes + output_bytes + residual_bytes + parameter_bytes;
  }
  /// FLOP per byte.
  [[nodiscard]] double intensity() const {
    return 2.0 * static_cast<double>(macs()) / static_cast<double>(bytes());
  }
};

[[nodiscard]] Cost cost(const Layer& layer);

/// How many (output, tap) pairs along `axis` (0 rows, 1 columns) of extents `in` and `out` read
/// inside the input, not padding.
[[nodiscard]] int64_t inside_taps(const Window& window, int axis, int64_t in, int64_t out);

}  // namespace sepconv::spec
