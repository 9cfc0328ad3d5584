// Bench: a report as the JSON object of the contract. Knows no clock and no terminal.
#pragma once

#include <nlohmann/json.hpp>

#include "bench/rows.h"

namespace sepconv::bench {

/// Every field of the contract; null where it does not apply. With `several_files` rows have a
/// `file`. Rows of an op that no peer ran have an empty list of peers.
[[nodiscard]] nlohmann::ordered_json to_json(const BenchReport& report, bool several_files);

}  // namespace sepconv::bench
