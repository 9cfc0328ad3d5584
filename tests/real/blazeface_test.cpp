// Tests with real data: generated kernels compute BlazeFace's operators on its own weights and
// activations, one by one, in fused pairs and as the whole network.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "blazeface.h"
#include "kernels.h"
#include "targets/target.h"

namespace sepconv::real {
namespace {

/// The layer of an operator.
spec::Layer find(const std::string& prefix, int op) {
  const auto all = layers(prefix);
  return *std::find_if(all.begin(), all.end(),
                       [op](const spec::Layer& layer) { return operator_of(layer) == op; });
}

/// The layer's output on one image with its real weights.
std::vector<float> run(const measure::Library& library, const spec::Layer& layer,
                       const std::vector<float>& values) {
  return real::run(library, layer, layer_weights(layer), values);
}

/// The largest |actual - expected| as a share of the bound of its element.
double worst(const std::vector<float>& actual, const std::vector<float>& expected,
             const std::vector<double>& bounds) {
  double share = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    const double error = std::abs(static_cast<double>(actual[i]) - expected[i]);
    if (!(error <= 0)) share = std::max(share, std::isfinite(error) ? error / bounds[i] : HUGE_VAL);
  }
  return share;
}

/// Bounds of the layer's own op on its stored input.
std::vector<double> bounds(const spec::Layer& layer, const std::vector<float>& values) {
  reference::Operands operands;
  operands.input = values;
  operands.stages = layer_weights(layer);
  return reference::run(layer, operands, true, 2).bounds;
}

/// Both our result and the stored one may be off by the bound of the op, so that they differ by
/// twice the bound at most.
void expect_stored_results(const std::string& prefix) {
  const auto all = layers(prefix);
  const measure::Library library = build(all);
  for (const spec::Layer& layer : all) {
    SCOPED_TRACE(layer.name);
    const int op = operator_of(layer);
    const auto stored = output(layer.stages.size() > 1 ? pointwise_after(op) : op);
    const auto values = input(op);
    const auto actual = run(library, layer, values);
    ASSERT_EQ(actual.size(), stored.size());
    EXPECT_LE(worst(actual, stored, bounds(layer, values)), 2.0);
  }
}

TEST(BlazeFace, StoredResultsLieWithinTheBoundsOfTheReference) {
  for (const spec::Layer& layer : layers("")) {
    SCOPED_TRACE(layer.name);
    const int op = operator_of(layer);
    reference::Operands operands;
    operands.input = input(op);
    operands.stages = layer_weights(layer);
    const auto expected = reference::run(layer, operands, true, 2);
    const auto stored = output(layer.stages.size() > 1 ? pointwise_after(op) : op);
    ASSERT_EQ(stored.size(), expected.values.size());
    double share = 0;
    for (size_t i = 0; i < stored.size(); ++i) {
      share = std::max(share, std::abs(stored[i] - expected.values[i]) / expected.bounds[i]);
    }
    EXPECT_LE(share, 1.0);
    EXPECT_GT(share, 0.0);
  }
}

TEST(BlazeFace, DepthwiseKernelsGiveTheStoredResults) { expect_stored_results("dw_"); }

TEST(BlazeFace, PointwiseKernelsGiveTheStoredResults) { expect_stored_results("pw_"); }

TEST(BlazeFace, TheDenseKernelGivesTheStoredResult) { expect_stored_results("conv_"); }

TEST(BlazeFace, FusedPairsGiveTheStoredResults) { expect_stored_results("dwpw_"); }

void expect_same_bits_with_fma(const std::string& prefix) {
  for (const char* name : {"x86-64-v3", "x86-64-v4"}) {
    std::string why;
    if (!targets::runs_here(targets::parse_target(name).value(), &why)) GTEST_SKIP() << why;
  }
  const auto all = layers(prefix);
  const measure::Library narrow = build(all, "x86-64-v3"), wide = build(all, "x86-64-v4");
  for (const spec::Layer& layer : all) {
    SCOPED_TRACE(layer.name);
    const auto values = input(operator_of(layer));
    EXPECT_EQ(run(narrow, layer, values), run(wide, layer, values));
  }
}

TEST(BlazeFace, PointwiseBitsAreTheSameOnTargetsWithFusedMultiplyAdd) {
  expect_same_bits_with_fma("pw_");
}

TEST(BlazeFace, FusedBitsAreTheSameOnTargetsWithFusedMultiplyAdd) {
  expect_same_bits_with_fma("dwpw_");
}

/// The largest |actual - stored| as a share of the largest |stored|.
double relative(const std::vector<float>& actual, const std::vector<float>& stored) {
  double error = 0, scale = 0;
  for (size_t i = 0; i < stored.size(); ++i) {
    error = std::max(error, std::abs(static_cast<double>(actual[i]) - stored[i]));
    scale = std::max(scale, std::abs(static_cast<double>(stored[i])));
  }
  return error / scale;
}

// Two implementations of this network differ by up to 1.4e-6 of the largest output.
TEST(BlazeFace, TheWholeNetworkGivesTheStoredHeads) {
  const auto blocks = layers("dwpw_");
  std::vector<spec::Layer> used = blocks;
  used.push_back(find("conv_", 2));
  for (const int op : {148, 151, 154, 157}) used.push_back(find("pw_", op));
  const measure::Library library = build(used);
  std::vector<float> current = run(library, used[blocks.size()], input(2)), early;
  for (const spec::Layer& layer : blocks) {
    if (layer.stages.front().window.stride[0] == 2) early = current;
    auto pointwise = run(library, layer, current);
    current = finish_block(layer.input, current, spec::output_shape(layer), std::move(pointwise));
  }
  for (const int op : {148, 154}) {
    EXPECT_LE(relative(run(library, find("pw_", op), early), output(op)), 1e-5) << op;
  }
  for (const int op : {151, 157}) {
    EXPECT_LE(relative(run(library, find("pw_", op), current), output(op)), 1e-5) << op;
  }
}

}  // namespace
}  // namespace sepconv::real
