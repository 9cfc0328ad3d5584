// Measure, private to check: outputs against what they must be, and where they differ. Knows no
// kernel.
#pragma once

#include <string>
#include <vector>

#include "reference/reference.h"
#include "spec/layer.h"

namespace sepconv::measure {

struct Comparison {
  /// Of the output with the largest share of its bound. Infinite where an output is not a number.
  double max_error = 0, bound = 0;
  std::string difference;  ///< which outputs are wrong and how; empty: none is
};

/// Compares the first shape.elements() values; without bounds they must be equal.
[[nodiscard]] Comparison compare(const spec::Shape& shape, const reference::Expected& expected,
                                 const std::vector<float>& actual);

/// "[n=0 h=1 w=2 c=3]" of an index into a dense NHWC array.
[[nodiscard]] std::string position(const spec::Shape& shape, int64_t index);

}  // namespace sepconv::measure
