// Tests of schedules: code for halves converts them in instructions and calls nobody for it.
#include <cctype>

#include "emit/elf.h"
#include "emit/library.h"
#include "support/files.h"
#include "tests/schedules/fixture.h"

namespace sepconv::schedules {
namespace {

struct Conversions {
  const char *target, *widens, *narrows;
};

class F16 : public testing::TestWithParam<Conversions> {};

/// Every stage kind and both layouts.
const char* const kLayers[] = {"pw_f16_n1h7w9c24_o20_silu_res", "pw_f16_n1h7w9c24_o20_relu_nchw",
                               "dwpw_f16_n1h9w9c20_o24_k3s1p1_relu6_relu6",
                               "ir_f16_n1h9w9c8_e24_o8_k5s2p2_relu6_hard_swish_none",
                               "conv_f16_n1h9w9c3_o16_k3s2p1_relu6"};

TEST_P(F16, IsConvertedByInstructionsWithoutCalls) {
  emit::CompileOptions options;
  options.worker = SEPCONV_TOOL;
  options.emits = {"asm"};
  std::vector<spec::Layer> layers;
  for (const char* name : kLayers) layers.push_back(layer_of(name));
  const auto kernels = emit::compile(
      layers, {target_of(GetParam().target)},
      [](const spec::Layer& layer, const targets::Target& target) -> Result<emit::Choice> {
        return emit::Choice{heuristic(layer, target), "heuristic"};
      },
      options);
  ASSERT_TRUE(kernels) << kernels.error().front().message;
  for (const emit::CompiledKernel& kernel : *kernels) {
    const std::string& code = kernel.texts.at("asm");
    EXPECT_NE(code.find(GetParam().widens), std::string::npos) << kernel.layer;
    EXPECT_NE(code.find(GetParam().narrows), std::string::npos) << kernel.layer;
    const auto object = support::read_file(kernel.object);
    ASSERT_TRUE(object);
    const auto symbols = emit::global_symbols(*object);
    ASSERT_TRUE(symbols);
    for (const std::string& name : symbols->undefined) {
      EXPECT_TRUE(name.starts_with("halide_") || name.starts_with("mem"))
          << kernel.layer << " needs " << name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, F16,
                         testing::Values(Conversions{"x86-64-v3", "vcvtph2ps", "vcvtps2ph"},
                                         Conversions{"x86-64-v4", "vcvtph2ps", "vcvtps2ph"},
                                         Conversions{"arm64+fp16", "fcvtl", "fcvtn"}),
                         [](const auto& info) {
                           std::string name;
                           for (const char* c = info.param.target; *c != 0; ++c) {
                             name += std::isalnum(static_cast<unsigned char>(*c)) != 0 ? *c : '_';
                           }
                           return name;
                         });

TEST(Unsupported, NamesTheTargetsThatHaveTheType) {
  const auto errors = unsupported(layer_of("pw_f16_n1h4w4c8_o8_none"), target_of("x86-64-v2"));
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].kind, ErrorKind::input);
  EXPECT_EQ(errors[0].hint,
            "targets that have it: x86-64-v3 cuda-sm80 cuda-sm86 opencl x86-64-v4 x86-64-v4+vnni "
            "x86-64-v4+bf16 arm64+fp16 arm64+cuda-sm87");
}

}  // namespace
}  // namespace sepconv::schedules
