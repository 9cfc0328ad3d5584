// Bench: a report against an earlier one. Knows no clock and no terminal.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/rows.h"
#include "support/error.h"

namespace sepconv::bench {

/// One row that both reports timed.
struct Comparison {
  std::string layer, name, target;
  double base_us = 0, us = 0;  ///< medians
  /// How much slower the row is now; where both rows know their share of the roofline, the ratio of
  /// the shares, so that a slower clock of the machine cancels.
  double slower = 1;
  double limit = 1;  ///< what the two rows' own spread explains
  [[nodiscard]] bool regressed() const { return slower > limit; }
};

/// What an earlier `bench --json` wrote. Kind input, with the file, when it is something else.
[[nodiscard]] Result<nlohmann::json> read_base(const std::string& path);

/// Rows of both reports by canonical name and target, in the order of `report`. Kind input when the
/// numbers of threads differ.
[[nodiscard]] Result<std::vector<Comparison>> compare(const BenchReport& report,
                                                      const nlohmann::json& base,
                                                      const std::string& path);

[[nodiscard]] nlohmann::ordered_json to_json(const std::vector<Comparison>& rows);
[[nodiscard]] std::string comparison_table(const std::vector<Comparison>& rows);

}  // namespace sepconv::bench
