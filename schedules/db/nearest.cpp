// Schedules, database: which tuned layers resemble a layer. Knows no schedule.
#include <algorithm>
#include <cmath>

#include "schedules/db/database.h"
#include "spec/name.h"

namespace sepconv::db {
namespace {

constexpr double kOtherCore = 0.5;

/// Whether the layers' loops are alike, so that a distance between their extents means something.
bool comparable(const spec::Layer& one, const spec::Layer& other) {
  if (one.op != other.op || one.dtype != other.dtype || one.layout != other.layout) return false;
  for (size_t i = 0; i < one.stages.size(); ++i) {
    const spec::Window& window = one.stages[i].window;
    const spec::Window& theirs = other.stages[i].window;
    if (window.kernel != theirs.kernel || window.stride != theirs.stride ||
        window.dilation != theirs.dilation) {
      return false;
    }
  }
  return true;
}

double ratio(int64_t one, int64_t other) {
  return std::abs(std::log2(static_cast<double>(one) / static_cast<double>(other)));
}

double distance(const spec::Layer& one, const spec::Layer& other) {
  double sum = ratio(one.input.n, other.input.n) + ratio(one.input.h, other.input.h) +
               ratio(one.input.w, other.input.w) + ratio(one.input.c, other.input.c);
  for (size_t i = 0; i < one.stages.size(); ++i) {
    sum += ratio(one.stages[i].channels_out, other.stages[i].channels_out);
  }
  return sum;
}

bool same_instructions(const targets::Target& one, const targets::Target& other) {
  return one.isa == other.isa && one.features == other.features;
}

}  // namespace

std::vector<Neighbour> nearest(const Database& database, const spec::Layer& layer,
                               const targets::Target& target, size_t limit) {
  std::vector<Neighbour> list;
  for (const Record& record : database.records) {
    const auto theirs = spec::parse_name(record.layer);
    const auto place = targets::parse_target(record.target);
    if (!theirs || !place || !comparable(layer, *theirs) || !same_instructions(target, *place)) {
      continue;
    }
    const double core = place->core.name == target.core.name ? 0 : kOtherCore;
    list.push_back({record, distance(layer, *theirs) + core});
  }
  std::stable_sort(list.begin(), list.end(), [](const Neighbour& one, const Neighbour& other) {
    return one.distance < other.distance;
  });
  if (list.size() > limit) list.resize(limit);
  return list;
}

}  // namespace sepconv::db
