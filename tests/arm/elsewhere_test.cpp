// Tests of arm: verify and bench through --runner, on this machine and in an emulator.
#include "cli/runner.h"
#include "tests/cli/fixture.h"

namespace sepconv::cli {
namespace {

using nlohmann::json;

const char* const kName = "pw_f32_n1h4w6c8_o16_relu";

class Elsewhere : public ToolTest {
 protected:
  [[nodiscard]] support::Outcome bench(const std::string& target, const std::string& runner,
                                       const std::string& threads = "1") const {
    return run({"bench", kName, "--target", target, "--runner", runner, "--threads", threads,
                "--seconds", "0.01", "--json"});
  }
};

#if defined(__x86_64__)
TEST_F(Elsewhere, BenchOnThisMachineIsMeasuredAndCallsItNoEmulator) {
  // $0 is the program's path, as a wrapper may use it.
  const auto outcome = bench("x86-64-v2", R"(sh -c "exec \"$0\" \"$@\"")", "2");
  const json found = object(outcome);
  ASSERT_FALSE(found.is_discarded()) << outcome.out << outcome.err;
  EXPECT_TRUE(found["machine"]["emulator"].is_null());
  EXPECT_GT(found["machine"]["peak_gflops"]["x86-64-v2"].get<double>(), 0);
  EXPECT_GT(found["machine"]["dram_gbs"].get<double>(), 0);
  const json row = found["results"][0];
  EXPECT_NE(row["status"], "failed") << row;
  EXPECT_GT(row["median_us"].get<double>(), 0);
  EXPECT_GT(row["cold_median_us"].get<double>(), 0);
}

TEST_F(Elsewhere, PushedProgramRunsWhereItWasPutTo) {
  const std::string there = (work() / "there").string();
  ASSERT_TRUE(support::make_folder(there));
  const auto outcome = run({"verify", kName, "--target", "x86-64-v2", "--runner", "env -C " + there,
                            "--runner-push", "cp -t " + there});
  EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
  EXPECT_TRUE(std::filesystem::exists(there + "/sepconv-runner-x86-64"));
}

TEST_F(Elsewhere, BenchWithoutTheProgramThereIsAMatterOfTheEnvironment) {
  const auto outcome = bench("x86-64-v2", "env -C / ./no-such-folder/");
  EXPECT_EQ(outcome.code, 4) << outcome.out;
  EXPECT_EQ(object(outcome)["errors"][0]["field"], "--runner");
}
#endif

TEST_F(Elsewhere, BenchRefusesRivals) {
  const auto outcome = run({"bench", kName, "--runner", "env", "--peers", "onednn", "--json"});
  EXPECT_EQ(outcome.code, 2) << outcome.out;
}

TEST_F(Elsewhere, TimesOfAnEmulatorSayThatTheySayNothing) {
  const targets::Target arm = targets::parse_target("arm64").value();
  if (emulator(arm).empty()) GTEST_SKIP() << "qemu-aarch64 is not on PATH";
  const json found = object(bench("arm64", emulator(arm)));
  ASSERT_FALSE(found.is_discarded());
  EXPECT_NE(found["machine"]["emulator"].get<std::string>().find("qemu"), std::string::npos);
  const json row = found["results"][0];
  EXPECT_NE(row["reason"].get<std::string>().find("says nothing of the target"), std::string::npos)
      << row;
  EXPECT_EQ(row["status"], "ok");
  EXPECT_GT(row["median_us"].get<double>(), 0);
  EXPECT_TRUE(row["of_roofline"].is_null());
}

}  // namespace
}  // namespace sepconv::cli
