// Schedules, private to the CPU nests: register tiles as values, and the loops that make them.
// Knows no point, no heuristic and no instruction set.
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
  bool overlap_c = false;  ///< the last channel tile overlaps the one before by whole vectors
  int block = 0;           ///< tiles of pixels that pass all channels before the next; 0: all
  bool planar = false;

  [[nodiscard]] int pixels() const { return planar ? x * lanes : x; }
  [[nodiscard]] int channels() const { return planar ? v : v * lanes; }
};

/// Tile of a depthwise stage: x times y pixels times v vectors of `lanes` channels; planar, x
/// vectors of `lanes` pixels times y rows times v channels.
struct WindowTile {
  enum class Order { yxc, ycx, cyx, cxy };
  enum class Unroll { all, row, none, expression };
  int x = 1, y = 1, v = 1, lanes = 1;
  Order order = Order::yxc;               ///< loops over tiles, outer to inner
  Unroll unroll = Unroll::all;            ///< which tap loops are unrolled; expression: no loops
  bool split_x = false, split_y = false;  ///< border tiles in loops of their own, interior untested
  bool planar = false;

  [[nodiscard]] int pixels() const { return planar ? x * lanes : x; }
  [[nodiscard]] int channels() const { return planar ? v : v * lanes; }
};

/// Knob values by stage role, read from a point: "pw_x" and so on; `channels` of the stage's
/// output.
[[nodiscard]] ChannelTile channel_tile(const Point& point, const std::string& prefix,
                                       int64_t channels, bool planar);
[[nodiscard]] WindowTile window_tile(const Point& point, const std::string& prefix, bool planar);

/// Loads `tile.stage` input channels of every pixel at once into registers, from whose lanes the
/// multiply-adds of `sum` broadcast. Registers: x*v accumulators, v weights, x inputs.
void stage_channels(Halide::Func input, Halide::Func sum, const Halide::RVar& channels,
                    const ChannelTile& tile);

/// Converts an operand of multiply-adds, (channel, ...) values of at least `channels` channels, in
/// vectors into memory at a loop, from where all that follows in it reads. `tail`: what its last
/// vector may read.
void widen_ahead(Halide::Func operand, const Halide::LoopLevel& at, int64_t channels,
                 Halide::TailStrategy tail);

/// The loops of a scheduled stage that others are computed at.
struct Loops {
  Halide::Var step{"step"};          ///< blocks of rows
  Halide::Var tile{"tile"};          ///< innermost loop over register tiles
  Halide::Var channels{"channels"};  ///< of a window's tiles
  Halide::Var rows{"rows"};          ///< of a window's tiles, or of a dense stage's pixels
};

/// How the splits of a stage's result end.
struct Tails {
  Halide::TailStrategy x, y, c;
};
/// Masked stores where vectors of channels pass the last one; all else overlaps.
[[nodiscard]] Tails channel_tails(const ChannelTile& tile, const spec::Shape& out, int rows);
[[nodiscard]] Tails window_tails(const WindowTile& tile, const generators::StageFuncs& stage);

/// Tiles of a pointwise or dense stage's result. `rows` > 0 splits y into steps of that many rows;
/// `input` is what the reduction reads.
Loops tile_channels(generators::StageFuncs& stage, const ChannelTile& tile, int rows,
                    const Tails& tails, Halide::Func input, const generators::Chain& chain);

/// Tiles of a depthwise stage's result, with the accumulators in registers.
/// Registers: x*y*v accumulators plus weights and inputs as they come.
Loops tile_window(generators::StageFuncs& stage, const WindowTile& tile, const Tails& tails,
                  const generators::Chain& chain);

/// Keeps Halide from cloning loops for borders: every stage, pure and update.
void never_partition(Halide::Func func);

/// Accumulators and scratch of planar nests keep pixels contiguous.
void order_storage(Halide::Func func, bool planar, const generators::Chain& chain);

}  // namespace sepconv::schedules
