// Generators: the named stages that an algorithm consists of, and the hook that schedules them.
// The contract between generators/ (arithmetic only) and schedules/ (loops only).
#pragma once

#include <Halide.h>

#include <functional>
#include <string>
#include <vector>

#include "spec/layer.h"

namespace sepconv::generators {

/// The Funcs of one stage, all over (c, x, y) of one image.
struct StageFuncs {
  spec::Stage stage;
  spec::Shape in, out;     ///< of one image
  bool padded = false;     ///< whether some tap falls on padding
  Halide::Func pad;        ///< input with its zeros, (c, x, y) in input coordinates; undefined for pointwise
  Halide::Func sum;        ///< pure: bias (+ residual); update 0: += weights * input over `taps`
  Halide::Func result;     ///< activation(sum)
  Halide::RDom taps;       ///< pointwise (ci); depthwise (kx, ky); conv2d (ci, kx, ky)
  Halide::Func weights, bias;  ///< wrappers of the packed parameters; bias undefined when absent
};

/// The algorithm of one phase: stages [first, last] of a layer.
struct Chain {
  spec::Layer layer;
  int phase = 0;
  bool flat = false;  ///< one dense pointwise stage: x runs over all pixels of the image, y has extent 1
  Halide::Var c{"c"}, x{"x"}, y{"y"};
  Halide::Func input;
  std::vector<StageFuncs> stages;
  Halide::Func output;  ///< the last stage's result, the pipeline's output
};

/// Applies a schedule (text of a point) to a chain. Installed by schedules/.
using ScheduleHook = std::function<void(Chain&, const Halide::Target&, const std::string& point)>;
void set_schedule_hook(ScheduleHook hook);
[[nodiscard]] const ScheduleHook& schedule_hook();

/// Which stages phase `phase` of a point covers, as {first, last}. Installed with the hook.
using PhaseHook = std::function<std::pair<int, int>(const spec::Layer&, const Halide::Target&,
                                                    const std::string& point, int phase)>;
void set_phase_hook(PhaseHook hook);
[[nodiscard]] const PhaseHook& phase_hook();

/// Name of the registered generator for an op: "depthwise", "pointwise", ...
/// GeneratorParams: layer=<canonical name>, schedule=<point, empty = heuristic>, phase=<index>.
/// Arguments of the emitted function, in order: input, the phase's packed parameters in the order of
/// spec::parameters, residual (if the phase has one), output; all (c, x, y) buffers of one image.
[[nodiscard]] std::string generator_name(spec::Op op);

}  // namespace sepconv::generators
