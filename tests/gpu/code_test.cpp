// Tests of gpu: the small kernels that measure a device, by CUDA's assembler.
#include "measure/device/code.h"

#include <gtest/gtest.h>

#include "support/files.h"
#include "support/process.h"

namespace sepconv::measure {
namespace {

support::Outcome assemble(const std::string& ptx) {
  const auto folder = support::TempFolder::make();
  EXPECT_TRUE(folder && support::write_file(folder->path() / "code.ptx", ptx));
  support::Command command;
  command.argv = {support::find_program({"ptxas"}).string(),
                  "-v",
                  "--gpu-name",
                  "sm_80",
                  "code.ptx",
                  "-o",
                  "code.cubin"};
  command.folder = folder->path();
  command.limits.seconds = 60;
  return support::run(command);
}

class MeasuringCode : public testing::Test {
 protected:
  void SetUp() override {
    if (support::find_program({"ptxas"}).empty()) GTEST_SKIP() << "ptxas is not on PATH";
  }
};

TEST_F(MeasuringCode, OfThePeakAssembles) {
  const auto outcome = assemble(peak_code(targets::Device::cuda));
  EXPECT_TRUE(outcome.ok()) << outcome.out << outcome.err;
}

TEST_F(MeasuringCode, OfEveryMixOfReadsAndWritesAssembles) {
  for (const auto& [reads, writes] : {std::pair(true, true), {true, false}, {false, true}}) {
    Stream stream;
    stream.reads = reads, stream.writes = writes;
    stream.vectors = 1 << 16, stream.threads = 1 << 12, stream.passes = 16;
    const auto outcome = assemble(stream_code(targets::Device::cuda, stream));
    EXPECT_TRUE(outcome.ok()) << outcome.out << outcome.err;
  }
}

}  // namespace
}  // namespace sepconv::measure
