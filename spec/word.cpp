// Spec: the words of layer files, names and JSON for every enumeration. Knows no layer.
#include <algorithm>
#include <array>

#include "spec/layer.h"

namespace sepconv::spec {
namespace {

constexpr std::array<std::string_view, 5> kOps{"depthwise", "pointwise", "depthwise_separable",
                                               "inverted_residual", "conv2d"};
constexpr std::array<std::string_view, 2> kLayouts{"nhwc", "nchw"};
constexpr std::array<std::string_view, 7> kActivations{"none", "relu", "relu6",  "hard_swish",
                                                       "silu", "gelu", "sigmoid"};
constexpr std::array<std::string_view, 3> kStageKinds{"pointwise", "depthwise", "conv2d"};
constexpr std::array<std::string_view, 6> kRoles{"expand",         "expand_bias", "depthwise",
                                                 "depthwise_bias", "weights",     "bias"};

template <size_t N, class T>
std::string_view word_of(const std::array<std::string_view, N>& words, T value) {
  return words.at(static_cast<size_t>(value));
}

template <size_t N, class T>
bool parse(const std::array<std::string_view, N>& words, std::string_view text, T& value) {
  const auto found = std::find(words.begin(), words.end(), text);
  if (found == words.end()) return false;
  value = static_cast<T>(found - words.begin());
  return true;
}

}  // namespace

std::string_view word(Op value) { return word_of(kOps, value); }
std::string_view word(Dtype value) { return traits(value).word; }
std::string_view word(Layout value) { return word_of(kLayouts, value); }
std::string_view word(Activation value) { return word_of(kActivations, value); }
std::string_view word(StageKind value) { return word_of(kStageKinds, value); }
std::string_view word(Parameter::Role value) { return word_of(kRoles, value); }
bool parse_word(std::string_view text, Op& value) { return parse(kOps, text, value); }
bool parse_word(std::string_view text, Dtype& value) {
  for (const Dtype dtype : dtypes()) {
    if (traits(dtype).word != text) continue;
    value = dtype;
    return true;
  }
  return false;
}
bool parse_word(std::string_view text, Layout& value) { return parse(kLayouts, text, value); }
bool parse_word(std::string_view text, Activation& value) {
  return parse(kActivations, text, value);
}

}  // namespace sepconv::spec
