// Tests with real data: layers to kernels and kernels to outputs, by the ways that an app has.
// Knows no data.
#pragma once

#include <string>
#include <vector>

#include "measure/library.h"
#include "reference/reference.h"
#include "spec/layer.h"

namespace sepconv::real {

/// A library of layers for one target, each under its canonical name. Throws when one fails.
[[nodiscard]] measure::Library build(const std::vector<spec::Layer>& layers,
                                     const std::string& target = "native");

/// Packs the weights and runs the kernel once on dense input; the dense output.
[[nodiscard]] std::vector<float> run(const measure::Library& library, const spec::Layer& layer,
                                     const std::vector<reference::StageParameters>& weights,
                                     const std::vector<float>& values);

}  // namespace sepconv::real
