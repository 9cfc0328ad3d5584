// Measure: a small generator of numbers that gives the same values on every machine. Knows no
// layer.
#pragma once

#include <cmath>
#include <cstdint>
#include <string_view>

namespace sepconv::measure {

/// SplitMix64 (Steele, Lea, Flood 2014): one addition and three mixing steps per 64 bits.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  /// A generator of its own for every (text, stream).
  Random(std::string_view text, uint64_t stream) : state_(hash(text) ^ stream * kStep) {}

  uint64_t bits() {
    uint64_t z = (state_ += kStep);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  /// Uniform over [0, count); count is at least 1 and far below 2^32.
  int64_t below(int64_t count) {
    return static_cast<int64_t>((bits() >> 32) * static_cast<uint64_t>(count) >> 32);
  }
  /// A whole number with 1 <= |value| <= largest.
  int64_t signed_nonzero(int64_t largest) {
    const int64_t magnitude = 1 + below(largest);
    return (bits() >> 63) != 0 ? magnitude : -magnitude;
  }
  /// About normal: mean 0, deviation 1, within +-3.5; never zero or denormal. Sum of four uniforms
  /// in integers, so that no mathematical library has a say.
  float normal() {
    const uint64_t word = bits();
    int64_t sum = -2 * 65535;
    for (int shift = 0; shift < 64; shift += 16) sum += static_cast<int64_t>(word >> shift & 65535);
    if (sum == 0) sum = 1;
    return static_cast<float>(static_cast<double>(sum) * (1.7320508075688772 / 65536));
  }

 private:
  static constexpr uint64_t kStep = 0x9e3779b97f4a7c15u;
  static uint64_t hash(std::string_view text) {  // FNV-1a
    uint64_t value = 0xcbf29ce484222325u;
    for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    return value;
  }
  uint64_t state_;
};

}  // namespace sepconv::measure
