// Tests of gpu: what the runtime makes of drivers that are missing, empty, old or broken.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "runtime/src/cpu.h"
#include "support/process.h"

namespace sepconv::runtime {
namespace {

/// The CUDA bits that a process finds with the stand-in driver in this environment.
uint64_t cuda_features(std::map<std::string, std::string> environment, bool driver = true) {
  support::Command command;
  command.argv = {SEPCONV_PROBE};
  command.environment = std::move(environment);
  command.environment["LD_LIBRARY_PATH"] = driver ? SEPCONV_STANDIN_FOLDER : "/nonexistent";
  command.limits.seconds = 60;
  const auto outcome = support::run(command);
  EXPECT_TRUE(outcome.ok()) << outcome.err;
  EXPECT_EQ(outcome.out.find("OpenCL"), std::string::npos) << "nobody asked for it";
  return std::stoull(outcome.out);
}

TEST(Probe, ReadsTheComputeCapability) {
  EXPECT_EQ(cuda_features({{"STANDIN_MAJOR", "8"}, {"STANDIN_MINOR", "0"}}),
            SEPCONV_DEVICE_CUDA_80);
  EXPECT_EQ(cuda_features({{"STANDIN_MAJOR", "9"}, {"STANDIN_MINOR", "0"}}),
            SEPCONV_DEVICE_CUDA_80 | SEPCONV_DEVICE_CUDA_86);
}

TEST(Probe, FindsNothingOnAnOldDevice) {
  EXPECT_EQ(cuda_features({{"STANDIN_MAJOR", "7"}, {"STANDIN_MINOR", "5"}}), 0U);
}

TEST(Probe, FindsNothingWithoutADevice) {
  EXPECT_EQ(cuda_features({{"STANDIN_DEVICES", "0"}}), 0U);
}

TEST(Probe, FindsNothingWithoutADriver) {
  if (cuda_features({}, false) != 0) GTEST_SKIP() << "this machine has a CUDA driver";
  EXPECT_EQ(cuda_features({}, false), 0U);
}

TEST(Probe, FindsNothingWhereTheDriverRefuses) {
  for (const char* function :
       {"cuInit", "cuDeviceGetCount", "cuDeviceGet", "cuDeviceGetAttribute"}) {
    EXPECT_EQ(cuda_features({{"STANDIN_FAILING", function}}), 0U) << function;
  }
}

}  // namespace
}  // namespace sepconv::runtime
