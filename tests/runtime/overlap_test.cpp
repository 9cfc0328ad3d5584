// Tests of runtime: which buffers may share memory.
#include "fixture.h"

namespace sepconv::runtime {
namespace {

class Overlap : public testing::Test {
 protected:
  Overlap() : fake_(3, 5, SEPCONV_AXIS_ROWS, 1), call_(fake_), memory_(4096) {}
  sepconv_status run() { return sepconv_run(&fake_.kernel, &call_.call); }
  /// The output's elements and bytes.
  static constexpr int64_t kOutputs = 3 * 5 * kOut, kInputs = 3 * 5 * kIn;

  Fake fake_;
  Call call_;
  Floats memory_;
};

TEST_F(Overlap, InputAndOutputMayTouchButNotShareAnElement) {
  call_.call.output.data = memory_.data() + kInputs;
  call_.call.input.data = memory_.data();
  EXPECT_EQ(run(), SEPCONV_OK);
  call_.call.input.data = memory_.data() + 1;
  EXPECT_EQ(run(), SEPCONV_OVERLAP);
  call_.call.input.data = memory_.data() + kInputs + kOutputs;
  EXPECT_EQ(run(), SEPCONV_OK);
  call_.call.input.data = memory_.data() + kInputs + kOutputs - 1;
  EXPECT_EQ(run(), SEPCONV_OVERLAP);
}

TEST_F(Overlap, RunningInPlaceIsRefused) {
  call_.call.input.data = call_.call.output.data;
  EXPECT_EQ(run(), SEPCONV_OVERLAP);
}

TEST_F(Overlap, TheOutputMayNotShareWithThePackedWeights) {
  call_.call.output.data = call_.packed.data() + 8;
  EXPECT_EQ(run(), SEPCONV_OVERLAP);
}

TEST_F(Overlap, TheWorkspaceIsItsOwn) {
  void* workspace = call_.call.workspace;
  for (void* other :
       {call_.call.output.data, call_.call.input.data, static_cast<void*>(call_.packed.data())}) {
    call_.call.workspace = other;
    EXPECT_EQ(run(), SEPCONV_OVERLAP);
  }
  call_.call.workspace = workspace;
  EXPECT_EQ(run(), SEPCONV_OK);
}

TEST_F(Overlap, OnlyTheNeededPartOfTheWorkspaceCounts) {
  call_.call.workspace = memory_.data();
  call_.call.output.data = memory_.data() + 128 / 4;
  call_.call.workspace_bytes = memory_.bytes();
  EXPECT_EQ(run(), SEPCONV_OK);
}

TEST_F(Overlap, TheResidualMayBeTheInputButNotTheOutput) {
  fake_.add_residual(false);
  Call call(fake_);
  call.call.input.data = call.call.residual.data;
  EXPECT_EQ(sepconv_run(&fake_.kernel, &call.call), SEPCONV_OK);
  call.call.residual.data = call.call.output.data;
  EXPECT_EQ(sepconv_run(&fake_.kernel, &call.call), SEPCONV_OVERLAP);
}

class Interleaved : public Overlap {
 protected:
  static constexpr int64_t kPixel = kIn + kOut + 2;
  Interleaved() {
    fake_.set_input_pixel_stride(kPixel);
    fake_.set_output_pixel_stride(kPixel);
  }
  /// Input and output as channels of one tensor.
  sepconv_status run_at(int64_t input_channel, int64_t output_channel) {
    Call call(fake_);
    call.call.input.data = memory_.data() + input_channel;
    call.call.output.data = memory_.data() + output_channel;
    return sepconv_run(&fake_.kernel, &call.call);
  }
};

TEST_F(Interleaved, DifferentChannelsOfOneTensorShareNothing) {
  EXPECT_EQ(run_at(0, kIn), SEPCONV_OK);
  EXPECT_EQ(run_at(kOut, 0), SEPCONV_OK);
  EXPECT_EQ(run_at(0, kIn + 2), SEPCONV_OK);
}

TEST_F(Interleaved, OneCommonChannelIsAnOverlap) {
  EXPECT_EQ(run_at(0, kIn - 1), SEPCONV_OVERLAP);
  EXPECT_EQ(run_at(kOut - 1, 0), SEPCONV_OVERLAP);
  EXPECT_EQ(run_at(0, kIn + 3), SEPCONV_OVERLAP);  // reaches into the next pixel's input
}

}  // namespace
}  // namespace sepconv::runtime
