// Spec: a layer as a value, the first station of the data flow. Knows nothing of Halide, schedules
// or files.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "spec/dtype.h"

namespace sepconv::spec {

enum class Op { depthwise, pointwise, depthwise_separable, inverted_residual, conv2d };
enum class Layout { nhwc, nchw };
enum class Activation { none, relu, relu6, hard_swish, silu, gelu, sigmoid };
[[nodiscard]] constexpr bool takes_exponential(Activation activation) {
  return activation == Activation::sigmoid || activation == Activation::silu ||
         activation == Activation::gelu;
}

enum class StageKind { pointwise, depthwise, conv2d };

/// The window of a depthwise or dense convolution; a pointwise stage keeps the identity.
struct Window {
  std::array<int64_t, 2> kernel{1, 1};         ///< [h, w] in taps
  std::array<int64_t, 2> stride{1, 1};         ///< [h, w] in pixels
  std::array<int64_t, 2> dilation{1, 1};       ///< [h, w]; 1 is none
  std::array<int64_t, 4> padding{0, 0, 0, 0};  ///< [top, left, bottom, right] in pixels of zeros

  [[nodiscard]] bool padded() const { return padding != std::array<int64_t, 4>{}; }
  /// Rows (axis 0) or columns (1) of input from the first to the last that `outputs` neighbours
  /// read.
  [[nodiscard]] int64_t span(int axis, int64_t outputs) const {
    return (outputs - 1) * stride[axis] + (kernel[axis] - 1) * dilation[axis] + 1;
  }
  /// How many of these they read: strides and dilated taps may skip some.
  [[nodiscard]] int64_t inputs(int axis, int64_t outputs) const {
    return std::min(span(axis, outputs), outputs * kernel[axis]);
  }
  bool operator==(const Window&) const = default;
};

/// One link of a chain: a convolution, then bias, then residual, then activation.
struct Stage {
  StageKind kind = StageKind::pointwise;
  int64_t channels_out = 1;  ///< depthwise: channels_in * multiplier
  int64_t multiplier = 1;  ///< depthwise only: output channel c*multiplier+j reads input channel c
  Window window;
  bool bias = true;
  bool residual = false;  ///< adds a tensor of the stage's output shape before the activation
  Activation activation = Activation::none;

  bool operator==(const Stage&) const = default;
};

/// Extents of an activation tensor, in elements.
struct Shape {
  int64_t n = 1, h = 1, w = 1, c = 1;

  bool operator==(const Shape&) const = default;
  /// n*h*w*c. Precondition: the layer is valid, so that it fits.
  [[nodiscard]] int64_t elements() const { return n * h * w * c; }
};

/// A layer: a chain of stages over one input. `op` names which chain; the stages hold the numbers.
///
/// depthwise: [depthwise]; pointwise: [pointwise]; conv2d: [conv2d];
/// depthwise_separable: [depthwise, pointwise]; inverted_residual: [pointwise, depthwise,
/// pointwise]. An inverted_residual with residual adds the layer's own input; a pointwise with
/// residual adds a tensor of its own.
struct Layer {
  std::string name;  ///< unique in its file; a layer given as a canonical name has that name
  Op op = Op::pointwise;
  Dtype dtype = Dtype::f32;         ///< of the tensors at the border and of packed weights
  Dtype accumulate = Dtype::f32;    ///< what sums and values between stages are kept in
  Layout layout = Layout::nhwc;     ///< of the activations at the border
  Shape input;                      ///< n is the batch tuned and verified for
  int64_t input_pixel_stride = 0;   ///< elements from pixel to pixel; 0 is dense. nhwc only
  int64_t output_pixel_stride = 0;  ///< likewise for the output
  std::vector<Stage> stages;
  int64_t count = 1;  ///< how often the network has this layer

  bool operator==(const Layer&) const = default;
};

/// The layers of one file, in file order.
struct LayerFile {
  std::string path;  ///< as given by the user; empty for layers given as canonical names
  std::string name;  ///< the library's name, a C identifier
  std::vector<Layer> layers;
};

/// floor((extent + before + after - ((kernel-1)*dilation + 1)) / stride) + 1; <= 0 when the window
/// does not fit.
[[nodiscard]] int64_t output_extent(int64_t extent, int64_t kernel, int64_t stride,
                                    int64_t dilation, int64_t before, int64_t after);

/// Shapes along the chain: [0] the layer's input, [i+1] the output of stage i.
/// Precondition: the layer is valid.
[[nodiscard]] std::vector<Shape> shapes(const Layer& layer);
[[nodiscard]] Shape output_shape(const Layer& layer);

/// Whether the layer takes a separate residual tensor (pointwise with residual).
[[nodiscard]] bool has_residual_input(const Layer& layer);

/// The stage of the layer's depthwise part, or -1.
[[nodiscard]] int depthwise_stage(const Layer& layer);

/// The layer as loop nests compute it, which run along columns: where a map and its windows are one
/// column wide, columns are rows and rows columns. That is the same layer over the same bytes, of
/// inputs, outputs and packed weights. Other layers are as they are.
[[nodiscard]] Layer along_columns(const Layer& layer);

/// Images of a batch that are rows of one: all of them for a pointwise layer in nhwc whose images
/// have fewer than kFewPixels pixels, else 1. Then all pixels of a batch share the weights.
[[nodiscard]] int64_t images_as_rows(const Layer& layer);
inline constexpr int64_t kFewPixels = 64;

/// One part of a layer's packed weights, in the order in which kernels take them.
///
/// The layout depends on the layer alone, never on schedule or target, so that every variant of a
/// library shares one blob (layout version kPackingVersion). Channels are padded with zeros to
/// kChannelBlock; weights have the layer's dtype, biases that of its traits:
///   pointwise  [ceil(co/16)][ci][16]     dense  [ceil(co/16)][kh][kw][ci][16]
///   depthwise  [kh][kw][16*ceil(c/16)]   bias   [16*ceil(c/16)]
struct Parameter {
  enum class Role { expand, expand_bias, depthwise, depthwise_bias, weights, bias };
  Role role = Role::weights;
  int stage = 0;  ///< index into Layer::stages
  bool is_bias = false;
  Dtype dtype = Dtype::f32;
  std::vector<int64_t> extents;  ///< packed extents, innermost first
  int64_t offset = 0;            ///< bytes from the start of the payload, a multiple of 64
  int64_t bytes = 0;             ///< multiple of 64
};
inline constexpr int64_t kChannelBlock = 16;
inline constexpr int kPackingVersion = 1;
[[nodiscard]] std::vector<Parameter> parameters(const Layer& layer);
/// Payload bytes of the packed blob, without the runtime's header.
[[nodiscard]] int64_t packed_bytes(const Layer& layer);

/// The words of layer files, names and JSON; parsing returns false for an unknown word.
[[nodiscard]] std::string_view word(Op value);
[[nodiscard]] std::string_view word(Dtype value);
[[nodiscard]] std::string_view word(Layout value);
[[nodiscard]] std::string_view word(Activation value);
[[nodiscard]] std::string_view word(StageKind value);
[[nodiscard]] std::string_view word(Parameter::Role value);
bool parse_word(std::string_view text, Op& value);
bool parse_word(std::string_view text, Dtype& value);
bool parse_word(std::string_view text, Layout& value);
bool parse_word(std::string_view text, Activation& value);

}  // namespace sepconv::spec
