// Tests of runtime: copies past the caches write what they are given and nothing beside it.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>

extern "C" {
#include "runtime/src/cpu.h"
#include "runtime/src/stream.h"
}

namespace sepconv::runtime {
namespace {

#ifdef __x86_64__

struct Function {
  decltype(&sepconv_stream_avx) copy;
  uint64_t features;  ///< that it needs
};

class Stream : public testing::TestWithParam<Function> {
 protected:
  static constexpr int32_t kStride = 48, kPixels = 3;
  static constexpr size_t kSize = 256;

  void SetUp() override {
    if ((sepconv_cpu_features() & GetParam().features) == 0) GTEST_SKIP() << "no such vectors here";
    for (size_t i = 0; i < from_.size(); ++i) from_[i] = static_cast<float>(i + 1);
  }

  /// The copy of `floats` of each pixel from `first` on, against one by one.
  void expect_copy(int32_t first, int32_t floats) {
    std::array<float, kSize> expected{};
    for (int32_t i = 0; i < kPixels * floats; ++i) {
      const int32_t at = first + i / floats * kStride + i % floats;
      expected[static_cast<size_t>(at)] = from_[static_cast<size_t>(i + 5)];
    }
    EXPECT_EQ(GetParam().copy(to_.data(), first, kStride, from_.data(), 5, kPixels, floats), 0);
    EXPECT_EQ(sepconv_stream_end(), 0);
    EXPECT_EQ(to_, expected);
  }

  alignas(64) std::array<float, kSize> from_{}, to_{};
};

TEST_P(Stream, WholeLines) { expect_copy(16, 32); }
TEST_P(Stream, WholeLinesThatBeginWithinOne) { expect_copy(3, 32); }
TEST_P(Stream, PartsOfLines) { expect_copy(16, 24); }
TEST_P(Stream, LessThanALine) { expect_copy(0, 7); }

INSTANTIATE_TEST_SUITE_P(Vectors, Stream,
                         testing::Values(Function{sepconv_stream_avx, SEPCONV_CPU_X86_64_V3},
                                         Function{sepconv_stream_avx512, SEPCONV_CPU_X86_64_V4}),
                         [](const auto& info) { return info.index == 0 ? "Avx" : "Avx512"; });

#endif

}  // namespace
}  // namespace sepconv::runtime
