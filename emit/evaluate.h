// Emit, private: integer expressions of lowered code as numbers. Knows no stage.
#pragma once

#include <Halide.h>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace sepconv::emit {

/// Names to values while a statement is walked: loop variables have numbers, lets have expressions.
struct Scope {
  struct Entry {
    std::optional<int64_t> number;
    Halide::Expr expression;
    bool used = false;  ///< whether a lookup went through this entry
  };
  std::map<std::string, Entry> names;
  /// Counters that the code keeps in memory, e.g. how far a ring of rows is filled.
  std::map<std::string, std::optional<int64_t>> counters;
  bool counter_used = false;  ///< whether a value depended on a counter
  std::string output_buffer;
  std::array<int64_t, 3> output_cwh{};  ///< the whole output, which starts at 0
};

/// The value of an integer or boolean expression; none when it depends on data.
[[nodiscard]] std::optional<int64_t> evaluate(const Halide::Expr& expression, Scope& scope);

}  // namespace sepconv::emit
