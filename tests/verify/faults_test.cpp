// Tests: every planted fault on every op is caught, with a reason that says what is wrong.
#include <gtest/gtest.h>

#include <ostream>

#include "fake_kernel.h"
#include "measure/check.h"
#include "measure/fill.h"
#include "spec/name.h"

namespace sepconv::tests {
namespace {

// Asymmetric padding, stride, dilation, gaps between pixels: every fault has somewhere to show.
constexpr const char* kLayers[] = {
    "dw_f32_n1h9w12c5_m2_k3s1x2p2x1x1x0d2x1_relu6_is8_os12",
    "dw_f32_n1h7w10c19_k3s1p1_hard_swish",
    "pw_f32_n1h5w7c9_o19_relu6_res_is12_os24",
    "pw_f32_n1h5w7c9_o19_silu",
    "dwpw_f32_n2h9w12c5_o19_k3s1x2p2x1x1x0d2x1_relu6_relu_is8_os24",
    "ir_f32_n1h8w9c6_e20_o7_k3s1x2p2x1x1x0d2x1_relu6_relu6_none_is8_os16",
    "ir_f32_n1h8w9c6_e20_o6_k3s1p0x2x2x0_hard_swish_relu6_none_res_os8",
    "conv_f32_n1h9w12c3_o18_k3s1x2p2x1x1x0d2x1_relu6_is4_os20",
};

measure::Outcome gate(const spec::Layer& layer, Fault fault) {
  const measure::Prepared prepared = measure::prepare(layer, 1);
  return measure::isolated(60, [&] {
    return measure::check(prepared, fake_kernel(measure::exact_twin(layer), fault),
                          fake_kernel(layer, fault), 3);
  });
}

struct Planted {
  std::string layer;
  FaultCase fault;
};

void PrintTo(const Planted& planted, std::ostream* out) {
  *out << planted.fault.name << " in " << planted.layer;
}

std::vector<Planted> all_planted() {
  std::vector<Planted> all;
  for (const char* name : kLayers) {
    const auto layer = spec::parse_name(name);
    if (!layer) continue;  // LayersAreValid reports it
    for (const FaultCase& fault : planted_faults()) {
      if (applies(fault.fault, *layer)) all.push_back({name, fault});
    }
  }
  return all;
}

std::string test_name(const testing::TestParamInfo<Planted>& info) {
  return info.param.fault.name + "_in_" + info.param.layer;
}

class PlantedFault : public testing::TestWithParam<Planted> {};

TEST_P(PlantedFault, IsCaught) {
  const auto layer = spec::parse_name(GetParam().layer);
  ASSERT_TRUE(layer);
  const measure::Outcome outcome = gate(*layer, GetParam().fault.fault);
  EXPECT_EQ(outcome.status, measure::Status::failed);
  EXPECT_NE(outcome.reason.find(GetParam().fault.reason), std::string::npos) << outcome.reason;
}

INSTANTIATE_TEST_SUITE_P(Gate, PlantedFault, testing::ValuesIn(all_planted()), test_name);

TEST(Gate, LayersOfThePlantedFaultsAreValid) {
  for (const char* name : kLayers) EXPECT_TRUE(spec::parse_name(name)) << name;
}

TEST(Gate, CatchesAtLeastTwelveKindsOnEveryOp) {
  for (const char* name : kLayers) {
    const auto layer = spec::parse_name(name);
    ASSERT_TRUE(layer);
    int kinds = 0;
    for (const FaultCase& fault : planted_faults()) kinds += applies(fault.fault, *layer) ? 1 : 0;
    EXPECT_GE(kinds, 12) << name;
  }
}

class RightKernel : public testing::TestWithParam<const char*> {};

TEST_P(RightKernel, Passes) {
  const auto layer = spec::parse_name(GetParam());
  ASSERT_TRUE(layer);
  const measure::Outcome outcome = gate(*layer, Fault::none);
  EXPECT_EQ(outcome.status, measure::Status::passed) << outcome.reason;
  EXPECT_LE(outcome.max_error, outcome.bound);
}

constexpr const char* kMoreLayers[] = {
    "dw_f32_n1h1w1c1_k3s1p1_none",
    "dw_f32_n1h7w8c5_k3s1p1_relu_nchw",
    "dw_f32_n3h5w5c4_k5s1p2_gelu_nobias",
    "dw_f32_n1h6w6c16_k3s2p0x0x1x1_sigmoid",
    "pw_f32_n1h3w3c33_o5_none",
    "dwpw_f32_n1h8w8c16_o24_k3s1p1_relu_none_nobias_nodwbias",
    "conv_f32_n1h15w15c3_o8_k3s2p0x0x1x1_relu6",
};

INSTANTIATE_TEST_SUITE_P(Gate, RightKernel, testing::ValuesIn(kLayers));
INSTANTIATE_TEST_SUITE_P(More, RightKernel, testing::ValuesIn(kMoreLayers));

}  // namespace
}  // namespace sepconv::tests
