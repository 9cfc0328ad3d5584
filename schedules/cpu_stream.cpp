// Schedules: which layers may write their output past the caches, and which should. Knows no
// Halide.
//
// Derivation. An ordinary store reads its line first and writes it out later, so a map that leaves
// the caches crosses the bus twice; stores that fill a line past the caches cross it once. A core
// of Sapphire Rapids writes 8 GB/s to memory by ordinary stores and 20 GB/s past the caches, a line
// in some ten cycles, but as much into its L3 by ordinary ones, where that still holds the map of
// the call before. Of up to four multiply-adds an output, writing is all there is: with its
// buffers out of the caches such a layer takes half to two thirds of the time, and 0.95 to 1.05
// with them in L3. Of 16 it loses a fifth in L3, and longer sums hide either way of writing. With
// the reading of the next layer, a chain of maps gains from 3 MiB on, from 8 MiB a fifth and more.
// Zen 4, whose cores write 42 GB/s into 32 MiB of L3 and 28 GB/s past it, gains from twice its L3
// at most.
#include "schedules/cpu_stream.h"

#include <algorithm>

#include "schedules/cpu_space.h"
#include "spec/cost.h"

namespace sepconv::schedules {
namespace {

/// Of one image: a batch changes no point.
int64_t output_bytes(const spec::Layer& layer) {
  const spec::Shape out = spec::output_shape(layer);
  return out.h * out.w * out.c * 4;
}

/// Multiply-adds an output beside which its writing is all there is.
constexpr double kMostMacs = 4;

/// Lines that a core sends at a time; a larger tile's would wait for each other.
constexpr int64_t kMostLines = 16;

double macs_an_output(const spec::Layer& layer) {
  const spec::Cost cost = spec::cost(layer);
  return static_cast<double>(4 * cost.macs()) / static_cast<double>(cost.output_bytes);
}

}  // namespace

bool may_stream(const spec::Layer& layer, const targets::Target& target) {
  constexpr int64_t kLeastBytes = 4 << 20;  // twice the largest L2 of a core
  const int64_t channels = spec::output_shape(layer).c;
  const int64_t pixel = layer.output_pixel_stride > 0 ? layer.output_pixel_stride : channels;
  const bool lines = channels * 4 % kLine == 0 && pixel * 4 % kLine == 0;
  const bool vectors = target.isa.starts_with("x86") && target.vector_bits >= 256;
  return vectors && layer.dtype == spec::Dtype::f32 && layer.layout == spec::Layout::nhwc &&
         lines && output_bytes(layer) >= kLeastBytes;
}

void choose_stream(Point& point, const spec::Layer& layer, const targets::Target& target) {
  point["stream"] = 0;
  if (output_bytes(layer) < target.core.stream_bytes || macs_an_output(layer) > kMostMacs) {
    return;
  }
  Point streaming = point;
  streaming["stream"] = 1;
  const std::string prefix = stage_prefix(layer, layer.stages.size() - 1);
  if (prefix != "dw") {
    int64_t& pixels = streaming[prefix + "_x"];
    pixels = std::clamp<int64_t>(kMostLines / knob(point, prefix + "_v"), 1, pixels);
  }
  if (cpu_legal(streaming, layer, target).empty()) point = streaming;
}

}  // namespace sepconv::schedules
