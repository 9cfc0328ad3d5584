// Tests of gpu: small layers under oclgrind, which sees races, reads of what nothing wrote, and
// accesses outside buffers.
#include <gtest/gtest.h>

#include "support/files.h"
#include "support/process.h"

namespace sepconv {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDriver = "/usr/lib/oclgrind/liboclgrind-rt-icd.so";

class Oclgrind : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!fs::exists(kDriver)) GTEST_SKIP() << "oclgrind is not installed";
    auto made = support::TempFolder::make();
    ASSERT_TRUE(made);
    folder_ = std::make_unique<support::TempFolder>(std::move(*made));
    ASSERT_TRUE(support::make_folder(folder_->path() / "vendors"));
    ASSERT_TRUE(
        support::write_file(folder_->path() / "vendors/oclgrind.icd", std::string(kDriver) + "\n"));
  }

  support::Outcome execute(std::vector<std::string> argv) const {
    support::Command command;
    command.argv = std::move(argv);
    command.folder = folder_->path();
    command.environment = {{"SEPCONV_CACHE_DIR", SEPCONV_BINARY_DIR "/test-cache"},
                           {"OCL_ICD_VENDORS", (folder_->path() / "vendors").string()},
                           {"OCLGRIND_DATA_RACES", "1"},
                           {"OCLGRIND_UNINITIALIZED", "1"}};
    command.limits.seconds = 300;
    return support::run(command);
  }

  /// Runs the layer's kernel once, of the heuristic's point or of that in `more`.
  void expect_clean(const std::string& layer, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> generate = {SEPCONV_TOOL, "generate", layer,   "--target", "opencl",
                                         "--name",     "checked",  "--out", "out"};
    generate.insert(generate.end(), more.begin(), more.end());
    auto outcome = execute(generate);
    ASSERT_TRUE(outcome.ok()) << outcome.err;
    outcome = execute({"cc", "-std=c99", "-Wall", "-Werror", "-Iout", "-Iout/include",
                       SEPCONV_SOURCE_DIR "/tests/gpu/checked.c", "out/libchecked.a", "-ldl", "-o",
                       "checked"});
    ASSERT_TRUE(outcome.ok()) << outcome.err;
    outcome = execute({"./checked"});
    EXPECT_TRUE(outcome.ok()) << outcome.out;
    EXPECT_EQ(outcome.out + outcome.err, "ran 0\n");
  }

 private:
  std::unique_ptr<support::TempFolder> folder_;
};

/// Every op; channels and pixels that divide nothing; padding on every side; strides.
const char* const kLayers[] = {
    "dw_f32_n1h7w7c5_k3s1p1_relu",
    "dw_f32_n1h9w6c4_m2_k5s2p2_none",
    "pw_f32_n1h5w5c3_o5_relu",
    "pw_f32_n1h6w4c8_o20_none_res",
    "dwpw_f32_n1h7w7c8_o20_k3s1p1_relu6_none",
    "dwpw_f32_n1h9w7c5_o18_k3s2p0x1x2x1_none_none",
    "dwpw_f16_n1h7w7c8_o20_k3s1p1_relu6_none",
    "ir_f32_n1h7w7c4_e12_o4_k3s1p1_relu6_relu6_none_res",
    "conv_f32_n1h9w9c3_o7_k3s2p1_none",
};

TEST_P(Oclgrind, SeesNothingWrong) { expect_clean(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Small, Oclgrind, testing::ValuesIn(kLayers),
                         [](const auto& parameter) { return std::string(parameter.param); });

/// Hidden blocks pass through shared memory; one of them and several, channels in one pass and in
/// blocks of threads.
const char* const kHidden[] = {
    "dw_v=1,ex_c=1,ex_k=1,ex_split=0,ex_stage=0,ex_tx=1,ex_ty=1,ex_v=1,ex_x=1,hidden=16,"
    "pw_c=4,pw_k=4,pw_split=0,pw_tx=2,pw_ty=2,pw_v=1,pw_x=2",
    "dw_v=1,ex_c=1,ex_k=1,ex_split=0,ex_stage=0,ex_tx=1,ex_ty=1,ex_v=1,ex_x=1,hidden=8,"
    "pw_c=4,pw_k=4,pw_split=1,pw_tx=2,pw_ty=2,pw_v=2,pw_x=2"};

using OclgrindHidden = Oclgrind;

TEST_P(OclgrindHidden, SeesNothingWrong) {
  expect_clean("ir_f32_n1h7w7c4_e16_o16_k3s1p1_relu6_relu6_none", {"--schedule", GetParam()});
}

INSTANTIATE_TEST_SUITE_P(Points, OclgrindHidden, testing::ValuesIn(kHidden));

using OclgrindItself = Oclgrind;

TEST_P(OclgrindItself, SeesWhatIsWrong) {
  const auto outcome = execute({SEPCONV_RACY, GetParam()});
  EXPECT_NE(outcome.out + outcome.err, "ran\n");
  const std::string expected =
      std::string(GetParam()) == "race" ? "data race" : "Invalid write of size 4";
  EXPECT_NE((outcome.out + outcome.err).find(expected), std::string::npos)
      << outcome.out << outcome.err;
}

INSTANTIATE_TEST_SUITE_P(Faults, OclgrindItself, testing::Values("race", "bounds"),
                         [](const auto& parameter) { return std::string(parameter.param); });

}  // namespace
}  // namespace sepconv
