// Spec: element types as one table: how they are stored and what they can hold. Knows no layer.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sepconv::spec {

enum class Dtype { f32, f16 };

/// A row of the table. Values are whole multiples of 2^(e + 1 - digits) for their exponent e, which
/// is at least min_exponent and at most max_exponent; zeros and denormals are multiples of the
/// least of these.
struct DtypeTraits {
  std::string_view word;
  int64_t bytes = 4;
  int digits = 24;  ///< of the significand, the leading one among them: whole numbers below
                    ///< 2^digits are exact, and a store rounds by at most 2^-digits of the value
  int min_exponent = -126, max_exponent = 127;
  Dtype bias = Dtype::f32;              ///< what biases of such a layer are packed as
  std::span<const Dtype> accumulators;  ///< what sums may be kept in; the first is the default
};
[[nodiscard]] const DtypeTraits& traits(Dtype dtype);

/// Every type, in the order of the table.
[[nodiscard]] std::span<const Dtype> dtypes();

/// All words, for hints: "f32 f16".
[[nodiscard]] std::string dtype_words();

/// The most that rounding to the type moves a value of this magnitude.
[[nodiscard]] double rounding(Dtype dtype, double magnitude);
/// The type's nearest value, ties to even; infinity beyond the largest.
[[nodiscard]] double rounded(Dtype dtype, double value);

}  // namespace sepconv::spec
