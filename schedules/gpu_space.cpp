// Schedules: the declared space of the GPU nest. Knows no Halide and no limits of devices.
#include "schedules/gpu_space.h"

#include <algorithm>

#include "schedules/cpu_space.h"

namespace sepconv::schedules {
namespace {

std::vector<int64_t> up_to(std::vector<int64_t> values, int64_t limit) {
  std::erase_if(values, [limit](int64_t value) { return value > limit; });
  return values;
}

/// Threads along channels such that a block's channels can divide the packed ones.
std::vector<int64_t> channel_threads(int64_t channels) {
  std::vector<int64_t> values;
  const int64_t packed = packed_channels(channels);
  for (int64_t c = 1; c <= std::min<int64_t>(packed, 128); ++c) {
    if (packed % c == 0) values.push_back(c);
  }
  return values;
}

/// Three only where nothing loads them as a vector, which OpenCL lays out like one of four.
std::vector<int64_t> steps(int64_t channels_in, bool dense) {
  std::vector<int64_t> values{1};
  for (const int64_t k : {2, 3, 4, 8, 16, 32}) {
    if (channels_in % k == 0 && (k != 3 || dense)) values.push_back(k);
  }
  return values;
}

/// Whole vectors of channels that divide the hidden ones.
std::vector<int64_t> hidden_blocks(int64_t channels) {
  std::vector<int64_t> values{0};
  for (const int64_t block : {8, 12, 16, 24, 32, 48, 64}) {
    if (channels % block == 0) values.push_back(block);
  }
  return values;
}

/// One channel, or the four floats that one load has.
std::vector<int64_t> vectors(int64_t channels) {
  if (channels % 4 != 0) return {1};
  return {1, 4};
}

/// The launches of a layer: a hidden tensor may stay inside one.
std::vector<Phase> launches(const spec::Layer& layer, const Point& point) {
  const bool hidden = knob(point, "hidden") > 0;
  const auto shapes = spec::shapes(layer);
  const int last = static_cast<int>(layer.stages.size()) - 1;
  const auto flat = [&](int stage) {
    const spec::Shape& out = shapes[static_cast<size_t>(stage) + 1];
    return Phase{stage, stage, Axis::pixels, out.h * out.w, false};
  };
  if (layer.op == spec::Op::pointwise) return {flat(0)};
  const bool apart = layer.op == spec::Op::inverted_residual && !hidden;
  std::vector<Phase> all;
  if (apart) all.push_back(flat(0));
  all.push_back(Phase{apart ? 1 : 0, last, Axis::rows, shapes.back().h, false});
  for (Phase& phase : all) {
    const int64_t pixels = knob(point, launch_prefix(layer, phase) + "x");
    const int64_t vector = hidden ? 1 : std::max<int64_t>(1, knob(point, "dw_v"));
    for (int i = phase.first_stage; i <= phase.last_stage; ++i) {
      const spec::Stage& stage = layer.stages[static_cast<size_t>(i)];
      if (stage.kind == spec::StageKind::depthwise) {
        phase.inline_taps = taps_at_once(stage.window, pixels, vector);
      }
    }
  }
  return all;
}

}  // namespace

int64_t packed_channels(int64_t channels) {
  return support::round_up(channels, spec::kChannelBlock);
}

std::string launch_prefix(const spec::Layer& layer, const Phase& phase) {
  return stage_prefix(layer, static_cast<size_t>(phase.last_stage)) + "_";
}

Space launch_space(const spec::Layer& layer, const Phase& phase) {
  Space space;
  const std::string p = launch_prefix(layer, phase);
  const GpuTile tile = gpu_tile(layer, phase, {});
  const bool fed = phase.last_stage > phase.first_stage;
  if (tile.window) {
    space.knobs.push_back({p + "c", "threads along channels", {4, 8, 16, 32, 64, 128}});
    space.knobs.push_back({p + "v", "channels of a thread", vectors(tile.channels)});
  } else {
    space.knobs.push_back({p + "c", "threads along channels", channel_threads(tile.channels)});
    space.knobs.push_back({p + "v", "channels of a thread", {1, 2, 4, 8}});
    space.knobs.push_back({p + "k", "input channels a step", steps(tile.channels_in, p == "cv_")});
    space.knobs.push_back({p + "split", "1: blocks of channels in blocks of threads", {0, 1}});
  }
  if (fed) {
    space.knobs.push_back(
        {"dw_v", "channels of a thread in the depthwise stage", vectors(tile.channels_in)});
  } else if (p != "cv_" && !tile.window) {
    space.knobs.push_back({p + "stage", "1: the input's tile in shared memory", {0, 1}});
  }
  space.knobs.push_back({p + "x", "columns of a thread", up_to({1, 2, 4, 7, 8}, tile.width)});
  space.knobs.push_back({p + "tx", "threads along columns", {1, 2, 4, 7, 8, 16, 32}});
  space.knobs.push_back({p + "ty", "threads along rows", up_to({1, 2, 4, 7, 8}, tile.height)});
  return space;
}

bool taps_at_once(const spec::Window& window, int64_t pixels, int64_t vector) {
  return window.kernel[0] * window.kernel[1] <= 9 && (vector == 1 || pixels <= 2);
}

GpuTile gpu_tile(const spec::Layer& layer, const Phase& phase, const Point& point) {
  const auto shapes = spec::shapes(layer);
  const auto last = static_cast<size_t>(phase.last_stage);
  const spec::Shape& out = shapes[last + 1];
  const std::string p = launch_prefix(layer, phase);
  const auto get = [&](const char* name) { return std::max<int64_t>(1, knob(point, p + name)); };
  GpuTile tile;
  tile.window = layer.stages[last].kind == spec::StageKind::depthwise;
  tile.width = phase.flat() ? out.w * out.h : out.w;
  tile.height = phase.flat() ? 1 : out.h;
  tile.channels = out.c;
  tile.channels_in = shapes[last].c;
  tile.c = get("c"), tile.x = get("x"), tile.k = get("k");
  tile.v = get("v");
  tile.tile_x = get("tx"), tile.tile_y = get("ty");
  tile.split = knob(point, p + "split") == 1;
  tile.staged = knob(point, p + "stage") == 1 || phase.last_stage > phase.first_stage;
  if (phase.last_stage > phase.first_stage) {
    tile.feed_v = std::max<int64_t>(1, knob(point, "dw_v"));
  } else if (tile.staged) {
    tile.feed_v = vectors(tile.channels_in).back();
  }
  if (phase.last_stage - phase.first_stage == 2) {
    tile.feed_v = 1;  // hidden blocks have few channels for many threads
    const auto& window = layer.stages[1].window;
    tile.hidden = knob(point, "hidden");
    tile.input_rows = std::min(shapes[1].h, window.span(0, tile.tile_y));
    tile.input_columns = std::min(shapes[1].w, window.span(1, tile.columns()));
  }
  return tile;
}

int64_t shared_bytes(const GpuTile& tile) {
  if (!tile.staged) return 0;
  if (tile.hidden > 0) {
    const int64_t sums = tile.split ? tile.block_channels() : tile.channels;
    const int64_t floats = (sums + tile.hidden) * tile.columns() * tile.tile_y +
                           tile.hidden * tile.input_columns * tile.input_rows;
    return floats * int64_t{sizeof(float)};
  }
  return tile.channels_in * tile.columns() * tile.tile_y * int64_t{sizeof(float)};
}

int64_t blocks(const GpuTile& tile) {
  return (tile.channels_first() ? support::ceil_div(tile.channels, tile.block_channels()) : 1) *
         tile.column_blocks() * tile.row_blocks();
}

Space gpu_space(const spec::Layer& layer) {
  Space space;
  space.version = 3;
  if (layer.op == spec::Op::inverted_residual) {
    space.knobs.push_back({"hidden", "hidden channels at once in one launch; 0: two launches",
                           hidden_blocks(layer.stages[0].channels_out)});
  }
  for (const Phase& phase : launches(layer, {})) {
    for (Knob& knob : launch_space(layer, phase).knobs) space.knobs.push_back(std::move(knob));
  }
  return space;
}

std::vector<Phase> gpu_phases(const spec::Layer& layer, const Point& point) {
  return launches(layer, point);
}

}  // namespace sepconv::schedules
