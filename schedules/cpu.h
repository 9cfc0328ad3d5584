// Schedules: the loop nests that every CPU target shares, as functions of knob values. Knows no
// heuristic and no instruction set: lanes and tiles come in as numbers.
#pragma once

#include <string>

#include "generators/stages.h"
#include "schedules/space.h"

namespace sepconv::schedules {

/// Register tile of a pointwise or dense stage: x pixels times v vectors of `lanes` channels;
/// planar (nchw), x vectors of `lanes` pixels times v channels.
struct ChannelTile {
  int x = 1, v = 1, lanes = 1;
  int unroll = 1;  ///< input channels a loop iteration; 0: all
  bool channels_outer =
      false;               ///< a block of weights stays, pixels stream past it; else the reverse
  int taps = 0;            ///< dense: tap loops unrolled: 0 none, 1 a row, 2 all
  bool split_x = false;    ///< dense: border columns in a loop of their own
  int stage = 1;           ///< input channels a load, broadcast from its lanes
  bool overlap_c = false;  ///< the last channel tile overlaps the one before
  bool planar = false;

  [[nodiscard]] int pixels() const { return planar ? x * lanes : x; }
  [[nodiscard]] int channels() const { return planar ? v : v * lanes; }
};

/// Tile of a depthwise stage: x times y pixels times v vectors of `lanes` channels; planar, x
/// vectors of `lanes` pixels times y rows times v channels.
struct WindowTile {
  enum class Order { yxc, ycx, cyx };
  enum class Unroll { all, row, none, expression };
  int x = 1, y = 1, v = 1, lanes = 1;
  Order order = Order::yxc;               ///< loops over tiles, outer to inner
  Unroll unroll = Unroll::all;            ///< which tap loops are unrolled; expression: no loops
  bool split_x = false, split_y = false;  ///< border tiles in loops of their own, interior untested
  bool planar = false;

  [[nodiscard]] int pixels() const { return planar ? x * lanes : x; }
  [[nodiscard]] int channels() const { return planar ? v : v * lanes; }
};

/// Knob values by stage role, read from a point: "pw_x" and so on.
[[nodiscard]] ChannelTile channel_tile(const Point& point, const std::string& prefix, bool planar);
[[nodiscard]] WindowTile window_tile(const Point& point, const std::string& prefix, bool planar);

/// Loads `tile.stage` input channels of every pixel at once into registers, from whose lanes the
/// multiply-adds of `sum` broadcast. Registers: x*v accumulators, v weights, x inputs.
void stage_channels(Halide::Func input, Halide::Func sum, const Halide::RVar& channels,
                    const ChannelTile& tile);

/// Applies a legal point to a chain: vectors run along channels (nhwc) or pixels (nchw).
void schedule_cpu(generators::Chain& chain, const Point& point);

}  // namespace sepconv::schedules
