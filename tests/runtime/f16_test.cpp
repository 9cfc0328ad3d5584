// Tests of runtime: halves from and to floats, all of them, and weights packed as halves.
#include <cmath>
#include <cstring>
#include <random>

#include "fixture.h"
#include "spec/dtype.h"

namespace sepconv::runtime {
namespace {

constexpr uint32_t kInfinite = 0x7c00;

TEST(F16, EveryHalfIsTheFloatThatRoundsToIt) {
  for (uint32_t half = 0; half <= kInfinite; ++half) {
    for (const uint32_t sign : {0U, 0x8000U}) {
      const auto bits = static_cast<uint16_t>(sign | half);
      ASSERT_EQ(sepconv_f32_to_f16(sepconv_f16_to_f32(bits)), bits);
    }
  }
}

TEST(F16, HalfwayGoesToEvenAndTheRestToTheNearest) {
  for (uint32_t half = 0; half + 1 < kInfinite; ++half) {
    const auto below = static_cast<uint16_t>(half);
    const auto above = static_cast<uint16_t>(half + 1);
    const float middle = (sepconv_f16_to_f32(below) + sepconv_f16_to_f32(above)) / 2;
    ASSERT_EQ(sepconv_f32_to_f16(middle), half % 2 == 0 ? below : above);
    ASSERT_EQ(sepconv_f32_to_f16(std::nextafter(middle, 0.0f)), below);
    ASSERT_EQ(sepconv_f32_to_f16(std::nextafter(middle, 1e9f)), above);
  }
}

TEST(F16, RoundsAsTheSpecSays) {
  std::mt19937 random(5);
  for (int i = 0; i < 200000; ++i) {
    const uint32_t bits = random();
    float value = 0;
    std::memcpy(&value, &bits, sizeof(value));
    if (std::isnan(value)) {
      ASSERT_TRUE(std::isnan(sepconv_f16_to_f32(sepconv_f32_to_f16(value))));
      continue;
    }
    const auto expected = static_cast<float>(spec::rounded(spec::Dtype::f16, value));
    ASSERT_EQ(sepconv_f16_to_f32(sepconv_f32_to_f16(value)), expected) << value;
  }
}

TEST(F16, WeightsArePackedAsHalvesBesideBiasesInF32) {
  Fake fake(2, 2, SEPCONV_AXIS_ROWS, 1);
  const int64_t in = fake.parts[0].ci, out = fake.parts[0].co;
  fake.parts[0].dtype = SEPCONV_DTYPE_F16;
  std::vector<float> weights(static_cast<size_t>(in * out), 1.00024414f), bias(out, 1.00024414f);
  weights[1] = 70000;
  sepconv_weights given{};
  given.weights = weights.data();
  given.bias = bias.data();
  const Floats packed(fake.kernel.packed_bytes / 4);
  ASSERT_EQ(SEPCONV_OK,
            sepconv_pack(&fake.kernel, SEPCONV_HWIO, &given, packed.data(), packed.bytes()));
  const auto* payload = reinterpret_cast<const unsigned char*>(packed.data()) + 64;
  uint16_t halves[2];
  std::memcpy(halves, payload, sizeof(halves));
  EXPECT_EQ(halves[0], 0x3c00);
  EXPECT_EQ(halves[1], kInfinite);
  float first = 0;
  std::memcpy(&first, payload + fake.parts[1].offset, sizeof(first));
  EXPECT_EQ(first, bias[0]);
}

}  // namespace
}  // namespace sepconv::runtime
