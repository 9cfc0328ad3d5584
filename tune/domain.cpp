// Tune: the points among which a search may choose, and the ways from one to another. Knows no
// measurement.
#include "tune/domain.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

namespace sepconv::tune {
namespace {

using schedules::Knob;

constexpr int kRepairs = 60;
constexpr int kAttempts = 20;
constexpr size_t kSamples = 4000;

double combinations(const Domain& domain) {
  double product = 1;
  for (const Knob& knob : domain.space.knobs) product *= static_cast<double>(knob.values.size());
  return product;
}

Point first_point(const Domain& domain) {
  Point point;
  for (const Knob& knob : domain.space.knobs) point[knob.name] = knob.values.front();
  return point;
}

Point any_point(const Domain& domain, Random& random) {
  Point point;
  for (const Knob& knob : domain.space.knobs) point[knob.name] = random.pick(knob.values);
  return point;
}

/// Visits every combination, legal or not.
template <class Visit>
void for_each_combination(const Domain& domain, const Visit& visit) {
  const auto& knobs = domain.space.knobs;
  std::vector<size_t> digits(knobs.size(), 0);
  Point point = first_point(domain);
  while (true) {
    visit(point);
    size_t k = knobs.size();
    while (k > 0) {
      const Knob& knob = knobs[k - 1];
      digits[k - 1] = (digits[k - 1] + 1) % knob.values.size();
      point[knob.name] = knob.values[digits[k - 1]];
      if (digits[k - 1] != 0) break;
      --k;
    }
    if (k == 0) return;
  }
}

size_t index_of(const Knob& knob, int64_t value) {
  const auto place = std::lower_bound(knob.values.begin(), knob.values.end(), value);
  if (place == knob.values.end()) return knob.values.size() - 1;
  const auto index = static_cast<size_t>(place - knob.values.begin());
  if (index == 0 || *place == value) return index;
  return value - knob.values[index - 1] <= *place - value ? index - 1 : index;
}

void step(const Knob& knob, Point& point, Random& random) {
  const size_t count = knob.values.size();
  if (count < 2) return;
  const size_t at = index_of(knob, point[knob.name]);
  const bool up = at == 0 || (at + 1 < count && random.chance(0.5));
  point[knob.name] = knob.values[up ? at + 1 : at - 1];
}

/// The prefix that the knobs of a stage share.
std::string stage_of(const Knob& knob) { return knob.name.substr(0, knob.name.find('_')); }

/// A knob that the reasons name, or any of its stage: what does not fit is often its neighbour's
/// fault.
const Knob& culprit(const Domain& domain, const Errors& reasons, Random& random) {
  const std::string& field = random.pick(reasons).field;
  const std::string name = field.substr(field.find('.') + 1);
  const std::string prefix = name.substr(0, name.find('_'));
  std::vector<const Knob*> named, related;
  for (const Knob& knob : domain.space.knobs) {
    if (knob.name == name) named.push_back(&knob);
    if (stage_of(knob) == prefix) related.push_back(&knob);
  }
  if (!named.empty() && random.chance(0.5)) return *named.front();
  if (!related.empty() && random.chance(0.8)) return *random.pick(related);
  return random.pick(domain.space.knobs);
}

/// Draws or moves knobs until the constraint holds.
std::optional<Point> repaired(const Domain& domain, Point point, bool by_steps, Random& random) {
  for (int i = 0; i < kRepairs; ++i) {
    const Errors reasons = domain.reasons(point);
    if (reasons.empty()) return point;
    if (domain.space.knobs.empty()) return std::nullopt;
    const Knob& knob = culprit(domain, reasons, random);
    if (by_steps && random.chance(0.8)) {
      step(knob, point, random);
    } else {
      point[knob.name] = random.pick(knob.values);
    }
  }
  return std::nullopt;
}

/// Steps between two points, knob by knob.
size_t distance(const Domain& domain, const Point& a, const Point& b) {
  size_t sum = 0;
  for (const Knob& knob : domain.space.knobs) {
    const auto at = [&](const Point& point) {
      const auto found = point.find(knob.name);
      return found == point.end() ? 0 : static_cast<int64_t>(index_of(knob, found->second));
    };
    sum += static_cast<size_t>(std::abs(at(a) - at(b)));
  }
  return sum;
}

/// One of the nearest points of a list, the nearest most often.
std::optional<Point> near_in_list(const Domain& domain, const Point& point, Random& random) {
  std::vector<std::pair<size_t, const Point*>> sorted;
  for (const Point& other : domain.only) {
    if (other != point) sorted.emplace_back(distance(domain, point, other), &other);
  }
  if (sorted.empty()) return std::nullopt;
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : *a.second < *b.second;
  });
  return *sorted[random.below(random.below(std::min<size_t>(sorted.size(), 24)) + 1)].second;
}

}  // namespace

