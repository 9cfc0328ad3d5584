// Tests: the packed layout: roles, extents, offsets.
#include <gtest/gtest.h>

#include "random_layer.h"
#include "spec/name.h"

namespace sepconv::spec {
namespace {

using Role = Parameter::Role;
using Extents = std::vector<int64_t>;

std::vector<Parameter> of(const char* name) {
  const auto layer = parse_name(name);
  EXPECT_TRUE(layer) << name;
  return layer ? parameters(*layer) : std::vector<Parameter>{};
}

std::vector<Role> roles(const std::vector<Parameter>& all) {
  std::vector<Role> result;
  for (const Parameter& parameter : all) result.push_back(parameter.role);
  return result;
}

TEST(Parameters, RolesFollowTheChain) {
  EXPECT_EQ(roles(of("ir_f32_n1h8w8c4_e8_o4_k3s1p1_none_none_none")),
            (std::vector{Role::expand, Role::expand_bias, Role::depthwise, Role::depthwise_bias,
                         Role::weights, Role::bias}));
  EXPECT_EQ(roles(of("dwpw_f32_n1h8w8c4_o4_k3s1p1_none_none_nodwbias")),
            (std::vector{Role::depthwise, Role::weights, Role::bias}));
  EXPECT_EQ(roles(of("pw_f32_n1h8w8c4_o4_none_nobias")), (std::vector{Role::weights}));
  EXPECT_EQ(roles(of("conv_f32_n1h8w8c4_o4_k3s1p1_none")),
            (std::vector{Role::weights, Role::bias}));
}

TEST(Parameters, TheBiasOfADepthwiseLayerIsTheLastStages) {
  EXPECT_EQ(roles(of("dw_f32_n1h8w8c4_k3s1p1_none")), (std::vector{Role::depthwise, Role::bias}));
}

TEST(Parameters, ChannelsArePackedInBlocksOf16InnermostFirst) {
  EXPECT_EQ(of("pw_f32_n1h8w8c5_o17_none")[0].extents, (Extents{16, 5, 2}));
  EXPECT_EQ(of("conv_f32_n1h8w8c3_o17_k5x7s1p3_none")[0].extents, (Extents{16, 3, 7, 5, 2}));
  EXPECT_EQ(of("dw_f32_n1h8w8c17_k5x7s1p3_none")[0].extents, (Extents{32, 7, 5}));
  EXPECT_EQ(of("dw_f32_n1h8w8c17_k5x7s1p3_none")[1].extents, (Extents{32}));
}

TEST(Parameters, OfF16LayersAreF16ButForBiases) {
  const auto all = of("dwpw_f16_n1h8w8c17_o5_k3s1p1_none_none");
  ASSERT_EQ(all.size(), 4U);
  for (const Parameter& parameter : all) {
    EXPECT_EQ(parameter.dtype, parameter.is_bias ? Dtype::f32 : Dtype::f16);
  }
  EXPECT_EQ(all[0].bytes, 9 * 32 * 2);
  EXPECT_EQ(all[3].bytes, 16 * 4);
}

TEST(Parameters, LieOneBehindTheOtherAlignedTo64Bytes) {
  std::mt19937 random(4);
  for (int i = 0; i < 300; ++i) {
    const Layer layer = tests::random_layer(random);
    int64_t end = 0;
    for (const Parameter& parameter : parameters(layer)) {
      int64_t elements = 1;
      for (const int64_t extent : parameter.extents) elements *= extent;
      ASSERT_EQ(parameter.offset, end);
      ASSERT_EQ(parameter.offset % 64, 0);
      const int64_t bytes = elements * traits(parameter.dtype).bytes;
      ASSERT_EQ(parameter.bytes, (bytes + 63) / 64 * 64);
      end += parameter.bytes;
    }
    ASSERT_EQ(packed_bytes(layer), end);
  }
}

TEST(Shapes, FollowTheWindows) {
  EXPECT_EQ(output_extent(112, 3, 2, 1, 1, 1), 56);
  EXPECT_EQ(output_extent(7, 7, 1, 1, 0, 0), 1);
  EXPECT_EQ(output_extent(6, 3, 1, 3, 0, 0), 0);
  const auto layer = parse_name("ir_f32_n2h9w7c4_e8_o5_k3x5s2x1p1x2x1x2_none_none_none");
  ASSERT_TRUE(layer);
  EXPECT_EQ(shapes(*layer),
            (std::vector<Shape>{{2, 9, 7, 4}, {2, 9, 7, 8}, {2, 5, 7, 8}, {2, 5, 7, 5}}));
}

}  // namespace
}  // namespace sepconv::spec
