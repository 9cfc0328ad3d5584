// Schedules: the declared space of the GPU nest and its constraints. Knows no Halide.
//
// Derivation. A block of threads computes tile_x * x columns of tile_y rows. A thread holds x
// pixels by v channels of accumulators in registers, and c threads lie along the channels. What
// feeds the sums (the depthwise result, the expanded tensor, or the input of a pointwise stage)
// lies in shared memory, whole channels of the tile, which bounds the tile. Channels of a block
// divide the packed channels, so that no thread reads beyond the packed weights.
#pragma once

#include "schedules/schedule.h"
#include "support/integers.h"
#include "targets/target.h"

namespace sepconv::schedules {

[[nodiscard]] Space gpu_space(const spec::Layer& layer);
[[nodiscard]] Point gpu_heuristic(const spec::Layer& layer, const targets::Gpu& gpu);
/// Whether every launch of the layer has a tile that fits.
[[nodiscard]] bool gpu_fits(const spec::Layer& layer);
[[nodiscard]] Errors gpu_legal(const Point& point, const spec::Layer& layer);
[[nodiscard]] std::vector<Phase> gpu_phases(const spec::Layer& layer, const Point& point);
[[nodiscard]] std::vector<std::string> gpu_explain(const spec::Layer& layer,
                                                   const targets::Gpu& gpu, const Point& point);

/// Launches beyond these fail on some device that a target names.
inline constexpr int64_t kSharedBytes = int64_t{48} * 1024;
inline constexpr int64_t kBlockThreads = 512;
/// Blocks along each axis of a grid but the first.
inline constexpr int64_t kGridBlocks = 65535;

/// Channels that packed weights have, whole blocks.
[[nodiscard]] int64_t packed_channels(int64_t channels);

/// What one launch computes, by a point's knobs.
struct GpuTile {
  bool window = false;  ///< the last stage is depthwise
  bool staged = false;  ///< a tile of what feeds the last stage lies in shared memory
  int64_t width = 1, height = 1, channels = 1;  ///< of the output; flat phases are one row
  int64_t channels_in = 1;                      ///< of the last stage
  int64_t x = 1, v = 1, c = 1;     ///< pixels and channels a thread; threads along channels
  int64_t tile_x = 1, tile_y = 1;  ///< threads along columns and rows
  int64_t k = 1;                   ///< input channels a step
  int64_t feed_v = 1;              ///< channels that a thread puts into shared memory at once
  int64_t input_columns = 0, input_rows = 0;  ///< of the window's input, where hidden
  int64_t hidden = 0;  ///< hidden channels at once in shared memory; 0: none are expanded here
  bool split = false;  ///< blocks of channels are blocks of threads, not a loop in each
  [[nodiscard]] int64_t columns() const { return tile_x * x; }
  [[nodiscard]] int64_t block_channels() const { return c * v; }
  [[nodiscard]] int64_t threads() const { return c * tile_x * tile_y; }
  [[nodiscard]] int64_t column_blocks() const { return support::ceil_div(width, columns()); }
  [[nodiscard]] int64_t row_blocks() const { return support::ceil_div(height, tile_y); }
  /// Blocks of channels are the grid's first axis where there are any, else columns are.
  [[nodiscard]] bool channels_first() const { return window || split; }
  /// Channels of a thread in one load: four floats at most.
  [[nodiscard]] int64_t lanes() const { return v < 4 ? v : 4; }
};
/// Whether a thread adds all taps of so many pixels at once, not row by row: registers hold what
/// that loads.
[[nodiscard]] bool taps_at_once(const spec::Window& window, int64_t pixels, int64_t vector);
/// The knobs of one launch and their values; names carry the prefix.
[[nodiscard]] Space launch_space(const spec::Layer& layer, const Phase& phase);
/// The knobs' prefix: that of the launch's last stage, with an underscore.
[[nodiscard]] std::string launch_prefix(const spec::Layer& layer, const Phase& phase);
/// Whether the launch fits every device and the layer.
[[nodiscard]] bool launchable(const GpuTile& tile);

[[nodiscard]] GpuTile gpu_tile(const spec::Layer& layer, const Phase& phase, const Point& point);
/// Bytes of shared memory that a launch of the tile takes.
[[nodiscard]] int64_t shared_bytes(const GpuTile& tile);
[[nodiscard]] int64_t blocks(const GpuTile& tile);

}  // namespace sepconv::schedules
