// Schedules, private: reasons against a point, the same for every space. Knows no knob by name.
#include "schedules/reasons.h"

#include <algorithm>

namespace sepconv::schedules {
namespace {

std::string list(const std::vector<int64_t>& values) {
  std::string text;
  for (const int64_t value : values) {
    if (!text.empty()) text += ' ';
    text += std::to_string(value);
  }
  return text;
}

}  // namespace

void Reasons::add(const std::string& knob, std::string message, std::string hint) {
  Error error;
  error.kind = ErrorKind::input;
  error.layer = layer_.name;
  error.field = "schedule." + knob;
  const auto found = point_.find(knob);
  if (found != point_.end()) error.value = std::to_string(found->second);
  error.message = std::move(message);
  error.hint = std::move(hint);
  errors_.push_back(std::move(error));
}

void check_knobs(Reasons& reasons, const Point& point, const Space& space) {
  for (const Knob& knob : space.knobs) {
    const auto found = point.find(knob.name);
    const std::string hint = knob.meaning + "; one of " + list(knob.values);
    if (found == point.end()) {
      reasons.add(knob.name, "the schedule lacks this knob", hint);
    } else if (!std::binary_search(knob.values.begin(), knob.values.end(), found->second)) {
      reasons.add(knob.name, "is outside this layer's space", hint);
    }
  }
  for (const auto& given : point) {
    const bool known = std::any_of(space.knobs.begin(), space.knobs.end(),
                                   [&](const Knob& knob) { return knob.name == given.first; });
    if (!known) {
      reasons.add(given.first, "is no knob of this layer's space",
                  "`sepconv inspect NAME --emit schedule` lists the knobs");
    }
  }
}

}  // namespace sepconv::schedules
