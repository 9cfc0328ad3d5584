// Tests of runtime: packed weights against the documented layout, element by element.
#include <cstring>
#include <string>

#include "fixture.h"

namespace sepconv::runtime {
namespace {

/// One layer's part next to a bias, packed from values that tell every index apart.
struct PackCase {
  std::string name;
  uint32_t kind;
  int64_t ci, co, kh, kw;
};

int64_t padded(int64_t channels) { return (channels + 15) / 16 * 16; }

class PackLayout : public testing::TestWithParam<std::tuple<PackCase, sepconv_order>> {
 protected:
  [[nodiscard]] const PackCase& part() const { return std::get<0>(GetParam()); }
  [[nodiscard]] bool oihw() const { return std::get<1>(GetParam()) == SEPCONV_OIHW; }
  static float value(int64_t co, int64_t ci, int64_t kh, int64_t kw) {
    return static_cast<float>(1 + co + 100 * ci + 10000 * kh + 70000 * kw);
  }
  /// Index of a weight in the user's array.
  [[nodiscard]] size_t source(int64_t co, int64_t ci, int64_t kh, int64_t kw) const {
    const PackCase& p = part();
    const int64_t at = oihw() ? ((co * p.ci + ci) * p.kh + kh) * p.kw + kw
                              : ((kh * p.kw + kw) * p.ci + ci) * p.co + co;
    return static_cast<size_t>(at);
  }
  /// Index of a weight in the packed part, as spec/layer.h has it; co may lie in the padding.
  [[nodiscard]] size_t target(int64_t co, int64_t ci, int64_t kh, int64_t kw) const {
    const PackCase& p = part();
    const int64_t at = p.kind == SEPCONV_PART_DEPTHWISE
                           ? (kh * p.kw + kw) * padded(p.co) + co
                           : (((co / 16 * p.kh + kh) * p.kw + kw) * p.ci + ci) * 16 + co % 16;
    return static_cast<size_t>(at);
  }
  template <class Each>
  void for_each(int64_t channels, Each each) const {
    for (int64_t co = 0; co < channels; ++co) {
      for (int64_t ci = 0; ci < part().ci; ++ci) {
        for (int64_t kh = 0; kh < part().kh; ++kh) {
          for (int64_t kw = 0; kw < part().kw; ++kw) each(co, ci, kh, kw);
        }
      }
    }
  }
};

TEST_P(PackLayout, FollowsTheFormulaAndFillsWithZeros) {
  const PackCase& p = part();
  const int64_t count = p.ci * p.kh * p.kw * padded(p.co);
  Fake fake(2, 2, SEPCONV_AXIS_ROWS, 1);
  fake.parts[0] = {p.kind, SEPCONV_ROLE_WEIGHTS, p.ci, p.co, p.kh, p.kw, 0, count * 4, {count}};
  fake.parts[1] = {SEPCONV_PART_BIAS, SEPCONV_ROLE_BIAS, 1, p.co, 1, 1, count * 4,
                   padded(p.co) * 4,  {padded(p.co)}};
  fake.kernel.packed_bytes = static_cast<size_t>(64 + (count + padded(p.co)) * 4);
  std::vector<float> weights(static_cast<size_t>(p.ci * p.kh * p.kw * p.co)), bias;
  for_each(p.co, [&](auto... at) { weights[source(at...)] = value(at...); });
  for (int64_t c = 0; c < p.co; ++c) bias.push_back(static_cast<float>(-1 - c));
  sepconv_weights given{};
  given.weights = weights.data();
  given.bias = bias.data();
  const Floats packed(fake.kernel.packed_bytes / 4);
  std::fill(packed.data(), packed.data() + fake.kernel.packed_bytes / 4, 99.0f);
  ASSERT_EQ(SEPCONV_OK, sepconv_pack(&fake.kernel, std::get<1>(GetParam()), &given, packed.data(),
                                     packed.bytes()));

  const float* payload = packed.data() + 16;
  for_each(padded(p.co), [&](int64_t co, int64_t ci, int64_t kh, int64_t kw) {
    const float expected = co < p.co ? value(co, ci, kh, kw) : 0.0f;
    EXPECT_EQ(payload[target(co, ci, kh, kw)], expected)
        << co << " " << ci << " " << kh << " " << kw;
  });
  for (int64_t c = 0; c < padded(p.co); ++c) {
    EXPECT_EQ(payload[count + c], c < p.co ? bias[static_cast<size_t>(c)] : 0.0f) << c;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, PackLayout,
    testing::Combine(
        testing::Values(PackCase{"pointwise_tail", SEPCONV_PART_POINTWISE, 5, 20, 1, 1},
                        PackCase{"pointwise_whole", SEPCONV_PART_POINTWISE, 3, 32, 1, 1},
                        PackCase{"pointwise_one", SEPCONV_PART_POINTWISE, 1, 1, 1, 1},
                        PackCase{"depthwise_tail", SEPCONV_PART_DEPTHWISE, 1, 19, 3, 5},
                        PackCase{"depthwise_whole", SEPCONV_PART_DEPTHWISE, 1, 16, 3, 3},
                        PackCase{"dense_tail", SEPCONV_PART_CONV2D, 3, 18, 2, 3},
                        PackCase{"dense_whole", SEPCONV_PART_CONV2D, 2, 16, 3, 1}),
        testing::Values(SEPCONV_HWIO, SEPCONV_OIHW)),
    [](const auto& info) {
      return std::get<0>(info.param).name +
             (std::get<1>(info.param) == SEPCONV_HWIO ? "_hwio" : "_oihw");
    });

class Pack : public testing::Test {
 protected:
  Pack() : fake_(2, 2, SEPCONV_AXIS_ROWS, 1), packed_(fake_.kernel.packed_bytes / 4 + 16) {
    given_.weights = weights_.data();
    given_.bias = bias_.data();
  }
  sepconv_status pack(void* to, size_t bytes, sepconv_order order = SEPCONV_HWIO) {
    return sepconv_pack(&fake_.kernel, order, &given_, to, bytes);
  }
  sepconv_status pack() { return pack(packed_.data(), fake_.kernel.packed_bytes); }

  Fake fake_;
  Floats packed_;
  std::vector<float> weights_ = std::vector<float>(kIn * kOut), bias_ = std::vector<float>(kOut);
  sepconv_weights given_{};
};

TEST_F(Pack, WritesExactlyThePackedBytes) {
  packed_.data()[fake_.kernel.packed_bytes / 4] = 5;
  ASSERT_EQ(pack(packed_.data(), packed_.bytes()), SEPCONV_OK);
  EXPECT_EQ(packed_.data()[fake_.kernel.packed_bytes / 4], 5);
}

TEST_F(Pack, GivesTheSameBytesEveryTime) {
  std::memset(packed_.data(), 0x55, packed_.bytes());
  ASSERT_EQ(pack(), SEPCONV_OK);
  const Floats again(fake_.kernel.packed_bytes / 4);
  ASSERT_EQ(pack(again.data(), again.bytes()), SEPCONV_OK);
  EXPECT_EQ(std::memcmp(again.data(), packed_.data(), again.bytes()), 0);
}

TEST_F(Pack, MissingPointersAreAStatus) {
  EXPECT_EQ(pack(nullptr, fake_.kernel.packed_bytes), SEPCONV_NULL_POINTER);
  given_.bias = nullptr;
  EXPECT_EQ(pack(), SEPCONV_NULL_POINTER);
  EXPECT_EQ(sepconv_pack(&fake_.kernel, SEPCONV_HWIO, nullptr, packed_.data(), packed_.bytes()),
            SEPCONV_NULL_POINTER);
}

TEST_F(Pack, WeightsOfAnAbsentStageAreAStatus) {
  for (const float* sepconv_weights::*array :
       {&sepconv_weights::expand, &sepconv_weights::expand_bias, &sepconv_weights::depthwise,
        &sepconv_weights::depthwise_bias}) {
    given_.*array = bias_.data();
    EXPECT_EQ(pack(), SEPCONV_BAD_ARGUMENT);
    given_.*array = nullptr;
  }
}

TEST_F(Pack, TooLittleRoomIsAStatus) {
  EXPECT_EQ(pack(packed_.data(), fake_.kernel.packed_bytes - 1), SEPCONV_SHORT_BUFFER);
}

TEST_F(Pack, MisalignedMemoryIsAStatus) {
  EXPECT_EQ(pack(packed_.data() + 1, fake_.kernel.packed_bytes), SEPCONV_MISALIGNED);
  given_.bias = reinterpret_cast<const float*>(reinterpret_cast<const char*>(bias_.data()) + 1);
  EXPECT_EQ(pack(), SEPCONV_MISALIGNED);
}

TEST_F(Pack, AnUnknownOrderIsAStatus) {
  EXPECT_EQ(pack(packed_.data(), packed_.bytes(), static_cast<sepconv_order>(2)),
            SEPCONV_BAD_ARGUMENT);
}

TEST_F(Pack, PackingOverTheWeightsIsAStatus) {
  given_.bias = packed_.data() + 100;
  EXPECT_EQ(pack(), SEPCONV_OVERLAP);
}

}  // namespace
}  // namespace sepconv::runtime
