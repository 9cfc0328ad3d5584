// Tests of runtime: the installed headers from C99 and C++17 code.
#include <set>
#include <string>

#include "fixture.h"

extern "C" int headers_c99_status(const sepconv_kernel* kernel);
extern "C" const char* headers_other_c99_message(sepconv_status status);
std::vector<float> headers_cpp17_run(const sepconv_kernel* kernel, const sepconv_weights& weights,
                                     const std::vector<float>& input, size_t outputs,
                                     uint32_t threads);

namespace sepconv::runtime {
namespace {

TEST(Headers, ANullKernelIsAStatusOfEveryFunction) {
  EXPECT_EQ(headers_c99_status(nullptr), SEPCONV_NULL_POINTER);
}

TEST(Headers, AnotherAbiVersionIsAStatusOfEveryFunction) {
  sepconv_kernel kernel{};  // nothing but its first field may be read
  kernel.abi_version = SEPCONV_ABI_VERSION + 1;
  EXPECT_EQ(headers_c99_status(&kernel), SEPCONV_ABI_MISMATCH);
}

TEST(Headers, EveryStatusHasAMessageOfItsOwn) {
  std::set<std::string> messages;
  for (int i = SEPCONV_OK; i <= SEPCONV_KERNEL_FAILED; ++i) {
    messages.insert(headers_other_c99_message(static_cast<sepconv_status>(i)));
  }
  EXPECT_EQ(messages.size(), size_t{SEPCONV_KERNEL_FAILED} + 1);
  EXPECT_FALSE(messages.contains("unknown status"));
}

TEST(Headers, DenseTensorsHaveTheStridesOfTheirLayout) {
  const sepconv_tensor nhwc = sepconv_dense_nhwc(nullptr, 2, 3, 4, 5);
  const sepconv_tensor nchw = sepconv_dense_nchw(nullptr, 2, 3, 4, 5);
  const int64_t nhwc_strides[4] = {60, 20, 5, 1}, nchw_strides[4] = {60, 4, 1, 12};
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(nhwc.stride[i], nhwc_strides[i]);
    EXPECT_EQ(nchw.stride[i], nchw_strides[i]);
    EXPECT_EQ(nchw.extent[i], 2 + i);
  }
}

TEST(Headers, TheCppApiRunsAKernelWithAndWithoutThreads) {
  const Fake fake(6, 2, SEPCONV_AXIS_ROWS, 1);
  const std::vector<float> input(6 * 2 * kIn, 4), weights(kIn * kOut), bias(kOut);
  sepconv_weights given{};
  given.weights = weights.data();
  given.bias = bias.data();
  const std::vector<float> expected(6 * 2 * kOut, 5);
  clear_seen();
  EXPECT_EQ(headers_cpp17_run(&fake.kernel, given, input, expected.size(), 0), expected);
  EXPECT_EQ(seen().size(), 1u);
  clear_seen();
  EXPECT_EQ(headers_cpp17_run(&fake.kernel, given, input, expected.size(), 3), expected);
  EXPECT_EQ(seen().size(), 3u);
}

TEST(Headers, TheCppApiReportsWeightsThatDoNotFit) {
  const Fake fake(6, 2, SEPCONV_AXIS_ROWS, 1);
  EXPECT_TRUE(headers_cpp17_run(&fake.kernel, {}, {}, 1, 0).empty());
}

}  // namespace
}  // namespace sepconv::runtime
