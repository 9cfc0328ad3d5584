// Tests: random layers, valid ones by retrying. Knows no property.
#pragma once

#include <random>

#include "spec/layer.h"

namespace sepconv::tests {

// A valid layer of any op; small extents, every option.
spec::Layer random_layer(std::mt19937& random);

}  // namespace sepconv::tests
