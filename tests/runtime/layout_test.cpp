// Tests of runtime: hand-written structs against Halide's header and the emitter's layout.
#include <cstddef>

#include "fixture.h"
#include "runtime/src/buffers.h"

namespace sepconv::runtime {
namespace {

#define EXPECT_SAME_FIELD(ours, our_field, theirs, their_field)        \
  EXPECT_EQ(offsetof(ours, our_field), offsetof(theirs, their_field)); \
  EXPECT_EQ(sizeof(ours::our_field), sizeof(theirs::their_field))

TEST(Layout, BuffersAreHalides) {
  EXPECT_EQ(sizeof(sepconv_buffer), sizeof(halide_buffer_t));
  EXPECT_SAME_FIELD(sepconv_buffer, device, halide_buffer_t, device);
  EXPECT_SAME_FIELD(sepconv_buffer, device_interface, halide_buffer_t, device_interface);
  EXPECT_SAME_FIELD(sepconv_buffer, host, halide_buffer_t, host);
  EXPECT_SAME_FIELD(sepconv_buffer, flags, halide_buffer_t, flags);
  EXPECT_EQ(offsetof(sepconv_buffer, type_code), offsetof(halide_buffer_t, type));
  EXPECT_SAME_FIELD(sepconv_buffer, dimensions, halide_buffer_t, dimensions);
  EXPECT_SAME_FIELD(sepconv_buffer, dim, halide_buffer_t, dim);
  EXPECT_SAME_FIELD(sepconv_buffer, padding, halide_buffer_t, padding);
}

TEST(Layout, DimensionsAreHalides) {
  EXPECT_EQ(sizeof(sepconv_dimension), sizeof(halide_dimension_t));
  EXPECT_SAME_FIELD(sepconv_dimension, min, halide_dimension_t, min);
  EXPECT_SAME_FIELD(sepconv_dimension, extent, halide_dimension_t, extent);
  EXPECT_SAME_FIELD(sepconv_dimension, stride, halide_dimension_t, stride);
  EXPECT_SAME_FIELD(sepconv_dimension, flags, halide_dimension_t, flags);
}

TEST(Layout, DescriptorsHaveNoPaddingThatTheEmitterWouldMiss) {
  EXPECT_EQ(sizeof(sepconv_part), 2 * 4 + 11 * 8 + 2 * 4u);
  EXPECT_EQ(sizeof(sepconv_phase), 8 + 2 * 4 + 5 * 8 + 6 * 8 + 2 * 8 + 2 * 4u);
  EXPECT_EQ(sizeof(sepconv_variant), 6 * 8u);
  EXPECT_EQ(sizeof(sepconv_kernel_impl), 8 * 8u);
  EXPECT_EQ(sizeof(sepconv_tensor), 9 * 8u);
  EXPECT_EQ(sizeof(sepconv_kernel), 4 * 8 + 3 * 9 * 8 + 7 * 8u);
}

TEST(Layout, TheBlobsHeaderIsOneAlignedBlock) {
  EXPECT_EQ(sizeof(sepconv_blob_header), size_t{SEPCONV_BLOB_HEADER_BYTES});
}

}  // namespace
}  // namespace sepconv::runtime
