// Schedules: a point of a declared space, as text and value. Knows no Halide and no layer.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "support/error.h"

namespace sepconv::schedules {

/// A schedule: knob names to values. Written `k=v,k=v` in the order of names.
using Point = std::map<std::string, int64_t>;

[[nodiscard]] std::string to_string(const Point& point);
/// Parses `k=v,...`; checks the spelling only, not the space.
[[nodiscard]] Result<Point> parse_point(std::string_view text);

/// One axis of a space.
struct Knob {
  std::string name;
  std::string meaning;          ///< unit and effect, one line
  std::vector<int64_t> values;  ///< every legal value for the layer and target, ascending
};

/// The declared space of one (layer, target): the cross product of the knobs less what `legal`
/// refuses.
struct Space {
  int version =
      3;  ///< changes when a point's meaning changes; records of another version are not used
  std::vector<Knob> knobs;
};

}  // namespace sepconv::schedules
