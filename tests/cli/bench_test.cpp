// Tests of cli: what bench prints, whatever the times are.
#include <set>

#include "fixture.h"

namespace sepconv::cli {
namespace {

using nlohmann::json;

const char* const kShort = "0.01";
const char* const kName = "pw_f32_n1h4w6c8_o16_relu";

std::set<std::string> fields(const json& object) {
  std::set<std::string> names;
  for (const auto& [name, value] : object.items()) names.insert(name);
  return names;
}

class Bench : public ToolTest {};

TEST_F(Bench, GivesTheObjectOfTheContract) {
  const std::string path =
      input("small.json", layer_file(std::string(kPointwise) + "," + kDepthwise));
  const auto outcome =
      run({"bench", "--layers", path, "--target", "x86-64-v2", "--seconds", kShort, "--json"});
  const json found = object(outcome);
  ASSERT_FALSE(found.is_discarded()) << outcome.out << outcome.err;
  EXPECT_EQ(fields(found),
            (std::set<std::string>{"machine", "threads", "results", "files", "targets", "errors"}));
  EXPECT_EQ(fields(found["machine"]),
            (std::set<std::string>{"cpu", "emulator", "peak_gflops", "l1_gbs", "l2_gbs", "l3_gbs",
                                   "dram_gbs", "core", "l1_bytes", "l2_bytes", "l3_bytes"}));
  EXPECT_GT(found["machine"]["peak_gflops"]["x86-64-v2"].get<double>(), 0);
  ASSERT_EQ(found["results"].size(), 2u);
  for (const json& row : found["results"]) {
    EXPECT_EQ(fields(row), (std::set<std::string>{"layer",       "name",
                                                  "op",          "target",
                                                  "count",       "schedule",
                                                  "flops",       "dw_flops",
                                                  "pw_flops",    "params",
                                                  "bytes",       "level",
                                                  "min_us",      "median_us",
                                                  "mean_us",     "std_us",
                                                  "max_us",      "p95_us",
                                                  "p99_us",      "cold_median_us",
                                                  "gflops",      "roofline_gflops",
                                                  "of_roofline", "code_bytes",
                                                  "status",      "reason",
                                                  "peers",       "one_thread_median_us",
                                                  "speedup",     "roofline_speedup"}));
    EXPECT_NE(row["status"], "failed") << row;
    EXPECT_GT(row["median_us"].get<double>(), 0);
    EXPECT_LE(row["min_us"].get<double>(), row["median_us"].get<double>());
    EXPECT_GT(row["cold_median_us"].get<double>(), 0);
  }
  EXPECT_EQ(found["results"][1]["op"], "depthwise");
  EXPECT_EQ(found["results"][1]["dw_flops"], 2 * 8 * 8 * 16 * 9);
  ASSERT_EQ(found["files"].size(), 3u);
  EXPECT_EQ(found["files"][2]["op"], "total");
  EXPECT_EQ(found["files"][2]["name"], path);
}

TEST_F(Bench, PrintsATableWithoutJson) {
  const auto outcome = run({"bench", kName, "--target", "x86-64-v2", "--seconds", kShort});
  EXPECT_NE(outcome.out.find("GB/s"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find(kName), std::string::npos);
  EXPECT_NE(outcome.out.find("total"), std::string::npos);
}

TEST_F(Bench, WritesAPage) {
  const auto outcome =
      run({"bench", kName, "--target", "x86-64-v2", "--seconds", kShort, "--report", "page.html"});
  const auto page = support::read_file(work() / "page.html");
  ASSERT_TRUE(page) << outcome.err;
  EXPECT_EQ(page->rfind("<!doctype html>", 0), 0u);
  EXPECT_NE(page->find(std::string("sepconv bench ") + kName + " --target x86-64-v2"),
            std::string::npos);
}

TEST_F(Bench, ComparesWithItsOwnEarlierReport) {
  const std::vector<std::string> command = {"bench",     kName,  "--target", "x86-64-v2",
                                            "--seconds", kShort, "--json"};
  const auto first = run(command);
  auto base = object(first);
  ASSERT_FALSE(base.is_discarded()) << first.err;
  // A base that is far slower than this machine can be: no noise makes a regression of it.
  base["results"][0]["of_roofline"] = 1e-6;
  auto again = command;
  again.insert(again.end(), {"--compare", input("base.json", base.dump())});
  const json found = object(run(again));
  ASSERT_EQ(found["compare"].size(), 1u) << found;
  EXPECT_EQ(found["compare"][0]["regressed"], false);
  // And one that is far faster.
  base["results"][0]["of_roofline"] = 1e6;
  again.back() = input("fast.json", base.dump());
  const auto slower = run(again);
  EXPECT_EQ(object(slower)["compare"][0]["regressed"], true);
  EXPECT_EQ(slower.code, 1);
}

TEST_F(Bench, TellsWhichRivalsAreMissingAndGoesOn) {
  const auto outcome = run_in(work(),
                              {"bench", kName, "--target", "x86-64-v2", "--seconds", kShort,
                               "--peers", "onednn,xnnpack", "--json"},
                              {{"SEPCONV_PEERS_DIR", "/nowhere"}});
  const json found = object(outcome);
  ASSERT_FALSE(found.is_discarded()) << outcome.err;
  EXPECT_EQ(found["results"][0]["peers"].size(), 0u);
  ASSERT_EQ(found["errors"].size(), 2u);
  EXPECT_EQ(found["errors"][1]["value"], "xnnpack");
  EXPECT_NE(outcome.code, 4);
  for (const char* name : {"onednn", "xnnpack", "scripts/peers"}) {
    EXPECT_NE(outcome.err.find(name), std::string::npos) << name;
  }
}

TEST_F(Bench, RowsOfTargetsThatCannotRunAreSkippedWithExitCode4) {
  const auto outcome = run({"bench", kName, "--target", "arm64", "--seconds", kShort, "--json"});
  EXPECT_EQ(outcome.code, 4) << outcome.err;
  const json found = object(outcome);
  ASSERT_EQ(found["results"].size(), 1u);
  EXPECT_EQ(found["results"][0]["status"], "skipped");
  EXPECT_FALSE(found["results"][0]["reason"].get<std::string>().empty());
  EXPECT_FALSE(found["errors"].empty());
}

struct BadBench {
  std::vector<std::string> arguments;
  int code;
};

const BadBench kBad[] = {
    {{}, 2},
    {{kName, "--seconds", "0"}, 2},
    {{kName, "--seconds", "-1"}, 2},
    {{kName, "--seconds", "soon"}, 2},
    {{kName, "--threads", "0"}, 2},
    {{kName, "--peers", "tensorflow"}, 2},
    {{kName, "--peers", ""}, 2},
    {{kName, "--db", "some.db"}, 3},
    {{kName, "--unheard-of"}, 2},
    {{"pw_f32_n1h4w6c8_o16"}, 3},
    {{"--layers", "missing.json"}, 3},
    {{kName, "--compare", "missing.json"}, 3},
    {{kName, "--compare", "."}, 3},
    {{kName, "--compare", ""}, 3},
    {{kName, "--schedule", "unheard_of=1"}, 3},
    {{kName, "--report", "no/such/folder/page.html"}, 4},
    {{kName, "--report", "."}, 4},
    {{kName, "--report", ""}, 4},
};

class BadBenchTest : public ToolTest, public testing::WithParamInterface<BadBench> {};

TEST_P(BadBenchTest, GivesItsCodeAndErrorsAndLeavesNothing) {
  std::vector<std::string> arguments{"bench"};
  arguments.insert(arguments.end(), GetParam().arguments.begin(), GetParam().arguments.end());
  arguments.emplace_back("--json");
  const auto outcome = run(arguments);
  EXPECT_EQ(outcome.code, GetParam().code) << outcome.err;
  const json found = object(outcome);
  ASSERT_FALSE(found.is_discarded()) << outcome.out;
  ASSERT_FALSE(found["errors"].empty());
  EXPECT_TRUE(left_nothing());
}

INSTANTIATE_TEST_SUITE_P(Commands, BadBenchTest, testing::ValuesIn(kBad));

}  // namespace
}  // namespace sepconv::cli
