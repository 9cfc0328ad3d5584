// Spec: the table of element types. To add a type, add a word to Dtype and a row. Knows no layer.
#include "spec/dtype.h"

#include <cmath>
#include <limits>

namespace sepconv::spec {
namespace {

constexpr std::array kInF32{Dtype::f32};
constexpr std::array kInF32OrF16{Dtype::f32, Dtype::f16};

/// In the order of Dtype.
const std::array kTable{
    DtypeTraits{"f32", 4, 24, -126, 127, Dtype::f32, kInF32},
    DtypeTraits{"f16", 2, 11, -14, 15, Dtype::f32, kInF32OrF16},
};

}  // namespace

const DtypeTraits& traits(Dtype dtype) { return kTable.at(static_cast<size_t>(dtype)); }

std::span<const Dtype> dtypes() {
  static constexpr std::array kAll{Dtype::f32, Dtype::f16};
  static_assert(std::tuple_size_v<decltype(kTable)> == kAll.size());
  return kAll;
}

std::string dtype_words() {
  std::string words;
  for (const Dtype dtype : dtypes()) {
    words += (words.empty() ? "" : " ") + std::string(traits(dtype).word);
  }
  return words;
}

double rounding(Dtype dtype, double magnitude) {
  const DtypeTraits& row = traits(dtype);
  const double least = std::ldexp(1.0, row.min_exponent - row.digits);
  return std::ldexp(magnitude, -row.digits) + least;
}

double rounded(Dtype dtype, double value) {
  const DtypeTraits& row = traits(dtype);
  if (value == 0 || !std::isfinite(value)) return value;
  const int exponent = std::max(std::ilogb(value), row.min_exponent);
  const int unit = exponent + 1 - row.digits;
  const double nearest = std::ldexp(std::nearbyint(std::ldexp(value, -unit)), unit);
  const bool fits = std::abs(nearest) < std::ldexp(1.0, row.max_exponent + 1);
  return fits ? nearest : std::copysign(std::numeric_limits<double>::infinity(), value);
}

}  // namespace sepconv::spec
