// Tests of arm: the runner program and its connection, on this machine's own architecture.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "cli/runner.h"
#include "measure/connection.h"
#include "measure/kernel.h"
#include "measure/machine.h"
#include "measure/runner.h"
#include "measure/runner/loops.h"
#include "support/files.h"

namespace sepconv::measure {
namespace {

std::string why_lost(const std::string& command) {
  try {
    Connection connection(Runner{command});
    connection.ask(SEPCONV_RUNNER_QUERY, {});
  } catch (const KernelLost& lost) {
    return lost.reason;
  }
  return "";
}

#if defined(__x86_64__)
/// The runner of this machine as an executable file.
class NativeRunner : public testing::Test {
 protected:
  void SetUp() override {
    const std::string_view program = runner_program("x86-64-v2");
    ASSERT_TRUE(support::write_file(path(), program));
    std::filesystem::permissions(path(), std::filesystem::perms::owner_all);
  }
  [[nodiscard]] std::string path() const { return (folder_.path() / "runner").string(); }

 private:
  support::TempFolder folder_ = support::TempFolder::make().value();
};

TEST_F(NativeRunner, RefusesWhatIsNoLibrary) {
  Connection connection(Runner{path()});
  const sepconv_runner_name name{"kernels"};
  const auto answer =
      connection.ask(SEPCONV_RUNNER_LOAD, {{&name, sizeof(name)}, {"not an object", 13}});
  EXPECT_EQ(answer.code, 1u);
  EXPECT_EQ(std::string(answer.payload.begin(), answer.payload.end()),
            "the library is not of the runner's architecture");
}

TEST_F(NativeRunner, FaultsOnKernelsThatAreNotLoaded) {
  Connection connection(Runner{path()});
  const sepconv_runner_call call{};
  try {
    connection.ask(SEPCONV_RUNNER_QUERY, {{&call, sizeof(call)}});
    FAIL() << "a kernel that is not loaded was asked for";
  } catch (const KernelLost& lost) {
    EXPECT_EQ(lost.reason, "the tool asks for a kernel that is not loaded");
  }
}

TEST_F(NativeRunner, FaultsOnTimesOfACallThatItDoesNotHold) {
  Connection connection(Runner{path()});
  const sepconv_runner_time request{1, 0};
  try {
    connection.ask(SEPCONV_RUNNER_TIME, {{&request, sizeof(request)}});
    FAIL() << "a call that is not held was timed";
  } catch (const KernelLost& lost) {
    EXPECT_EQ(lost.reason, "the tool times a call that is not held");
  }
}

TEST_F(NativeRunner, SaysThatItHasNoLoopsOfAnotherArchitecture) {
  Connection connection(Runner{path()});
  const sepconv_runner_rate request{SEPCONV_LOOPS_ARM64, SEPCONV_MIXES, 1, 0, 0, 1};
  EXPECT_EQ(connection.ask(SEPCONV_RUNNER_RATE, {{&request, sizeof(request)}}).code, 1u);
}

TEST_F(NativeRunner, DescribesThisMachine) {
  const auto machine = runner_machine(Runner{path()});
  ASSERT_TRUE(machine) << machine.error().front().message;
  EXPECT_EQ(machine->cpu, this_machine().cpu);
  EXPECT_EQ(machine->emulator, "");
  EXPECT_EQ(machine->cores, this_machine().cores);
  EXPECT_EQ(machine->widest, this_machine().widest);
}
#endif

TEST(Runner, CommandThatEndsIsLostWithItsCode) {
  EXPECT_EQ(why_lost("sh -c 'exit 7'"), "the runner ended with exit code 7");
}

TEST(Runner, CommandThatTalksIsNoRunner) {
  EXPECT_NE(why_lost("printf '%0100d' 1").find("is no answer of the runner"), std::string::npos);
}

TEST(Runner, PushWithoutRunnerIsRefused) {
  cli::Options options;
  options.runner_push = "true";
  const auto runners = cli::make_runners(options, {});
  ASSERT_FALSE(runners);
  EXPECT_EQ(runners.error().front().kind, ErrorKind::usage);
}

TEST(Runner, FailingPushIsSaid) {
  cli::Options options;
  options.runner = "env";
  options.runner_push = "sh -c 'echo no route >&2; exit 3'";
  const auto runners = cli::make_runners(options, {targets::parse_target("x86-64-v2").value()});
  ASSERT_FALSE(runners);
  EXPECT_NE(runners.error().front().message.find("no route"), std::string::npos);
}

}  // namespace
}  // namespace sepconv::measure
