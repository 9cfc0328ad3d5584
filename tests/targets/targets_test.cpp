// Tests: target names to values and back; wrong names list what would be right.
#include "targets/target.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "runtime/src/cpu.h"

namespace sepconv::targets {
namespace {

Target target(const std::string& name) {
  const auto parsed = parse_target(name);
  EXPECT_TRUE(parsed) << name;
  return parsed ? *parsed : Target{};
}

Error error_of(const std::string& name) {
  const auto parsed = parse_target(name);
  EXPECT_FALSE(parsed) << name;
  return parsed ? Error{} : parsed.error().at(0);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(ParseTarget, EveryListedNameIsCanonical) {
  EXPECT_FALSE(target_names().empty());
  for (const std::string& name : target_names()) {
    EXPECT_EQ(target(name).name, name);
    EXPECT_FALSE(target(name).halide.empty()) << name;
  }
}

TEST(ParseTarget, NamesGivenOutParseBack) {
  for (const std::string& name : target_names()) {
    for (const char* rest : {"", "-android", "-linux"}) {
      const Target first = target(name + rest);
      EXPECT_EQ(target(first.name).name, first.name);
      EXPECT_EQ(target(first.name).halide, first.halide);
    }
  }
}

TEST(ParseTarget, KnowsTheInstructionSets) {
  EXPECT_EQ(target("x86-64-v2").vector_bits, 128);
  EXPECT_FALSE(target("x86-64-v2").fma);
  EXPECT_EQ(target("x86-64-v3").vector_bits, 256);
  EXPECT_EQ(target("x86-64-v3").registers, 16);
  EXPECT_EQ(target("x86-64-v4").vector_bits, 512);
  EXPECT_EQ(target("x86-64-v4").registers, 32);
  EXPECT_EQ(target("arm64").registers, 32);
  EXPECT_EQ(target("arm64").lanes(4), 4);
}

TEST(ParseTarget, DefaultsAreLeftOutOfTheName) {
  EXPECT_EQ(target("x86-64-v3-linux@generic").name, "x86-64-v3");
  EXPECT_EQ(target("x86-64-v3").os, "linux");
  EXPECT_EQ(target("x86-64-v3").core.name, "generic");
}

TEST(ParseTarget, FeaturesSortAndRepeatWithoutEffect) {
  const std::string name = "x86-64-v4+vnni+bf16";
  EXPECT_EQ(target("x86-64-v4+bf16+vnni").name, target(name).name);
  EXPECT_EQ(target("x86-64-v4+vnni+vnni").name, "x86-64-v4+vnni");
  EXPECT_TRUE(contains(target(name).halide, "avx512_zen4"));
}

TEST(ParseTarget, CoresBringTheirCaches) {
  EXPECT_EQ(target("x86-64-v4@zen4").core.l2_bytes, 1 << 20);
  EXPECT_EQ(target("x86-64-v4@zen4").name, "x86-64-v4@zen4");
  EXPECT_EQ(target("arm64+dotprod-android@cortex-a76").name, "arm64+dotprod-android@cortex-a76");
}

TEST(ParseTarget, FullHalideStringsBecomeTheirTarget) {
  for (const std::string& name : target_names()) {
    const Target parsed = target(target(name).halide);
    EXPECT_EQ(parsed.halide, target(name).halide) << name;
    EXPECT_EQ(parsed.isa, target(name).isa);
  }
}

TEST(ParseTarget, NativeIsNamedAndRunsHere) {
  const Target native = target("native");
  EXPECT_NE(native.name, "native");
  EXPECT_EQ(target(native.name).name, native.name);
  EXPECT_TRUE(runs_here(native, nullptr));
}

TEST(ParseTarget, UnknownIsasListTheKnownOnes) {
  for (const char* name : {"", "x86", "x86-64-v9", "nativ", "arm64-v8", "+vnni", "@zen4"}) {
    const Error error = error_of(name);
    EXPECT_EQ(error.kind, ErrorKind::input) << name;
    EXPECT_EQ(error.value, name);
    for (const char* known : {"native", "x86-64-v3", "arm64"}) {
      EXPECT_TRUE(contains(error.hint, known)) << name;
    }
  }
}

TEST(ParseTarget, UnknownFeaturesListThoseOfTheIsa) {
  const Error error = error_of("arm64+vnni");
  EXPECT_TRUE(contains(error.message, "'vnni' is no feature of arm64")) << error.message;
  EXPECT_TRUE(contains(error.hint, "dotprod")) << error.hint;
  EXPECT_FALSE(contains(error.hint, "vnni")) << error.hint;
}

TEST(ParseTarget, UnknownCoresListThoseOfTheArchitecture) {
  const Error error = error_of("arm64@zen4");
  EXPECT_TRUE(contains(error.hint, "cortex-a76")) << error.hint;
  EXPECT_FALSE(contains(error.hint, "zen4")) << error.hint;
}

TEST(ParseTarget, HalideFeaturesNobodySchedulesAreRefused) {
  EXPECT_TRUE(contains(error_of("x86-64-linux-sse41-avx10_1").message, "avx10_1"));
  EXPECT_TRUE(contains(error_of("x86-64-windows-sse41").hint, "native"));
}

TEST(ParseTargets, KeepOrderAndDropRepeats) {
  const auto parsed = parse_targets("x86-64-v4,x86-64-v2,x86-64-v4,x86-64-v2@generic");
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->size(), 2U);
  EXPECT_EQ(parsed->at(0).name, "x86-64-v4");
  EXPECT_EQ(parsed->at(1).name, "x86-64-v2");
}

TEST(ParseTargets, ReportEveryWrongName) {
  const auto parsed = parse_targets("x86-64-v9,arm64+nope,x86-64-v3");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().size(), 2U);
}

TEST(ParseTargets, RefuseMixedArchitecturesAndSystems) {
  for (const char* list : {"x86-64-v3,arm64", "x86-64-v3,x86-64-v4-android"}) {
    const auto parsed = parse_targets(list);
    ASSERT_FALSE(parsed) << list;
    EXPECT_TRUE(contains(parsed.error()[0].message, "cannot share a library"));
  }
}

TEST(RunsHere, AndroidDoesNot) {
  std::string why;
  EXPECT_FALSE(runs_here(target(target("native").isa + "-android"), &why));
  EXPECT_TRUE(contains(why, "android"));
}

TEST(RunsHere, ForeignArchitecturesDoNot) {
  const bool x86 = target("native").isa != "arm64";
  std::string why;
  EXPECT_FALSE(runs_here(target(x86 ? "arm64" : "x86-64-v2"), &why));
  EXPECT_FALSE(why.empty());
}

TEST(RequiredCpuFeatures, GrowWithTheIsaAndItsFeatures) {
  const auto bits = [](const char* name) { return required_cpu_features(target(name)); };
  EXPECT_EQ(bits("x86-64-v2"), SEPCONV_CPU_X86_64_V2);
  EXPECT_EQ(bits("x86-64-v3") & bits("x86-64-v2"), bits("x86-64-v2"));
  EXPECT_EQ(bits("x86-64-v4") & bits("x86-64-v3"), bits("x86-64-v3"));
  EXPECT_NE(bits("x86-64-v4+vnni"), bits("x86-64-v4"));
  EXPECT_EQ(bits("arm64+dotprod"), SEPCONV_CPU_ARM64 | SEPCONV_CPU_ARM64_DOTPROD);
}

TEST(Gpu, IsTheCoreOfADevicesTarget) {
  const auto target = parse_target("cuda-sm80@h100");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->name, "cuda-sm80@h100");
  EXPECT_EQ(target->gpu.name, "h100");
  EXPECT_EQ(parse_target("cuda-sm80")->gpu.multiprocessors, 108);
  EXPECT_EQ(parse_target("arm64+cuda-sm87@orin")->name, "arm64+cuda-sm87@orin");
  const auto foreign = parse_target("cuda-sm86@zen4");
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().front().hint, "GPUs: generic rtx3080");
}

TEST(Gpu, HasThePeakOfItsDataSheet) {
  EXPECT_NEAR(parse_target("cuda-sm80@a100")->gpu.peak_gflops(), 19500, 50);
  EXPECT_NEAR(parse_target("cuda-sm86@rtx3080")->gpu.peak_gflops(), 29770, 50);
}

/// Each bound in turn: registers, shared memory, blocks, threads.
TEST(Multiprocessor, HoldsWhatItsScarcestResourceAllows) {
  const Multiprocessor& one = multiprocessor(80);
  EXPECT_EQ(resident_blocks(one, 128, 64, 0), 8);
  EXPECT_EQ(resident_blocks(one, 128, 32, 40 * 1024), 4);
  EXPECT_EQ(resident_blocks(one, 32, 32, 0), 32);
  EXPECT_EQ(resident_blocks(one, 512, 32, 0), 4);
  EXPECT_EQ(multiprocessor(89).sm, 87) << "an unknown generation is like the one before";
}

}  // namespace
}  // namespace sepconv::targets
