// Measure: whether a kernel computes its layer: exact, within its bounds, and touching nothing
// else. Knows no library and no process.
#pragma once

#include <optional>
#include <string>

#include "measure/isolate.h"
#include "measure/kernel.h"
#include "reference/reference.h"
#include "spec/layer.h"

namespace sepconv::measure {

/// Operands and what must come out.
struct Case {
  spec::Layer layer;
  reference::Operands operands;  ///< of the layer's batch + 1 images
  reference::Expected expected;
};

/// Both passes of a layer. One computation serves every target.
struct Prepared {
  std::optional<Case> exact;  ///< of exact_twin(layer), without bounds
  Case real;                  ///< with bounds
  std::string mistrust;       ///< why these values would prove little; empty: they are good
};

/// Fills and computes both passes; tries other fills where the outputs would prove little.
[[nodiscard]] Prepared prepare(const spec::Layer& layer, int threads);

/// Why outputs prove little: constant, mostly zero, or less than a quarter of them strictly between
/// the last activation's clamps. Counts outputs with a tap inside the input, from 16 on. Empty:
/// good.
[[nodiscard]] std::string distrust(const spec::Layer& layer, const reference::Expected& expected);

/// Runs both passes: batches n and n+1, buffers against either zone, on the caller's thread, with
/// pieces in reverse order, and on max(2, threads) threads. `exact` computes exact_twin(layer) and
/// is not used where prepared.exact is empty; `real` computes the layer itself. Stops at the first
/// failure. Takes no precautions against crashes: see isolated().
[[nodiscard]] Outcome check(const Prepared& prepared, const Kernel& exact, const Kernel& real,
                            int threads);

}  // namespace sepconv::measure
