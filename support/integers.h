// Support: whole-number arithmetic that every folder may need. Knows nothing of the others.
#pragma once

#include <cstdint>

namespace sepconv::support {

/// How many of `factor` > 0 cover `value` >= 0.
[[nodiscard]] constexpr int64_t ceil_div(int64_t value, int64_t factor) {
  return (value + factor - 1) / factor;
}

/// The least multiple of `factor` > 0 that is no less than `value` >= 0.
[[nodiscard]] constexpr int64_t round_up(int64_t value, int64_t factor) {
  return ceil_div(value, factor) * factor;
}

/// What is left of `value` >= 0 without its factors of two.
[[nodiscard]] constexpr int64_t odd_part(int64_t value) {
  while (value > 0 && value % 2 == 0) value /= 2;
  return value;
}

}  // namespace sepconv::support
