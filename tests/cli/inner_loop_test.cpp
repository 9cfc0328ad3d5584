// Tests of cli: inner loops of x86 kernels read whole vectors of packed weights and of input
// channels, however many channels a layer has and however often it repeats them.
#include <gtest/gtest.h>

#include "tests/arm/fixture.h"

namespace sepconv::cli {
namespace {

class InnerLoops : public testing::TestWithParam<const char*> {
 protected:
  /// Takes lanes one by one where addresses of a vector's lanes are not known to be neighbours.
  static void expect_whole_vectors(const char* name) {
    const emit::Assembly assembly = cli::assembly(GetParam(), targets::parse_target(name).value());
    ASSERT_FALSE(assembly.loops.empty());
    for (const emit::InnerLoop& loop : assembly.loops) {
      EXPECT_LE(loop.counts.broadcasts_shuffles + loop.counts.other, 4 * loop.counts.fma)
          << name << " " << loop.name;
    }
  }
};

TEST_P(InnerLoops, ReadWholeVectors) {
  for (const char* target : {"x86-64-v2", "x86-64-v3", "x86-64-v4"}) expect_whole_vectors(target);
}

// Channels as tasks: less than a tile and no multiple of a packed block, less than a block, more
// than a tile, a tile and a rest; of a depthwise and of a fused stage.
INSTANTIATE_TEST_SUITE_P(Layers, InnerLoops,
                         testing::Values("pw_f32_n1h1w1c96_o24_relu", "pw_f32_n1h1w1c480_o120_relu",
                                         "pw_f32_n1h1w1c240_o10_none", "pw_f32_n1h1w1c64_o200_none",
                                         "dw_f32_n1h2w2c24_k3s1p1_none",
                                         "dwpw_f32_n1h2w2c64_o72_k3s1p1_relu6_none"),
                         [](const auto& info) { return std::string(info.param); });

// Multipliers: one vector of three copies, no multiple of it, of twice five, of one input channel.
INSTANTIATE_TEST_SUITE_P(Copies, InnerLoops,
                         testing::Values("dw_f32_n1h12w12c32_m3_k3s1p1_none",
                                         "dw_f32_n1h12w12c17_m3_k3s2p1_relu",
                                         "dw_f32_n1h12w12c16_m10_k3s1p1_none",
                                         "dw_f32_n1h12w12c1_m24_k5s1p2_none"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace sepconv::cli
