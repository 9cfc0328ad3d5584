// Measure: outputs against what they must be, and where they differ. Knows no kernel.
#include "measure/compare.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "measure/buffers.h"

namespace sepconv::measure {

namespace {

using Position = std::array<int64_t, 4>;
constexpr std::array<char, 4> kAxes{'n', 'h', 'w', 'c'};

Position unravel(const spec::Shape& shape, int64_t index) {
  const int64_t pixel = index / shape.c;
  return {pixel / shape.w / shape.h, pixel / shape.w % shape.h, pixel % shape.w, index % shape.c};
}

/// Which outputs are wrong: the first, their number and the box around them.
struct Wrong {
  int64_t count = 0, first = -1, unwritten = 0;
  Position low{}, high{};

  void add(const spec::Shape& shape, int64_t index, float value) {
    uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof(bits));
    if (bits == kPoison) ++unwritten;
    const Position at = unravel(shape, index);
    if (count++ == 0) {
      first = index;
      low = high = at;
    }
    for (size_t i = 0; i < at.size(); ++i) {
      low[i] = std::min(low[i], at[i]);
      high[i] = std::max(high[i], at[i]);
    }
  }
};

std::string describe(const Wrong& wrong, const spec::Shape& shape, double actual, double expected,
                     double bound) {
  const std::string value = fmt::format("{:.9g}", actual);
  std::string text =
      fmt::format("output {} is {}, must be {:.9g}", position(shape, wrong.first), value, expected);
  if (bound > 0) text += fmt::format(" +- {:.3g}", bound);
  text += fmt::format("; {} of {} are wrong:", wrong.count, shape.elements());
  for (size_t i = 0; i < kAxes.size(); ++i) {
    text += fmt::format(" {} {}..{}", kAxes[i], wrong.low[i], wrong.high[i]);
  }
  if (wrong.unwritten > 0) text += fmt::format("; {} were never written", wrong.unwritten);
  return text;
}

double share_of(double error, double bound) {
  if (error == 0) return 0;
  return bound == 0 ? std::numeric_limits<double>::infinity() : error / bound;
}

}  // namespace

std::string position(const spec::Shape& shape, int64_t index) {
  const Position at = unravel(shape, index);
  return fmt::format("[n={} h={} w={} c={}]", at[0], at[1], at[2], at[3]);
}

Comparison compare(const spec::Shape& shape, const reference::Expected& expected,
                   const std::vector<float>& actual) {
  Comparison result;
  Wrong wrong;
  double largest = 0;
  for (int64_t i = 0; i < shape.elements(); ++i) {
    const auto at = static_cast<size_t>(i);
    const double bound = expected.bounds.empty() ? 0 : expected.bounds[at];
    double error = std::abs(static_cast<double>(actual[at]) - expected.values[at]);
    if (std::isnan(error)) error = std::numeric_limits<double>::infinity();
    if (error > bound) wrong.add(shape, i, actual[at]);
    const double share = share_of(error, bound);
    if (i == 0 || share > largest || (share == largest && error > result.max_error)) {
      largest = share;
      result.max_error = error;
      result.bound = bound;
    }
  }
  if (wrong.count > 0) {
    const auto at = static_cast<size_t>(wrong.first);
    result.difference = describe(wrong, shape, actual[at], expected.values[at],
                                 expected.bounds.empty() ? 0 : expected.bounds[at]);
  }
  return result;
}

}  // namespace sepconv::measure
