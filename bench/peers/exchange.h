// Bench, peers: a layer and its values as files that rivals' programs read. Knows no process.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "reference/reference.h"
#include "spec/layer.h"
#include "support/error.h"

namespace sepconv::bench {

/// `layer.txt`, words separated by blanks:
///
///     sepconv-peer 1
///     threads T
///     layout nhwc|nchw
///     input N H W C
///     stage KIND CI CO KH KW SH SW DH DW TOP LEFT BOTTOM RIGHT BIAS RESIDUAL ACTIVATION
///
/// with one `stage` line per stage, KIND pointwise, depthwise or conv2d, BIAS 0 or 1, RESIDUAL
/// none, input (the layer's own) or tensor (residual.f32), added before the activation.
[[nodiscard]] std::string describe_layer(const spec::Layer& layer, int threads);

/// Writes layer.txt and, as raw little-endian f32, input.f32, residual.f32, weights<i>.f32 and
/// bias<i>.f32 of stage i: tensors dense NHWC whatever the layout, weights as in
/// reference::StageParameters. Kind environment when the disk refuses.
[[nodiscard]] Result<void> write_layer(const std::filesystem::path& folder,
                                       const spec::Layer& layer,
                                       const reference::Operands& operands, int threads);

/// The rival's output.f32, dense NHWC; empty when it has not `elements` values.
[[nodiscard]] std::vector<float> read_output(const std::filesystem::path& folder, int64_t elements);

/// Whether outputs are equal but for the order of f32 sums.
[[nodiscard]] bool agree(const std::vector<float>& ours, const std::vector<float>& theirs);

}  // namespace sepconv::bench
