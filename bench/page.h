// Bench: a report as one self-contained HTML page. Knows no clock and no file.
#pragma once

#include <string>

#include "bench/rows.h"

namespace sepconv::bench {

/// Machine, roofline plot, a bar per row and rival, tables whose headings sort them, and for each
/// row the command that measures it again. Loads nothing; `command` made the report.
[[nodiscard]] std::string page(const BenchReport& report, const std::string& command);

}  // namespace sepconv::bench
