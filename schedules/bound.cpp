// Schedules: what a core cannot beat, from its data and a layer's cost. Knows no point.
#include "schedules/bound.h"

#include <fmt/core.h>

#include <algorithm>

#include "schedules/schedule.h"
#include "spec/cost.h"
#include "support/integers.h"
#include "targets/rates.h"

namespace sepconv::schedules {
namespace {

using spec::Activation;
using spec::Layer;
using spec::Stage;
using spec::StageKind;

/// Below this a call's checks and first misses are a large part of its time.
constexpr int64_t kSmallMacs = 50'000;
/// Of a vector's lanes; more idle ones are worth a word.
constexpr double kIdleLanes = 0.1;
/// Bytes between pixels at which the lines of a window meet in few sets of a first cache.
constexpr int64_t kAliasingStride = 2048;

size_t level_index(int64_t bytes, const targets::Core& core) {
  if (bytes <= core.l1_bytes) return 0;
  if (bytes <= core.l2_bytes) return 1;
  return bytes <= core.l3_bytes ? 2 : 3;
}

/// Vectors run along channels, in layout nchw along columns.
void advise_lanes(const Layer& layer, const targets::Target& target,
                  std::vector<std::string>& advice) {
  const auto shapes = spec::shapes(layer);
  const bool planar = layer.layout == spec::Layout::nchw;
  const int64_t lanes = target.lanes(4);
  for (size_t i = 0; i < layer.stages.size(); ++i) {
    const int64_t extent = planar ? shapes[i + 1].w : shapes[i + 1].c;
    const int64_t vectors = support::ceil_div(extent, lanes);
    const double idle = 1 - static_cast<double>(extent) / static_cast<double>(vectors * lanes);
    if (idle <= kIdleLanes) continue;
    advice.push_back(fmt::format(
        "stage {} has {} {}: {:.0f} % of the lanes of its vectors of {} are idle; multiples of {} "
        "have none",
        i, extent, planar ? "columns" : "channels", 100 * idle, lanes, lanes));
  }
}

void advise_windows(const Layer& layer, std::vector<std::string>& advice) {
  const auto shapes = spec::shapes(layer);
  for (size_t i = 0; i < layer.stages.size(); ++i) {
    const Stage& stage = layer.stages[i];
    if (stage.kind != StageKind::depthwise) continue;
    const int64_t channels =
        i == 0 && layer.input_pixel_stride > 0 ? layer.input_pixel_stride : shapes[i].c;
    if (i == 0 && layer.layout == spec::Layout::nhwc && 4 * channels % kAliasingStride == 0) {
      advice.push_back(fmt::format(
          "the window's pixels lie {} bytes apart and meet in few sets of the first cache; a pixel "
          "stride of {} channels avoids it, and input and output should start at different places "
          "of a page",
          4 * channels, channels + 16));
    }
    if (stage.multiplier > 1) {
      advice.push_back(fmt::format(
          "a multiplier of {} repeats each input channel: its vectors are shuffled, not loaded",
          stage.multiplier));
    }
  }
}

void advise_activations(const Layer& layer, std::vector<std::string>& advice) {
  for (size_t i = 0; i < layer.stages.size(); ++i) {
    const Activation activation = layer.stages[i].activation;
    if (!spec::takes_exponential(activation)) continue;
    advice.push_back(fmt::format(
        "stage {} ends in {}: a division and an exponential, 10 to 18 cycles a vector; hard_swish "
        "takes 3",
        i, spec::word(activation)));
  }
}

void advise_sizes(const Layer& layer, const targets::Target& target,
                  std::vector<std::string>& advice) {
  const spec::Cost cost = spec::cost(layer);
  if (cost.macs() < kSmallMacs) {
    advice.push_back(fmt::format(
        "{} MACs take about as long as a call: put more into one layer, or a batch into one call",
        cost.macs()));
  }
  const spec::Shape out = spec::output_shape(layer);
  if (cost.parameter_bytes > target.core.l2_bytes && out.h * out.w < 64) {
    advice.push_back(
        fmt::format("{:.1f} MiB of parameters serve {} pixels of an image and do not stay in L2: "
                    "their way from "
                    "{} bounds it",
                    static_cast<double>(cost.parameter_bytes) / (1 << 20), out.h * out.w,
                    level_of(cost.parameter_bytes, target.core)));
  }
  const Bound least = bound(layer, target);
  if (least.limit() == "memory") {
    advice.push_back(
        "its bytes come from memory, whatever the schedule: fused with its neighbours, the tensors "
        "between them would stay in cache");
  }
}

}  // namespace

std::string_view level_of(int64_t bytes, const targets::Core& core) {
  constexpr std::string_view kNames[] = {"L1", "L2", "L3", "memory"};
  return kNames[level_index(bytes, core)];
}

Bound bound(const Layer& layer, const targets::Target& target) {
  const spec::Cost cost = spec::cost(layer);
  const targets::Core& core = target.core;
  // Without multiply-adds as many multiplies as adds share the pipes.
  const int lanes = std::min(core.fma_lanes, core.fma_pipes * target.lanes(4));
  Bound result;
  result.flops_a_cycle = target.fma ? 2.0 * lanes : lanes;
  result.level = level_of(cost.bytes(), core);
  result.bytes_a_cycle = targets::level_bytes(core.name)[level_index(cost.bytes(), core)];
  result.arithmetic = 2.0 * static_cast<double>(cost.macs()) / result.flops_a_cycle;
  result.bytes = static_cast<double>(cost.bytes()) / result.bytes_a_cycle;
  return result;
}

std::vector<std::string> advisories(const Layer& given, const targets::Target& target) {
  const Layer layer = nest(given, target);
  std::vector<std::string> advice;
  if (target.device != targets::Device::cpu) return advice;
  advise_lanes(layer, target, advice);
  advise_windows(layer, advice);
  advise_activations(layer, advice);
  advise_sizes(layer, target, advice);
  return advice;
}

}  // namespace sepconv::schedules
