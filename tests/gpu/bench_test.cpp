// Tests of gpu: the verbs that time kernels on a device, through OpenCL on whatever is installed.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/files.h"
#include "support/process.h"
#include "targets/target.h"

namespace sepconv {
namespace {

constexpr const char* kLayer = "dwpw_f32_n1h14w14c32_o64_k3s1p1_relu6_relu6";

class OnDevice : public testing::Test {
 protected:
  void SetUp() override {
    std::string why;
    if (!targets::runs_here(targets::parse_target("opencl").value(), &why)) GTEST_SKIP() << why;
  }

  static nlohmann::json execute(std::vector<std::string> argv) {
    support::Command command;
    command.argv = std::move(argv);
    command.argv.insert(command.argv.begin(), SEPCONV_TOOL);
    command.argv.emplace_back("--json");
    command.environment = {{"SEPCONV_CACHE_DIR", SEPCONV_BINARY_DIR "/test-cache"}};
    command.limits.seconds = 600;
    const auto outcome = support::run(command);
    auto json = nlohmann::json::parse(outcome.out, nullptr, false);
    EXPECT_FALSE(json.is_discarded()) << outcome.out << outcome.err;
    return json;
  }
};

TEST_F(OnDevice, BenchTimesRowsAgainstTheDevicesOwnCeilings) {
  const auto report = execute({"bench", kLayer, "--target", "opencl", "--seconds", "0.02"});
  ASSERT_EQ(report["results"].size(), 1U) << report.dump();
  const auto& row = report["results"][0];
  // A busy machine may run faster while a row is timed than while the peak is.
  EXPECT_TRUE(row["status"] == "ok" || row["status"] == "mistrusted") << row.dump();
  EXPECT_GT(row["median_us"], 0);
  EXPECT_GT(row["roofline_gflops"], 0);
  EXPECT_TRUE(row["cold_median_us"].is_null());
  const auto& device = report["machine"]["devices"]["opencl"];
  EXPECT_FALSE(device["name"].get<std::string>().empty());
  EXPECT_GT(device["dram_gbs"], 0);
  EXPECT_GT(report["machine"]["peak_gflops"]["opencl"], 0);
}

TEST_F(OnDevice, TuneMeasuresPointsBesideTheHeuristics) {
  const auto folder = support::TempFolder::make();
  ASSERT_TRUE(folder);
  const auto report = execute({"tune", kLayer, "--target", "opencl", "--trials", "2", "--db",
                               (folder->path() / "tuned.db").string(), "--machine", "test"});
  ASSERT_EQ(report["results"].size(), 1U) << report.dump();
  EXPECT_EQ(report["results"][0]["trials"], 2) << report.dump();
  EXPECT_GT(report["results"][0]["heuristic_us"], 0);
}

}  // namespace
}  // namespace sepconv
