// Tune: the points among which a search may choose, and the ways from one to another. Knows no
// measurement.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "schedules/space.h"
#include "support/error.h"
#include "tune/random.h"

namespace sepconv::tune {

using schedules::Point;

/// A declared space with its constraint, or a list of points that alone may be chosen.
struct Domain {
  schedules::Space space;
  /// All reasons against a point; `field` names the knob as `schedule.<knob>`. Empty: legal.
  std::function<Errors(const Point&)> reasons;
  std::vector<Point> only;  ///< not empty: these are the domain, as in a replay
};

/// How many points a domain has.
struct Size {
  double points = 0;
  bool exact = false;  ///< counted, not sampled
};
/// Counts where at most `most` combinations are to be looked at, else samples.
[[nodiscard]] Size size_of(const Domain& domain, size_t most = 20000);

/// Every point in the order of the knobs. Precondition: size_of(domain) says that they fit into
/// memory.
[[nodiscard]] std::vector<Point> all_points(const Domain& domain);

/// Uniform where the constraint allows it at once; else knobs that it names are drawn again. None
/// when no legal point was found.
[[nodiscard]] std::optional<Point> random_point(const Domain& domain, Random& random);

/// A legal point that differs from `point` in one to three knobs, mostly by one step.
[[nodiscard]] std::optional<Point> mutated(const Domain& domain, const Point& point,
                                           Random& random);

/// The legal points that differ from `point` in one knob: by one or two steps, in knobs of few
/// values by any.
[[nodiscard]] std::vector<Point> neighbours(const Domain& domain, const Point& point);

/// A legal point that has each knob, or all knobs of each stage together, from one of two.
[[nodiscard]] std::optional<Point> crossed(const Domain& domain, const Point& a, const Point& b,
                                           Random& random);

/// The nearest legal point: each knob at its nearest declared value, then those that the constraint
/// names moved until it holds. For points of other layers.
[[nodiscard]] std::optional<Point> fitted(const Domain& domain, const Point& point, Random& random);

}  // namespace sepconv::tune
