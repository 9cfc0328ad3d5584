// Cli: the values and references that a session's layers are checked with, the latest used kept.
// Knows no kernel.
#include "cli/tune_prepared.h"

#include <algorithm>
#include <iterator>

#include "support/process.h"

namespace sepconv::cli {
namespace {

constexpr int64_t kKeptBytes = int64_t{1} << 30;

int64_t bytes_of(const measure::Case& values) {
  const auto& operands = values.operands;
  size_t floats = operands.input.size() + operands.residual.size();
  for (const auto& stage : operands.stages) floats += stage.weights.size() + stage.bias.size();
  const size_t doubles = values.expected.values.size() + values.expected.bounds.size();
  return static_cast<int64_t>(4 * floats + 8 * doubles);
}

int64_t bytes_of(const measure::Prepared& prepared) {
  return bytes_of(prepared.real) + (prepared.exact ? bytes_of(*prepared.exact) : 0);
}

}  // namespace

const measure::Prepared& PreparedValues::of(size_t task, const spec::Layer& layer) {
  const auto found = std::find_if(kept_.begin(), kept_.end(),
                                  [&](const auto& entry) { return entry.first == task; });
  if (found != kept_.end()) {
    kept_.splice(kept_.begin(), kept_, found);
    return kept_.front().second;
  }
  kept_.emplace_front(task, measure::prepare(layer, support::core_count()));
  int64_t kept = 0;
  for (auto entry = kept_.begin(); entry != kept_.end();) {
    kept += bytes_of(entry->second);
    const bool first = entry == kept_.begin();
    entry = kept > kKeptBytes && !first ? kept_.erase(entry) : std::next(entry);
  }
  return kept_.front().second;
}

}  // namespace sepconv::cli
