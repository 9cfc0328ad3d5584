// Schedules: the declared space of channel-vectorised CPU nests and its constraints, for any
// register file. Knows no Halide.
#pragma once

#include "schedules/schedule.h"

namespace sepconv::schedules {

/// Divisor candidates and legal values of every knob of the layer.
[[nodiscard]] Space cpu_space(const spec::Layer& layer, const targets::Target& target);

/// Reasons against a point: unknown or missing knobs, values outside the space, register and unroll
/// budgets.
[[nodiscard]] Errors cpu_legal(const Point& point, const spec::Layer& layer,
                               const targets::Target& target);

/// Phases of a legal point.
[[nodiscard]] std::vector<Phase> cpu_phases(const spec::Layer& layer, const targets::Target& target,
                                            const Point& point);

/// Whether tiles of `width` channels read no packed block beyond the padded ones.
[[nodiscard]] bool channel_tile_fits(int64_t channels, int64_t width);

/// Whether a tile of x pixels by v vectors stays in the register file.
[[nodiscard]] bool channel_tile_in_registers(int64_t x, int64_t v, const targets::Target& target);

/// FMAs of one unrolled body beyond which compile time explodes.
inline constexpr int64_t kUnrollBudget = 800;

}  // namespace sepconv::schedules