Size size_of(const Domain& domain, size_t most) {
  if (!domain.only.empty()) return {static_cast<double>(domain.only.size()), true};
  const double all = combinations(domain);
  size_t legal = 0;
  if (all <= static_cast<double>(most)) {
    for_each_combination(domain,
                         [&](const Point& point) { legal += domain.reasons(point).empty(); });
    return {static_cast<double>(legal), true};
  }
  Random random(0);
  for (size_t i = 0; i < kSamples; ++i) legal += domain.reasons(any_point(domain, random)).empty();
  // Where no sample is legal, less than one in kSamples probably is.
  const double share = std::max<double>(static_cast<double>(legal), 0.5) / kSamples;
  return {share * all, false};
}

std::vector<Point> all_points(const Domain& domain) {
  if (!domain.only.empty()) return domain.only;
  std::vector<Point> points;
  for_each_combination(domain, [&](const Point& point) {
    if (domain.reasons(point).empty()) points.push_back(point);
  });
  return points;
}

std::optional<Point> random_point(const Domain& domain, Random& random) {
  if (!domain.only.empty()) return random.pick(domain.only);
  for (int i = 0; i < kAttempts; ++i) {
    if (auto point = repaired(domain, any_point(domain, random), false, random)) return point;
  }
  return std::nullopt;
}

std::optional<Point> mutated(const Domain& domain, const Point& point, Random& random) {
  if (!domain.only.empty()) return near_in_list(domain, point, random);
  if (domain.space.knobs.empty()) return std::nullopt;
  for (int i = 0; i < kAttempts; ++i) {
    Point changed = point;
    const size_t count = 1 + random.below(3);
    for (size_t k = 0; k < count; ++k) {
      const Knob& knob = random.pick(domain.space.knobs);
      if (random.chance(0.75)) {
        step(knob, changed, random);
      } else {
        changed[knob.name] = random.pick(knob.values);
      }
    }
    auto legal = repaired(domain, std::move(changed), true, random);
    if (legal && *legal != point) return legal;
  }
  return std::nullopt;
}

std::vector<Point> neighbours(const Domain& domain, const Point& point) {
  constexpr size_t kFew = 4;
  constexpr size_t kSteps = 2;
  std::vector<Point> legal;
  if (!domain.only.empty()) {
    for (const Point& other : domain.only) {
      const size_t steps = distance(domain, point, other);
      if (steps > 0 && steps <= kSteps) legal.push_back(other);
    }
    return legal;
  }
  for (const Knob& knob : domain.space.knobs) {
    Point other = point;
    const size_t at = index_of(knob, point.at(knob.name));
    for (size_t i = 0; i < knob.values.size(); ++i) {
      const size_t steps = i > at ? i - at : at - i;
      if (steps == 0 || (steps > kSteps && knob.values.size() > kFew)) continue;
      other[knob.name] = knob.values[i];
      if (domain.reasons(other).empty()) legal.push_back(other);
    }
  }
  return legal;
}

std::optional<Point> crossed(const Domain& domain, const Point& a, const Point& b, Random& random) {
  Point child;
  // What one stage costs depends little on the others, so that the best of each may be put
  // together.
  const bool by_stage = random.chance(0.6);
  std::map<std::string, bool> first;
  for (const Knob& knob : domain.space.knobs) {
    const auto [side, fresh] = first.emplace(by_stage ? stage_of(knob) : knob.name, false);
    if (fresh) side->second = random.chance(0.5);
    const Point& parent = side->second ? a : b;
    const auto found = parent.find(knob.name);
    child[knob.name] = found == parent.end() ? knob.values.front() : found->second;
  }
  if (!domain.only.empty()) return near_in_list(domain, child, random);
  return repaired(domain, std::move(child), true, random);
}

std::optional<Point> fitted(const Domain& domain, const Point& point, Random& random) {
  if (!domain.only.empty()) return near_in_list(domain, point, random);
  Point near;
  for (const Knob& knob : domain.space.knobs) {
    const auto found = point.find(knob.name);
    near[knob.name] =
        found == point.end() ? knob.values.front() : knob.values[index_of(knob, found->second)];
  }
  return repaired(domain, std::move(near), true, random);
}

}  // namespace sepconv::tune
