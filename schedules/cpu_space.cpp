// Schedules: the declared space of channel-vectorised CPU nests and its constraints, for any
// register file. Knows no Halide.
//
// Derivation. A pointwise or dense tile of x pixels by v vectors keeps x*v accumulators, v weight
// vectors and one broadcast in registers: x*v + v + 1 <= registers (v = 1 lets the broadcast fold
// into the FMA). A depthwise tile keeps x*y*v accumulators and needs at least one register each for
// weight and input. An unrolled body holds x*v*unroll (pointwise), x*v*taps (dense) or x*y*v*taps
// (depthwise) FMAs.
#include "schedules/cpu_space.h"

#include <algorithm>

namespace sepconv::schedules {

using spec::Stage;
using spec::StageKind;

namespace {

int64_t round_up(int64_t value, int64_t factor) { return (value + factor - 1) / factor * factor; }

std::vector<int64_t> range(int64_t first, int64_t last) {
  std::vector<int64_t> values;
  for (int64_t i = first; i <= last; ++i) values.push_back(i);
  return values;
}

int element_lanes(const targets::Target& target) { return target.lanes(4); }

/// Full vectors down to a quarter of 16 lanes: narrow ones waste no lane on odd channel counts.
std::vector<int64_t> channel_lanes(const targets::Target& target) {
  std::vector<int64_t> values;
  for (int64_t lanes = 4; lanes <= element_lanes(target); lanes *= 2) values.push_back(lanes);
  return values;
}

/// A depthwise vector overlaps the one before at the tail, so it must not be wider than the
/// channels.
std::vector<int64_t> window_lanes(int64_t channels, const targets::Target& target) {
  std::vector<int64_t> values;
  for (int64_t lanes = 1; lanes <= std::min<int64_t>(element_lanes(target), channels); lanes *= 2) {
    values.push_back(lanes);
  }
  return values;
}

void add_channel_knobs(Space& space, const std::string& prefix, int64_t width, int64_t channels_in,
                       const targets::Target& target) {
  space.knobs.push_back({prefix + "_x", "pixels of the register tile",
                         range(1, std::min<int64_t>(width, target.registers - 2))});
  space.knobs.push_back({prefix + "_v", "vectors of channels of the register tile", range(1, 8)});
  space.knobs.push_back({prefix + "_lanes", "channels a vector", channel_lanes(target)});
  std::vector<int64_t> unroll{1};
  for (const int64_t u : {2, 4, 8}) {
    if (channels_in % u == 0 && channels_in > u) unroll.push_back(u);
  }
  if (channels_in <= 64) unroll.insert(unroll.begin(), 0);
  space.knobs.push_back(
      {prefix + "_unroll", "input channels a loop iteration, 0 all", std::move(unroll)});
  space.knobs.push_back({prefix + "_order", "0 pixels outside, 1 channel blocks outside", {0, 1}});
}

void add_window_knobs(Space& space, const spec::Shape& out, const targets::Target& target) {
  const int64_t budget = target.registers - 2;
  space.knobs.push_back(
      {"dw_x", "columns of the tile", range(1, std::min<int64_t>(out.w, 2 * budget))});
  space.knobs.push_back({"dw_y", "rows of the tile", range(1, std::min<int64_t>(out.h, budget))});
  space.knobs.push_back({"dw_v", "vectors of channels of the tile", {1, 2, 4}});
  space.knobs.push_back({"dw_lanes", "channels a vector", window_lanes(out.c, target)});
  space.knobs.push_back({"dw_order", "tile loops, outer to inner: 0 yxc, 1 ycx, 2 cyx", {0, 1, 2}});
  space.knobs.push_back(
      {"dw_unroll", "taps: 0 all unrolled, 1 a row, 2 none, 3 one expression", {0, 1, 2, 3}});
  space.knobs.push_back({"dw_split", "borders apart: bit 0 columns, bit 1 rows", {0, 1, 2, 3}});
}

std::vector<int64_t> step_rows(int64_t height) {
  std::vector<int64_t> values = range(1, std::min<int64_t>(height, 16));
  if (height > 16) values.push_back(height);
  return values;
}

int64_t knob(const Point& point, const std::string& name) {
  const auto found = point.find(name);
  return found == point.end() ? 0 : found->second;
}

Error schedule_error(const spec::Layer& layer, const std::string& name, const std::string& value,
                     std::string message, std::string hint) {
  Error error;
  error.kind = ErrorKind::input;
  error.layer = layer.name;
  error.field = "schedule." + name;
  error.value = value;
  error.message = std::move(message);
  error.hint = std::move(hint);
  return error;
}

std::string list(const std::vector<int64_t>& values) {
  std::string text;
  for (const int64_t value : values) text += (text.empty() ? "" : " ") + std::to_string(value);
  return text;
}

/// Every knob present with a declared value, and no other.
Errors check_knobs(const Point& point, const spec::Layer& layer, const Space& space) {
  Errors errors;
  for (const Knob& knob : space.knobs) {
    const auto found = point.find(knob.name);
    if (found == point.end()) {
      errors.push_back(schedule_error(layer, knob.name, "", "the schedule lacks this knob",
                                      knob.meaning + "; one of " + list(knob.values)));
    } else if (std::find(knob.values.begin(), knob.values.end(), found->second) ==
               knob.values.end()) {
      errors.push_back(schedule_error(layer, knob.name, std::to_string(found->second),
                                      "not in this layer's space", "one of " + list(knob.values)));
    }
  }
  for (const auto& [name, value] : point) {
    const bool known = std::any_of(space.knobs.begin(), space.knobs.end(),
                                   [&](const Knob& knob) { return knob.name == name; });
    if (!known) {
      errors.push_back(schedule_error(layer, name, std::to_string(value),
                                      "no such knob in this layer's space",
                                      "`sepconv inspect --emit schedule` lists the knobs"));
    }
  }
  return errors;
}

void check_channel_tile(Errors& errors, const Point& point, const spec::Layer& layer,
                        const std::string& prefix, const Stage& stage, int64_t channels_in,
                        const targets::Target& target) {
  const int64_t x = knob(point, prefix + "_x");
  const int64_t v = knob(point, prefix + "_v");
  const int64_t lanes = knob(point, prefix + "_lanes");
  const int64_t unroll = knob(point, prefix + "_unroll");
  if (!channel_tile_in_registers(x, v, target)) {
    errors.push_back(schedule_error(layer, prefix + "_x", std::to_string(x),
                                    "a tile of " + std::to_string(x) + "x" + std::to_string(v) +
                                        " does not fit " + std::to_string(target.registers) +
                                        " registers",
                                    "x*v accumulators, v weights and a broadcast must fit"));
  }
  if (!channel_tile_fits(stage.channels_out, v * lanes)) {
    errors.push_back(schedule_error(
        layer, prefix + "_v", std::to_string(v),
        "tiles of " + std::to_string(v * lanes) + " channels reach beyond the packed weights",
        "tiles must cover no more than the channels rounded up to 16"));
  }
  const int64_t taps = stage.window.kernel[1] * stage.window.kernel[0];
  const int64_t body = x * v * (unroll == 0 ? channels_in : unroll);
  if (body * (stage.kind == StageKind::conv2d ? 1 : taps) > kUnrollBudget) {
    errors.push_back(schedule_error(layer, prefix + "_unroll", std::to_string(unroll),
                                    "the unrolled body has " + std::to_string(body) + " FMAs",
                                    "at most " + std::to_string(kUnrollBudget)));
  }
}

void check_window_tile(Errors& errors, const Point& point, const spec::Layer& layer,
                       const Stage& stage, int64_t rows, const targets::Target& target) {
  const int64_t tile = knob(point, "dw_x") * knob(point, "dw_y") * knob(point, "dw_v");
  const int64_t unroll = knob(point, "dw_unroll");
  const auto& kernel = stage.window.kernel;
  const int64_t taps = unroll == 0 || unroll == 3 ? kernel[0] * kernel[1]
                       : unroll == 1              ? kernel[1]
                                                  : 1;
  // A whole small map may exceed the registers: its padding taps vanish, which pays for some
  // spills.
  if (tile > 2 * target.registers) {
    errors.push_back(schedule_error(layer, "dw_x", std::to_string(knob(point, "dw_x")),
                                    "the tile has " + std::to_string(tile) + " accumulators",
                                    "at most " + std::to_string(2 * target.registers)));
  }
  if (tile * taps > kUnrollBudget) {
    errors.push_back(
        schedule_error(layer, "dw_unroll", std::to_string(unroll),
                       "the unrolled body has " + std::to_string(tile * taps) + " FMAs",
                       "at most " + std::to_string(kUnrollBudget)));
  }
  if (rows > 0 && rows % knob(point, "dw_y") != 0) {
    errors.push_back(schedule_error(
        layer, "dw_y", std::to_string(knob(point, "dw_y")),
        "does not divide the " + std::to_string(rows) + " rows of a step", "a divisor of rows"));
  }
  const int64_t vectors =
      (stage.channels_out + knob(point, "dw_lanes") - 1) / knob(point, "dw_lanes");
  if (vectors % knob(point, "dw_v") != 0) {
    errors.push_back(schedule_error(layer, "dw_v", std::to_string(knob(point, "dw_v")),
                                    "does not divide the " + std::to_string(vectors) + " vectors",
                                    "a divisor of the vectors of channels"));
  }
}

std::string stage_prefix(const spec::Layer& layer, size_t index) {
  const Stage& stage = layer.stages[index];
  if (stage.kind == StageKind::depthwise) return "dw";
  if (stage.kind == StageKind::conv2d) return "cv";
  return index + 1 < layer.stages.size() ? "ex" : "pw";
}

/// Task axis of a nest that needs whole rows or whole channel blocks: rows unless they are too few.
Phase rows_or_channels(int first, int last, int64_t height, int64_t row_grain, int64_t channels,
                       int64_t channel_grain) {
  constexpr int64_t kEnough = 4;
  Phase phase{first, last, Axis::rows, std::min(row_grain, height)};
  if (height / phase.grain < kEnough && channels / channel_grain > height / phase.grain) {
    phase.axis = Axis::channels;
    phase.grain = channel_grain;
  }
  return phase;
}

Phase pointwise_phase(int index, const Point& point, const spec::Shape& out) {
  const int64_t x = knob(point, "pw_x");
  const int64_t width = knob(point, "pw_v") * knob(point, "pw_lanes");
  constexpr int64_t kEnough = 8;
  Phase phase{index, index, Axis::pixels, x};
  if (out.h * out.w / x < kEnough && out.c / width > out.h * out.w / x && out.w >= x) {
    phase.axis = Axis::channels;
    phase.grain = width;
  }
  return phase;
}

}  // namespace

bool channel_tile_fits(int64_t channels, int64_t width) {
  return round_up(channels, width) <= round_up(channels, spec::kChannelBlock);
}

bool channel_tile_in_registers(int64_t x, int64_t v, const targets::Target& target) {
  // AVX-512 broadcasts from memory inside the FMA; with one vector everyone's broadcast is used
  // once.
  const bool folds = target.vector_bits == 512 || v == 1;
  return x * v + v + (folds ? 0 : 1) <= target.registers;
}

Space cpu_space(const spec::Layer& layer, const targets::Target& target) {
  Space space;
  const auto shapes = spec::shapes(layer);
  if (layer.stages.size() > 1 || layer.op == spec::Op::conv2d) {
    space.knobs.push_back(
        {"rows", "output rows a step; the whole height is one step", step_rows(shapes.back().h)});
  }
  for (size_t i = 0; i < layer.stages.size(); ++i) {
    const std::string prefix = stage_prefix(layer, i);
    if (prefix == "dw") {
      add_window_knobs(space, shapes[i + 1], target);
    } else {
      const int64_t width =
          layer.op == spec::Op::pointwise ? shapes[i + 1].h * shapes[i + 1].w : shapes[i + 1].w;
      add_channel_knobs(space, prefix, width, shapes[i].c, target);
    }
  }
  return space;
}

Errors cpu_legal(const Point& point, const spec::Layer& layer, const targets::Target& target) {
  Errors errors = check_knobs(point, layer, cpu_space(layer, target));
  if (!errors.empty()) return errors;
  const auto shapes = spec::shapes(layer);
  const int64_t rows = layer.stages.size() > 1 ? knob(point, "rows") : 0;
  for (size_t i = 0; i < layer.stages.size(); ++i) {
    const std::string prefix = stage_prefix(layer, i);
    if (prefix == "dw") {
      check_window_tile(errors, point, layer, layer.stages[i], rows, target);
    } else {
      check_channel_tile(errors, point, layer, prefix, layer.stages[i], shapes[i].c, target);
    }
  }
  return errors;
}

namespace {

std::vector<Phase> cut(const spec::Layer& layer, const Point& point) {
  const spec::Shape out = spec::output_shape(layer);
  const int last = static_cast<int>(layer.stages.size()) - 1;
  const int64_t width = knob(point, "pw_v") * knob(point, "pw_lanes");
  switch (layer.op) {
    case spec::Op::pointwise:
      return {pointwise_phase(0, point, out)};
    case spec::Op::depthwise:
      return {rows_or_channels(0, 0, out.h, knob(point, "dw_y"), out.c,
                               knob(point, "dw_v") * knob(point, "dw_lanes"))};
    case spec::Op::conv2d:
      return {Phase{0, 0, Axis::rows, knob(point, "rows")}};
    case spec::Op::depthwise_separable:
      return {rows_or_channels(0, last, out.h, knob(point, "rows"), out.c, width)};
    case spec::Op::inverted_residual:
      return {Phase{0, last, Axis::rows, knob(point, "rows")}};
  }
  return {};
}

}  // namespace

std::vector<Phase> cpu_phases(const spec::Layer& layer, const targets::Target&,
                              const Point& point) {
  std::vector<Phase> phases = cut(layer, point);
  for (Phase& phase : phases) phase.inline_taps = knob(point, "dw_unroll") == 3;
  return phases;
}

}  // namespace sepconv::schedules
