// Generators: elements as they are stored, to and from the type of the sums. Knows no stage and no
// schedule.
#include "generators/elements.h"

namespace sepconv::generators {

using Halide::Expr;
using Halide::Type;

namespace {

Type type_of(spec::Dtype dtype) {
  return Halide::Float(8 * static_cast<int>(spec::traits(dtype).bytes));
}

/// f16 where no instruction converts it.
const Type kBits = Halide::UInt(16);

/// The half's bits moved to a float's place have the right value but for the exponent's bias.
/// Denormal halves take the least normal one's exponent and lose its value again. No product mends
/// the bias: the compiler would join two of them to one that is infinite. Infinite halves become
/// 65536.
Expr widen_bits(const Expr& half) {
  constexpr float kLeastNormal = 0x1p-14f;
  const Expr bits = Halide::cast<uint32_t>(half);
  const Expr sign = (bits & Expr(0x8000u)) << 16;
  const Expr moved = (bits & Expr(0x7fffu)) << 13;
  const Expr normal = moved + Expr(112u << 23);
  const Expr denormal = Halide::reinterpret<float>(moved + Expr(113u << 23)) - kLeastNormal;
  const Expr magnitude =
      Halide::select(moved < Expr(1u << 23), Halide::reinterpret<uint32_t>(denormal), normal);
  return Halide::reinterpret<float>(magnitude | sign);
}

/// Rounds a normal half in the float's own bits, a denormal one by adding a number whose last place
/// is the half's; from 65520 on both are infinite.
Expr narrow_bits(const Expr& value) {
  const Expr bits = Halide::reinterpret<uint32_t>(value);
  const Expr sign = (bits >> 16) & Expr(0x8000u);
  const Expr magnitude = Halide::min(Halide::abs(value), 65520.0f);
  const Expr digits = Halide::reinterpret<uint32_t>(magnitude);
  const Expr odd = (digits >> 13) & Expr(1u);
  const Expr normal = ((digits + odd + Expr(0xfffu)) >> 13) - Expr(112u << 10);
  const Expr shifted = Halide::reinterpret<uint32_t>(magnitude + 0.5f);
  const Expr denormal = shifted - Halide::reinterpret<uint32_t>(Expr(0.5f));
  const Expr rounded = Halide::select(digits < Expr(0x38800000u), denormal, normal);
  return Halide::cast(kBits, sign | rounded);
}

}  // namespace

Types types(const spec::Layer& layer, const Halide::Target& target) {
  const auto stored = [&](spec::Dtype dtype) {
    const bool bits = dtype == spec::Dtype::f16 && target.has_feature(Halide::Target::OpenCL);
    return bits ? kBits : type_of(dtype);
  };
  return {stored(layer.dtype), stored(layer.dtype), stored(spec::traits(layer.dtype).bias),
          type_of(layer.accumulate)};
}

Expr load(const Expr& stored, const Type& to) {
  if (stored.type() == to) return stored;
  return stored.type() == kBits ? widen_bits(stored) : Halide::cast(to, stored);
}

Expr store(const Expr& value, const Type& to) {
  if (value.type() == to) return value;
  return to == kBits ? narrow_bits(value) : Halide::cast(to, value);
}

}  // namespace sepconv::generators
