// Tests with real data: the stored weights and activations of BlazeFace. Knows no kernel.
#pragma once

#include <string>
#include <vector>

#include "reference/reference.h"
#include "spec/layer.h"

namespace sepconv::real {

/// The layers of blazeface.json whose name begins with `prefix` ("dw_", "pw_", "conv_", "dwpw_").
/// A name ends with the number of the operator in the model; a dwpw_ also covers the pointwise
/// operator that follows. Throws when the file is not right.
[[nodiscard]] std::vector<spec::Layer> layers(const std::string& prefix);

/// The operator's number, from the layer's name.
[[nodiscard]] int operator_of(const spec::Layer& layer);

/// The number of the pointwise operator after a depthwise one.
[[nodiscard]] int pointwise_after(int depthwise);

/// A stored array as f32, dense in C order. Throws when the file is missing or of another type.
[[nodiscard]] std::vector<float> array(const std::string& name);

/// The stored result of an operator.
[[nodiscard]] std::vector<float> output(int op);

/// What enters an operator.
[[nodiscard]] std::vector<float> input(int op);

/// Sum of a pointwise operator's result and its block's input (halved and extended where the
/// shapes ask for it), through ReLU: what enters the next block.
[[nodiscard]] std::vector<float> finish_block(const spec::Shape& block_input,
                                              const std::vector<float>& skip,
                                              const spec::Shape& shape,
                                              std::vector<float> pointwise);

/// Weights of a layer in the orders of reference::StageParameters.
[[nodiscard]] std::vector<reference::StageParameters> layer_weights(const spec::Layer& layer);

}  // namespace sepconv::real
