// Schedules, private: reasons against a point, the same for every space. Knows no knob by name.
#pragma once

#include <string>

#include "schedules/space.h"
#include "spec/layer.h"

namespace sepconv::schedules {

/// Collects the reasons against a point. A class because all share layer and point.
class Reasons {
 public:
  Reasons(const spec::Layer& layer, const Point& point) : layer_(layer), point_(point) {}

  void add(const std::string& knob, std::string message, std::string hint);
  [[nodiscard]] bool none() const { return errors_.empty(); }
  Errors take() { return std::move(errors_); }

 private:
  const spec::Layer& layer_;
  const Point& point_;
  Errors errors_;
};

/// Every knob present with a declared value, and no other.
void check_knobs(Reasons& reasons, const Point& point, const Space& space);

}  // namespace sepconv::schedules
