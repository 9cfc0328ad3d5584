// Generators: builds the algorithm of a chain of stages. Knows no schedule.
#pragma once

#include <vector>

#include "generators/elements.h"
#include "generators/stages.h"

namespace sepconv::generators {

/// The Funcs that a phase reads.
struct ChainInputs {
  Halide::Func input;                    ///< (c, x, y)
  std::vector<Halide::Func> parameters;  ///< packed, in the order of phase_parameters
  Halide::Func residual;                 ///< (c, x, y); undefined when the phase has none
  Types types;
};

/// The packed parameters of the stages of a phase, in argument order.
[[nodiscard]] std::vector<spec::Parameter> phase_parameters(const spec::Layer& layer,
                                                            const spec::Phase& phase);

/// Whether the phase takes a residual argument.
[[nodiscard]] bool phase_has_residual(const spec::Layer& layer, const spec::Phase& phase);

/// The algorithm of stages [first, last]. Sums run over taps, then channels, in one sequential
/// order, so that results do not depend on the schedule.
[[nodiscard]] Chain build_chain(const spec::Layer& layer, const spec::Phase& phase,
                                const ChainInputs& inputs);

}  // namespace sepconv::generators
