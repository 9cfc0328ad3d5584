// Tests of runtime: kernels that compute a tuned batch at once, on other batches.
#include <algorithm>

#include "fixture.h"

namespace sepconv::runtime {
namespace {

constexpr int64_t kImages = 4;

/// Pixels of each call of the function.
std::vector<int> pixels() {
  std::vector<int> list;
  for (const Seen& one : seen()) list.push_back(one.output().dims[1].extent);
  return list;
}

class Batch : public testing::TestWithParam<int64_t> {};

TEST_P(Batch, IsComputedWhole) {
  for (const uint32_t threads : {1u, 2u}) {
    Fake fake(2, 3, SEPCONV_AXIS_PIXELS, 5);
    fake.set_input_pixel_stride(7);
    fake.set_output_pixel_stride(32);
    fake.add_residual(false);
    fake.set_images(kImages);
    Call call(fake, GetParam(), threads, on_threads);
    std::fill(call.output.data(), call.output.data() + call.output.bytes() / 4, -1.0F);
    call.call.workspace_bytes = sepconv_workspace_bytes(&fake.kernel, &call.call);
    ASSERT_LE(call.call.workspace_bytes, call.workspace.bytes());
    ASSERT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_OK);
    EXPECT_EQ(call.wrong_outputs(fake), 0);
    for (size_t i = 0; i < call.output.bytes() / 4; ++i) {
      if (i % 32 >= kOut) EXPECT_EQ(call.output.data()[i], -1) << "between pixels, at " << i;
    }
  }
}

// None, less, equal, a rest, a multiple, a multiple and a rest.
INSTANTIATE_TEST_SUITE_P(Images, Batch, testing::Values(0, 1, 3, 4, 5, 8, 11));

TEST(Batches, AreComputedATunedBatchAtATime) {
  Fake fake(2, 3, SEPCONV_AXIS_PIXELS, 5);
  fake.set_images(kImages);
  const Call whole(fake, 8);
  ASSERT_EQ(sepconv_run(&fake.kernel, &whole.call), SEPCONV_OK);
  EXPECT_EQ(pixels(), (std::vector{24, 24}));
  const Call rest(fake, 5);
  ASSERT_EQ(sepconv_run(&fake.kernel, &rest.call), SEPCONV_OK);
  EXPECT_EQ(pixels(), (std::vector{24, 24}));
  EXPECT_NE(seen()[1].output().host, reinterpret_cast<uint8_t*>(rest.output.data()));
}

TEST(Batches, ThatAreNoMultipleNeedAWorkspaceOfATunedOne) {
  Fake fake(2, 3, SEPCONV_AXIS_PIXELS, 5);
  fake.set_images(kImages);
  Call call(fake, 3);
  const size_t input = 4 * 6 * kIn * 4, output = 4 * 6 * kOut * 4, scratch = 128;
  EXPECT_EQ(sepconv_workspace_bytes(&fake.kernel, &call.call), scratch + input + output);
  call.call.workspace_bytes = scratch + input + output - 1;
  EXPECT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_SHORT_WORKSPACE);
  const Call more(fake, 5);
  EXPECT_EQ(sepconv_workspace_bytes(&fake.kernel, &more.call), scratch + input + output);
  const Call whole(fake, 8);
  EXPECT_EQ(sepconv_workspace_bytes(&fake.kernel, &whole.call), scratch);
}

TEST(Batches, SplitIntoTasksWhereTheyAreAMultiple) {
  Fake fake(2, 3, SEPCONV_AXIS_PIXELS, 5);  // 24 pixels of four images are four tasks
  fake.set_images(kImages);
  const Call call(fake, 8);
  ASSERT_EQ(sepconv_tasks(&fake.kernel, &call.call), 8u);
  ASSERT_EQ(sepconv_run_tasks(&fake.kernel, &call.call, 0, 3), SEPCONV_OK);
  ASSERT_EQ(sepconv_run_tasks(&fake.kernel, &call.call, 3, 8), SEPCONV_OK);
  EXPECT_EQ(call.wrong_outputs(fake), 0);
  const Call ragged(fake, 6);
  EXPECT_EQ(sepconv_tasks(&fake.kernel, &ragged.call), 1u);
  EXPECT_EQ(sepconv_run_tasks(&fake.kernel, &ragged.call, 0, 1), SEPCONV_NOT_SPLITTABLE);
}

}  // namespace
}  // namespace sepconv::runtime
