// Tests of schedules: the arithmetic that explain shows.
#include "tests/schedules/fixture.h"

namespace sepconv::schedules {
namespace {

std::string joined(const char* name, const char* point_text) {
  const spec::Layer layer = layer_of(name);
  const auto point = parse_point(point_text);
  std::string text;
  for (const std::string& line : explain(layer, target_of("x86-64-v4@zen4"), *point)) {
    text += line + "\n";
  }
  return text;
}

TEST(Explain, CountsRegistersAndLoadsOfAPointwiseTile) {
  EXPECT_EQ(
      joined("pw_f32_n1h14w14c512_o512_none", "pw_lanes=16,pw_order=1,pw_unroll=4,pw_v=2,pw_x=14"),
      "one loop nest for stages 0 to 0; tasks of 14 output pixels\n"
      "pw: register tile of 14 pixels by 2 vectors of 16 channels\n"
      "pw: 28 accumulators + 2 vectors + 1 broadcast of 32 registers\n"
      "pw: 28 FMAs of 16 lanes for 16 loads a step, 512 steps a tile: 1.75 FMAs a load\n"
      "pw: channel blocks outside: 64.0 KiB of weights (L2) stay while all pixels stream past\n");
}

TEST(Explain, CountsInputsOfAWindowTile) {
  EXPECT_EQ(joined("dw_f32_n1h56w56c32_k3s2p1_none",
                   "dw_lanes=16,dw_order=0,dw_unroll=3,dw_v=1,dw_x=2,dw_y=2"),
            "one loop nest for stages 0 to 0; tasks of 2 output rows\n"
            "dw: tile of 2 pixels by 1 vectors of 16 channels by 2 rows\n"
            "dw: 9 taps, one expression; 5x5 inputs for 2x2 outputs: 1.44 FMAs an input\n");
}

}  // namespace
}  // namespace sepconv::schedules
