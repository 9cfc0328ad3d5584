// Generators: the named stages that an algorithm consists of, and the hook that schedules them.
// The contract between generators/ (arithmetic only) and schedules/ (loops only).
#pragma once

#include <Halide.h>

#include <functional>
#include <string>
#include <vector>

#include "spec/layer.h"
#include "spec/phase.h"

namespace sepconv::generators {

/// A validated size, which fits Halide's 32-bit loops.
[[nodiscard]] inline int as_int(int64_t value) { return static_cast<int>(value); }

/// The Funcs of one stage, all over (c, x, y) of one image.
struct StageFuncs {
  spec::Stage stage;
  spec::Shape in, out;  ///< of one image
  bool padded = false;  ///< whether some tap falls on padding
  Halide::Func
      pad;  ///< input with its zeros, (c, x, y) in input coordinates; undefined for pointwise
  Halide::Func sum;      ///< pure: bias; update 0: += weights * input over `taps`
  Halide::Func result;   ///< activation(sum + residual)
  Halide::RDom taps;     ///< pointwise (ci); depthwise (kx, ky); conv2d (ci, kx, ky)
  Halide::Func weights;  ///< by output channel and taps, as values of the sums' type
  Halide::Func bias;     ///< by output channel; undefined when absent
};

/// The algorithm of one phase: stages [first, last] of a layer.
struct Chain {
  spec::Layer layer;
  spec::Phase phase;  ///< flat: x runs over all pixels of the image and y has extent 1
  bool planar_input = false, planar_output = false;  ///< nchw: pixels are contiguous, not channels
  int64_t output_pixel_stride = 0;                   ///< elements from pixel to pixel; 0 is dense
  Halide::Var c{"c"}, x{"x"}, y{"y"};
  Halide::Func input;           ///< what the first stage reads
  bool widened = false;         ///< that is a conversion of what is stored
  bool narrow_weights = false;  ///< weights are conversions of what is packed
  std::vector<StageFuncs> stages;
  Halide::Func output;  ///< the last stage's result, the pipeline's output
};

/// What schedules/ supplies: both functions take the text of a point (empty: the heuristic's).
struct Hooks {
  /// Schedules the chain's Funcs. Throws Halide::Error for an illegal point.
  std::function<void(Chain&, const Halide::Target&, const std::string& point)> schedule;
  /// The phases of the layer.
  std::function<std::vector<spec::Phase>(const spec::Layer&, const Halide::Target&,
                                         const std::string& point)>
      phases;
};
/// Installs the hooks; generators run only afterwards.
void set_hooks(Hooks hooks);
[[nodiscard]] const Hooks& hooks();

/// Name of the registered generator for an op: "depthwise", "pointwise", ...
/// GeneratorParams: layer=<canonical name>, schedule=<point, empty = heuristic>, phase=<index>.
/// Arguments of the emitted function, in order: input, the phase's packed parameters in the order
/// of spec::parameters, residual (if the phase has one), output; all (c, x, y) buffers of one
/// image.
[[nodiscard]] std::string generator_name(spec::Op op);

}  // namespace sepconv::generators
