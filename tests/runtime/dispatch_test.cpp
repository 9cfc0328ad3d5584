// Tests of runtime: which variant a CPU gets.
#include "fixture.h"
#include "runtime/src/cpu.h"

namespace sepconv::runtime {
namespace {

class Dispatch : public testing::Test {
 protected:
  Dispatch() {
    impl_.variants = variants_;
    impl_.variant_count = 3;
  }
  /// The chosen target, or the status as a number.
  std::string choose(uint64_t features, const char* forced = "") {
    const sepconv_variant* variant = nullptr;
    const sepconv_status status = sepconv_choose(&impl_, features, forced, &variant);
    return status == SEPCONV_OK ? variant->target : std::to_string(status);
  }
  static constexpr uint64_t v2 = SEPCONV_CPU_X86_64_V2, v3 = v2 | SEPCONV_CPU_X86_64_V3,
                            v4 = v3 | SEPCONV_CPU_X86_64_V4;
  sepconv_variant variants_[3] = {{"x86-64-v4@zen4", v4, 0, 0, nullptr, 0},
                                  {"x86-64-v3", v3, 0, 0, nullptr, 0},
                                  {"x86-64-v2", v2, 0, 0, nullptr, 0}};
  sepconv_kernel_impl impl_{};
};

TEST_F(Dispatch, TakesTheFirstVariantThatTheCpuHasAllFeaturesOf) {
  EXPECT_EQ(choose(v4 | SEPCONV_CPU_AVX512_VNNI), "x86-64-v4@zen4");
  EXPECT_EQ(choose(v3), "x86-64-v3");
  EXPECT_EQ(choose(v2), "x86-64-v2");
}

TEST_F(Dispatch, OneMissingFeatureIsEnoughToPassAVariantBy) {
  EXPECT_EQ(choose(v4 & ~v3), std::to_string(SEPCONV_UNSUPPORTED_CPU));
  EXPECT_EQ(choose((v4 & ~SEPCONV_CPU_X86_64_V3)), "x86-64-v2");
}

TEST_F(Dispatch, NoVariantIsAStatus) {
  EXPECT_EQ(choose(SEPCONV_CPU_ARM64), std::to_string(SEPCONV_UNSUPPORTED_CPU));
}

TEST_F(Dispatch, AForcedTargetWinsOverABetterOne) {
  EXPECT_EQ(choose(v4, "x86-64-v2"), "x86-64-v2");
}

TEST_F(Dispatch, AForcedTargetIsFoundWithAndWithoutItsCore) {
  EXPECT_EQ(choose(v4, "x86-64-v4"), "x86-64-v4@zen4");
  EXPECT_EQ(choose(v4, "x86-64-v4@zen4"), "x86-64-v4@zen4");
}

TEST_F(Dispatch, AForcedTargetThatTheCpuLacksIsAStatus) {
  EXPECT_EQ(choose(v3, "x86-64-v4"), std::to_string(SEPCONV_UNSUPPORTED_CPU));
}

TEST_F(Dispatch, AnUnknownForcedTargetIsAStatus) {
  for (const char* name : {"x86-64-v", "x86-64-v3@zen4", "arm64", "X86-64-V3"}) {
    EXPECT_EQ(choose(v4, name), std::to_string(SEPCONV_UNKNOWN_TARGET)) << name;
  }
}

class DispatchOpenCL : public Dispatch {
 protected:
  DispatchOpenCL() { variants_[0] = {"opencl", v3 | SEPCONV_DEVICE_OPENCL, 0, 0, nullptr, 0}; }
  static constexpr uint64_t found = v4 | SEPCONV_DEVICE_OPENCL;
};

TEST_F(DispatchOpenCL, GoesBeforeTheCpuOnAGpu) {
  EXPECT_EQ(choose(found | SEPCONV_DEVICE_OPENCL_GPU), "opencl");
}

TEST_F(DispatchOpenCL, GoesAfterTheCpusOwnCodeElsewhere) {
  EXPECT_EQ(choose(found), "x86-64-v3");
  EXPECT_EQ(choose(found, "opencl"), "opencl");
}

TEST_F(DispatchOpenCL, RunsAnywhereWhereThereIsNothingElse) {
  impl_.variant_count = 1;
  EXPECT_EQ(choose(found), "opencl");
}

TEST_F(Dispatch, ThisCpuIsOfOneArchitectureAndItsLevelsImplyEachOther) {
  const uint64_t have = sepconv_cpu_features();
  EXPECT_EQ(have, sepconv_cpu_features());
  EXPECT_NE((have & v2) != 0, (have & SEPCONV_CPU_ARM64) != 0);
  for (const uint64_t level : {SEPCONV_CPU_X86_64_V3, SEPCONV_CPU_X86_64_V4}) {
    if ((have & level) != 0) EXPECT_NE(have & (level >> 1), 0u);
  }
}

#if defined(__x86_64__)
TEST_F(Dispatch, TheCompilersOwnDetectionAgrees) {
  const uint64_t have = sepconv_cpu_features();
  EXPECT_EQ((have & SEPCONV_CPU_X86_64_V3) != 0,
            __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"));
  EXPECT_EQ((have & SEPCONV_CPU_X86_64_V4) != 0,
            __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"));
}
#endif

class ForcedTarget : public testing::Test {
 protected:
  /// In a child, because the variable is read once a process.
  static void run_forced(const char* target) {
    setenv("SEPCONV_TARGET", target, 1);
    const Fake fake(2, 2, SEPCONV_AXIS_ROWS, 1);
    const Call call(fake);
    std::exit(sepconv_run(&fake.kernel, &call.call));
  }
};

TEST_F(ForcedTarget, IsReadFromTheEnvironment) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(run_forced("x86-64-v4"), testing::ExitedWithCode(SEPCONV_UNKNOWN_TARGET), "");
  EXPECT_EXIT(run_forced("x86-64-v2"), testing::ExitedWithCode(SEPCONV_OK), "");
}

TEST_F(ForcedTarget, EmptyMeansNone) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(run_forced(""), testing::ExitedWithCode(SEPCONV_OK), "");
}

TEST_F(ForcedTarget, AnOverlongNameIsUnknown) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(run_forced(std::string(1000, 'x').c_str()),
              testing::ExitedWithCode(SEPCONV_UNKNOWN_TARGET), "");
}

}  // namespace
}  // namespace sepconv::runtime
