// Tests: strided tensors hold their elements at the compiled strides and watch their gaps.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "measure/isolate.h"
#include "measure/tensors.h"

namespace sepconv::measure {
namespace {

using Strides = std::array<int64_t, 4>;
constexpr spec::Shape kShape{2, 3, 4, 5};

TensorBuffer tensor(const spec::Shape& shape, const Strides& strides, Placement placement) {
  auto made = TensorBuffer::make("sample", spec::Dtype::f32, shape, strides, placement);
  EXPECT_TRUE(made);
  return std::move(*made);
}

std::vector<float> counting(const spec::Shape& shape) {
  std::vector<float> values(static_cast<size_t>(shape.elements()));
  std::iota(values.begin(), values.end(), 1.0F);
  return values;
}

TEST(Strides, OfTheLayouts) {
  EXPECT_EQ(strides(spec::Layout::nhwc, kShape, 0), (Strides{60, 20, 5, 1}));
  EXPECT_EQ(strides(spec::Layout::nhwc, kShape, 8), (Strides{96, 32, 8, 1}));
  EXPECT_EQ(strides(spec::Layout::nchw, kShape, 0), (Strides{60, 4, 1, 12}));
}

class TensorLayouts : public testing::TestWithParam<Strides> {};

TEST_P(TensorLayouts, ReadBackWhatWasWritten) {
  for (const Placement placement : {Placement::start, Placement::end}) {
    TensorBuffer sample = tensor(kShape, GetParam(), placement);
    sample.write(counting(kShape).data());
    EXPECT_EQ(sample.read(), counting(kShape));
    EXPECT_TRUE(sample.gaps_intact());
  }
}

TEST_P(TensorLayouts, PutElementsAtTheirStrides) {
  TensorBuffer sample = tensor(kShape, GetParam(), Placement::end);
  sample.write(counting(kShape).data());
  const sepconv_tensor view = sample.view();
  const auto* data = static_cast<const float*>(view.data);
  const int64_t at = view.stride[0] + 2 * view.stride[1] + 3 * view.stride[2] + 4 * view.stride[3];
  EXPECT_EQ(data[at], 120);  // the last of 120 elements
  EXPECT_EQ(data[view.stride[2]], 6);
}

INSTANTIATE_TEST_SUITE_P(All, TensorLayouts,
                         testing::Values(strides(spec::Layout::nhwc, kShape, 0),
                                         strides(spec::Layout::nhwc, kShape, 7),
                                         strides(spec::Layout::nchw, kShape, 0)));

TEST(TensorBuffer, HoldsRoundedHalvesWhereTheLayerDoes) {
  for (const int64_t pixel : {5, 8}) {
    auto made = TensorBuffer::make("sample", spec::Dtype::f16, kShape,
                                   strides(spec::Layout::nhwc, kShape, pixel), Placement::end);
    ASSERT_TRUE(made);
    std::vector<float> values = counting(kShape);
    EXPECT_TRUE(std::all_of(values.begin(), values.end(),
                            [poison = made->read()[0]](float) { return std::isnan(poison); }));
    values[1] = 1.00024414F;
    made->write(values.data());
    values[1] = 1;
    EXPECT_EQ(made->read(), values);
    EXPECT_TRUE(made->gaps_intact());
    if (pixel == 5) continue;
    static_cast<uint16_t*>(made->view().data)[7] = 0;
    EXPECT_FALSE(made->gaps_intact());
  }
}

TEST(TensorBuffer, DescribesItselfForACall) {
  const TensorBuffer sample = tensor(kShape, {96, 32, 8, 1}, Placement::end);
  const sepconv_tensor view = sample.view();
  EXPECT_NE(view.data, nullptr);
  EXPECT_EQ(view.extent[0], 2);
  EXPECT_EQ(view.extent[3], 5);
  EXPECT_EQ(view.stride[1], 32);
}

TEST(TensorBuffer, SeesAWriteIntoAGap) {
  TensorBuffer sample = tensor(kShape, strides(spec::Layout::nhwc, kShape, 8), Placement::end);
  static_cast<float*>(sample.view().data)[5] = 0;
  EXPECT_FALSE(sample.gaps_intact());
}

TEST(TensorBuffer, EndsWithItsLastElementEvenWithGaps) {
  const TensorBuffer sample =
      tensor(kShape, strides(spec::Layout::nhwc, kShape, 8), Placement::end);
  const int64_t last = 96 + 2 * 32 + 3 * 8 + 4;
  const Outcome outcome = isolated(20, [&] {
    static_cast<volatile float*>(sample.view().data)[last + 1] = 0;
    return Outcome{};
  });
  EXPECT_NE(outcome.reason.find("accessed 0 bytes after the end of sample"), std::string::npos)
      << outcome.reason;
}

TEST(TensorBuffer, RefusesWritesWhileReadOnly) {
  TensorBuffer sample = tensor(kShape, strides(spec::Layout::nhwc, kShape, 0), Placement::start);
  sample.set_read_only(true);
  const Outcome outcome = isolated(20, [&] {
    sample.write(counting(kShape).data());
    return Outcome{};
  });
  EXPECT_NE(outcome.reason.find("into the read-only sample"), std::string::npos);
}

}  // namespace
}  // namespace sepconv::measure
