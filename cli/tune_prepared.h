// Cli: the values and references that a session's layers are checked with, the latest used kept.
// Knows no kernel.
#pragma once

#include <list>
#include <utility>

#include "measure/check.h"
#include "spec/layer.h"

namespace sepconv::cli {

/// Prepared values by task; making them takes far longer than a trial. A class because it forgets
/// what was not used for long.
class PreparedValues {
 public:
  /// Valid until the next call.
  [[nodiscard]] const measure::Prepared& of(size_t task, const spec::Layer& layer);

 private:
  std::list<std::pair<size_t, measure::Prepared>> kept_;  ///< the latest used first
};

}  // namespace sepconv::cli
