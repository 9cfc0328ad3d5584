// Schedules: points as text. Knows no knob and no layer.
#include "schedules/space.h"

#include <charconv>

namespace sepconv::schedules {
namespace {

Error point_error(std::string_view text, const std::string& message) {
  Error error;
  error.kind = ErrorKind::input;
  error.message = message;
  error.field = "schedule";
  error.value = std::string(text.substr(0, 200));
  error.hint = "write knob=value,knob=value with integers; `sepconv explain NAME` lists the knobs";
  return error;
}

bool is_knob_name(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_') return false;
  }
  return true;
}

}  // namespace

std::string to_string(const Point& point) {
  std::string text;
  for (const auto& [knob, value] : point) {
    text += (text.empty() ? "" : ",") + knob + "=" + std::to_string(value);
  }
  return text;
}

Result<Point> parse_point(std::string_view text) {
  Point point;
  std::string_view rest = text;
  while (true) {
    const auto comma = rest.find(',');
    const std::string_view item = rest.substr(0, comma);
    const auto equals = item.find('=');
    const std::string_view name = item.substr(0, equals);
    if (equals == std::string_view::npos || !is_knob_name(name)) {
      return fail(
          point_error(text, "has '" + std::string(item) + "' where knob=value is expected"));
    }
    const std::string_view digits = item.substr(equals + 1);
    int64_t value = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (parsed.ec != std::errc{} || parsed.ptr != digits.data() + digits.size()) {
      return fail(point_error(text, "gives knob '" + std::string(name) + "' the value '" +
                                        std::string(digits) + "', which is no integer"));
    }
    if (!point.emplace(name, value).second) {
      return fail(point_error(text, "gives knob '" + std::string(name) + "' twice"));
    }
    if (comma == std::string_view::npos) return point;
    rest.remove_prefix(comma + 1);
  }
}

}  // namespace sepconv::schedules
