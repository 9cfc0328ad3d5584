// Tests: layers one column wide as one row of columns.
#include <gtest/gtest.h>

#include "spec/name.h"

namespace sepconv::spec {
namespace {

Layer of(const std::string& name) { return parse_name(name).value(); }

struct Turned {
  const char* given;
  const char* nest;
};

class AlongColumns : public testing::TestWithParam<Turned> {};

TEST_P(AlongColumns, IsTheSameLayerOverTheSameBytes) {
  const Layer given = of(GetParam().given);
  const Layer nest = along_columns(given);
  EXPECT_EQ(canonical_name(nest), GetParam().nest);
  EXPECT_EQ(along_columns(nest), nest);
  const auto before = parameters(given);
  const auto after = parameters(nest);
  ASSERT_EQ(before.size(), after.size());
  for (size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(before[i].offset, after[i].offset);
    EXPECT_EQ(before[i].bytes, after[i].bytes);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Layers, AlongColumns,
    testing::Values(Turned{"dw_f32_n2h33w1c20_k9x1s2x3p4x0x3x0d2x1_none",
                           "dw_f32_n2h1w33c20_k1x9s3x2p0x4x0x3d1x2_none"},
                    Turned{"pw_f32_n1h50w1c24_o40_none_res", "pw_f32_n1h1w50c24_o40_none_res"},
                    Turned{"conv_f32_n1h64w1c16_o24_k5x1s1p2x0x2x0_relu_nchw",
                           "conv_f32_n1h1w64c16_o24_k1x5s1p0x2x0x2_relu_nchw"},
                    Turned{"ir_f32_n1h32w1c8_e48_o8_k3x1s1p1x0x1x0_relu6_relu6_none_res",
                           "ir_f32_n1h1w32c8_e48_o8_k1x3s1p0x1x0x1_relu6_relu6_none_res"}));

TEST(AlongColumns, LeavesOtherLayersAsTheyAre) {
  for (const char* name : {"dw_f32_n1h32w2c8_k3x1s1p1x0x1x0_none", "dw_f32_n1h32w1c8_k3s1p1_none",
                           "dw_f32_n1h32w1c8_k3x1s1p1_none", "dw_f32_n1h1w32c8_k1x3s1p0x1x0x1_none",
                           "pw_f32_n1h1w1c8_o8_none"}) {
    EXPECT_EQ(along_columns(of(name)), of(name)) << name;
  }
}

}  // namespace
}  // namespace sepconv::spec
