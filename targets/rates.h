// Targets: how fast cores move data, as plain data. Knows no layer and no schedule.
#pragma once

#include <array>
#include <string_view>

namespace sepconv::targets {

/// Bytes a cycle that one core moves to and from L1, L2, L3 and memory, half reads, half writes.
[[nodiscard]] std::array<double, 4> level_bytes(std::string_view core);

}  // namespace sepconv::targets
