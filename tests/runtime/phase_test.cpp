// Tests of runtime: the buffers that emitted code sees.
#include "fixture.h"

namespace sepconv::runtime {
namespace {

void expect_dimension(const halide_dimension_t& d, int min, int extent, int stride) {
  EXPECT_EQ(d.min, min);
  EXPECT_EQ(d.extent, extent);
  EXPECT_EQ(d.stride, stride);
}

float* float_of(const Seen::Buffer& buffer) { return reinterpret_cast<float*>(buffer.host); }

TEST(Phase, TensorsAreChannelsColumnsRowsOfOneImage) {
  const Fake fake(3, 5, SEPCONV_AXIS_ROWS, 1);
  const Call call(fake, 2);
  ASSERT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_OK);
  ASSERT_EQ(seen().size(), 2u);
  const Seen second = seen()[1];
  const Seen::Buffer& input = second.buffers[0];
  ASSERT_EQ(input.dims.size(), 3u);
  EXPECT_EQ(input.type, halide_type_of<float>());
  EXPECT_EQ(float_of(input), call.input.data() + 3 * 5 * kIn);
  expect_dimension(input.dims[0], 0, kIn, 1);
  expect_dimension(input.dims[1], 0, 5, kIn);
  expect_dimension(input.dims[2], 0, 3, 5 * kIn);
  EXPECT_EQ(float_of(second.output()), call.output.data() + 3 * 5 * kOut);
}

TEST(Phase, ParametersLieBehindTheBlobsHeader) {
  const Fake fake(3, 5, SEPCONV_AXIS_ROWS, 1);
  const Call call(fake);
  ASSERT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_OK);
  const Seen one = seen().at(0);
  const Seen::Buffer &weights = one.buffers[1], &bias = one.buffers[2];
  EXPECT_EQ(float_of(weights), call.packed.data() + 16);
  ASSERT_EQ(weights.dims.size(), 3u);
  expect_dimension(weights.dims[1], 0, kIn, 16);
  expect_dimension(weights.dims[2], 0, 2, 16 * kIn);
  EXPECT_EQ(float_of(bias), call.packed.data() + 16 + 128);
  ASSERT_EQ(bias.dims.size(), 1u);
  expect_dimension(bias.dims[0], 0, 32, 1);
}

TEST(Phase, RowsAreCroppedAlongTheLastDimension) {
  const Fake fake(11, 5, SEPCONV_AXIS_ROWS, 3);
  const Call call(fake);
  ASSERT_EQ(sepconv_run_tasks(&fake.kernel, &call.call, 1, 2), SEPCONV_OK);
  const Seen one = seen().at(0);
  expect_dimension(one.output().dims[0], 0, kOut, 1);
  expect_dimension(one.output().dims[2], 3, 3, 5 * kOut);
  EXPECT_EQ(float_of(one.output()), call.output.data() + 3 * 5 * kOut);
}

TEST(Phase, TheLastTaskTakesTheRemainder) {
  const Fake fake(11, 5, SEPCONV_AXIS_ROWS, 3);
  const Call call(fake);
  ASSERT_EQ(sepconv_tasks(&fake.kernel, &call.call), 3u);
  ASSERT_EQ(sepconv_run_tasks(&fake.kernel, &call.call, 2, 3), SEPCONV_OK);
  expect_dimension(seen().at(0).output().dims[2], 6, 5, 5 * kOut);
}

TEST(Phase, ChannelsAreCroppedAlongTheFirstDimension) {
  const Fake fake(3, 5, SEPCONV_AXIS_CHANNELS, 8);
  const Call call(fake);
  ASSERT_EQ(sepconv_tasks(&fake.kernel, &call.call), 2u);
  ASSERT_EQ(sepconv_run_tasks(&fake.kernel, &call.call, 1, 2), SEPCONV_OK);
  const Seen one = seen().at(0);
  expect_dimension(one.output().dims[0], 8, 12, 1);
  expect_dimension(one.output().dims[2], 0, 3, 5 * kOut);
  EXPECT_EQ(float_of(one.output()), call.output.data() + 8);
}

TEST(Phase, ChannelsMayBeCroppedOfFlatPixels) {
  Fake fake(3, 5, SEPCONV_AXIS_CHANNELS, 8);
  fake.phases.front().flags |= SEPCONV_PHASE_FLAT;
  const Call call(fake);
  ASSERT_EQ(sepconv_run_tasks(&fake.kernel, &call.call, 1, 2), SEPCONV_OK);
  const Seen one = seen().at(0);
  expect_dimension(one.buffers[0].dims[1], 0, 15, kIn);
  expect_dimension(one.output().dims[0], 8, 12, 1);
  expect_dimension(one.output().dims[1], 0, 15, kOut);
}

TEST(Phase, PixelsAreOneRow) {
  Fake fake(3, 5, SEPCONV_AXIS_PIXELS, 4);
  fake.add_residual(false);
  const Call call(fake);
  ASSERT_EQ(sepconv_run_tasks(&fake.kernel, &call.call, 1, 2), SEPCONV_OK);
  const Seen one = seen().at(0);
  expect_dimension(one.buffers[0].dims[1], 0, 15, kIn);
  expect_dimension(one.buffers[0].dims[2], 0, 1, 15 * kIn);
  expect_dimension(one.buffers[3].dims[1], 0, 15, kOut);
  expect_dimension(one.output().dims[1], 4, 4, kOut);
  EXPECT_EQ(float_of(one.output()), call.output.data() + 4 * kOut);
}

TEST(Phase, PlanarTensorsKeepTheirStrides) {
  Fake fake(3, 5, SEPCONV_AXIS_ROWS, 1);
  fake.kernel.input = sepconv_dense_nchw(nullptr, 1, 3, 5, kIn);
  fake.kernel.output = sepconv_dense_nchw(nullptr, 1, 3, 5, kOut);
  const Call call(fake);
  ASSERT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_OK);
  const Seen one = seen().at(0);
  expect_dimension(one.output().dims[0], 0, kOut, 15);
  expect_dimension(one.output().dims[1], 0, 5, 1);
  expect_dimension(one.output().dims[2], 0, 3, 5);
  EXPECT_EQ(call.wrong_outputs(fake), 0);
}

TEST(Phase, PixelStridesReachTheCode) {
  Fake fake(3, 5, SEPCONV_AXIS_PIXELS, 1);
  fake.set_input_pixel_stride(7);
  fake.set_output_pixel_stride(33);
  const Call call(fake, 2);
  ASSERT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_OK);
  EXPECT_EQ(call.wrong_outputs(fake), 0);
}

TEST(Phase, AResidualIsTheCallsOrTheLayersInput) {
  for (const bool is_input : {false, true}) {
    Fake fake(3, 5, SEPCONV_AXIS_ROWS, 1);
    fake.add_residual(is_input);
    const Call call(fake);
    ASSERT_EQ(sepconv_run(&fake.kernel, &call.call), SEPCONV_OK);
    const float* expected = is_input ? call.input.data() : call.residual.data();
    EXPECT_EQ(float_of(seen().at(0).buffers[3]), expected);
  }
}

}  // namespace
}  // namespace sepconv::runtime
