// Tests of runtime: calls at the edge of what is allowed.
#include "fixture.h"

namespace sepconv::runtime {
namespace {

TEST(Argument, ACorrectCallRuns) {
  const Fake fake(3, 5, SEPCONV_AXIS_ROWS, 1);
  const Call call(fake);
  EXPECT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_OK);
  EXPECT_EQ(call.wrong_outputs(fake), 0);
}

TEST(Argument, ANullCallIsAStatus) {
  const Fake fake(3, 5, SEPCONV_AXIS_ROWS, 1);
  EXPECT_EQ(sepconv_run(&fake.kernel, nullptr), SEPCONV_NULL_POINTER);
}

TEST(Argument, ABatchOfNoneNeedsNoMemoryAndRunsNothing) {
  const Fake fake(3, 5, SEPCONV_AXIS_ROWS, 1);
  Call call(fake, 0);
  call.call.input.data = call.call.output.data = call.call.workspace = nullptr;
  call.call.workspace_bytes = 0;
  EXPECT_EQ(sepconv_workspace_bytes(&fake.kernel, &call.call), 0u);
  EXPECT_EQ(sepconv_tasks(&fake.kernel, &call.call), 0u);
  EXPECT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_OK);
  EXPECT_TRUE(seen().empty());
}

TEST(Argument, AKernelWithoutScratchNeedsNoWorkspace) {
  Fake fake(3, 5, SEPCONV_AXIS_ROWS, 1);
  fake.variants.front().scratch_bytes = 0;
  fake.phases.front().function = [](void**) { return 0; };
  Call call(fake);
  call.call.workspace = nullptr;
  call.call.workspace_bytes = 0;
  EXPECT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_OK);
}

TEST(Argument, AWorkspaceOfExactlyTheSaidBytesIsEnough) {
  const Fake fake(3, 5, SEPCONV_AXIS_ROWS, 1);
  Call call(fake, 2, 3, forwards);
  call.call.workspace_bytes = sepconv_workspace_bytes(&fake.kernel, &call.call);
  EXPECT_EQ(call.call.workspace_bytes, 3u * 128);
  EXPECT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_OK);
}

TEST(Argument, ThreadsWithoutParallelForCountAsOne) {
  const Fake fake(3, 5, SEPCONV_AXIS_ROWS, 1);
  const Call call(fake, 2, 3);
  EXPECT_EQ(sepconv_workspace_bytes(&fake.kernel, &call.call), 128u);
}

TEST(Argument, WithoutACallTheTunedBatchCounts) {
  Fake fake(3, 5, SEPCONV_AXIS_ROWS, 1);
  fake.kernel.output.extent[0] = 4;
  EXPECT_EQ(sepconv_tasks(&fake.kernel, nullptr), 12u);
  EXPECT_EQ(sepconv_workspace_bytes(&fake.kernel, nullptr), 128u);
  EXPECT_STREQ(sepconv_target(&fake.kernel), "x86-64-v2");
}

TEST(Argument, AMissingResidualIsAStatus) {
  Fake fake(3, 5, SEPCONV_AXIS_ROWS, 1);
  fake.add_residual(false);
  Call call(fake);
  call.call.residual.data = nullptr;
  EXPECT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_NULL_POINTER);
  call.call.residual = {};
  EXPECT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_BAD_EXTENT);
}

TEST(Argument, ACpuWithoutAVariantIsAStatusOfEveryFunction) {
  Fake fake(3, 5, SEPCONV_AXIS_ROWS, 1);
  const Call call(fake);
  fake.variants.front().required_features = 1ull << 62;
  EXPECT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_UNSUPPORTED_CPU);
  EXPECT_EQ(sepconv_workspace_bytes(&fake.kernel, &call.call), 0u);
  EXPECT_EQ(sepconv_tasks(&fake.kernel, &call.call), 0u);
  EXPECT_EQ(sepconv_target(&fake.kernel), nullptr);
}

TEST(Argument, CodeThatGivesUpIsAStatus) {
  Fake fake(3, 5, SEPCONV_AXIS_ROWS, 1);
  fake.phases.front().function = [](void**) { return -1; };
  const Call call(fake, 2, 2, forwards);
  EXPECT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_KERNEL_FAILED);
}

}  // namespace
}  // namespace sepconv::runtime
