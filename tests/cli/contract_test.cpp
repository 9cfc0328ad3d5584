// Tests of cli: the JSON of each verb has the documented fields, and libraries are reproducible.
#include "fixture.h"

namespace sepconv::cli {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

void expect_fields(const json& row, std::initializer_list<const char*> fields) {
  for (const char* field : fields) EXPECT_TRUE(row.contains(field)) << field << " in " << row;
}

class Contract : public ToolTest {};

TEST_F(Contract, InspectListsCosts) {
  const std::string path = input("small.json", layer_file(kDepthwise));
  const auto outcome = run({"inspect", "--layers", path, "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const json row = object(outcome)["layers"][0];
  EXPECT_EQ(row["layer"], "second");
  EXPECT_EQ(row["name"], "dw_f32_n1h8w8c16_k3s1p1_relu6");
  EXPECT_EQ(row["macs"]["depthwise"], 8 * 8 * 16 * 9);
  EXPECT_EQ(row["macs"]["pointwise"], 0);
  EXPECT_EQ(row["macs"]["dense"], 0);
  EXPECT_EQ(row["parameters"], 16 * 9 + 16);
  EXPECT_EQ(row["bytes"], 4 * (2 * 8 * 8 * 16 + 16 * 9 + 16));
  EXPECT_GT(row["intensity"].get<double>(), 0);
  EXPECT_FALSE(row.contains("file"));
}

TEST_F(Contract, RowsOfSeveralFilesNameTheirFile) {
  const std::string a = input("a.json", layer_file(kPointwise));
  const std::string b = input("b.json", layer_file(kDepthwise));
  const json rows = object(run({"inspect", "--layers", a, b, "--json"}))["layers"];
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0]["file"], a);
  EXPECT_EQ(rows[1]["file"], b);
}

TEST_F(Contract, TargetsSayWhatIsPossible) {
  const auto outcome = run({"targets", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const json rows = object(outcome)["targets"];
  ASSERT_FALSE(rows.empty());
  for (const json& row : rows) {
    expect_fields(row, {"name", "halide", "generate", "run", "time", "reason"});
    if (row["run"] == "no") EXPECT_FALSE(row["reason"].get<std::string>().empty()) << row;
  }
}

TEST_F(Contract, DoctorChecksTheTools) {
  const json found = object(run({"doctor", "--json"}));
  expect_fields(found, {"ok", "checks", "targets"});
  for (const json& row : found["checks"]) {
    expect_fields(row, {"name", "serves", "ok", "required", "detail", "hint"});
  }
}

TEST_F(Contract, HelpGoesToStdoutAndSucceeds) {
  for (const char* verb : {"generate", "verify", "bench", "inspect", "pack", "explain", "db"}) {
    const auto outcome = run({verb, "--help"});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_NE(outcome.out.find("Example:"), std::string::npos) << verb;
  }
}

TEST_F(Contract, CompletionKnowsEveryVerb) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const auto outcome = run({"completion", shell});
    ASSERT_EQ(outcome.code, 0);
    for (const char* word : {"generate", "verify", "bench", "inspect", "doctor", "threads", "peers",
                             "prune", "dry-run"}) {
      EXPECT_NE(outcome.out.find(word), std::string::npos) << shell << " " << word;
    }
  }
}

TEST_F(Contract, GenerateReportsEveryLayer) {
  const std::string path = input("small.json", layer_file(kPointwise));
  const auto outcome = run(
      {"generate", "--layers", path, "--target", "x86-64-v2,x86-64-v3", "--out", "out", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const json found = object(outcome);
  expect_fields(found, {"library", "header", "manifest", "layers"});
  for (const char* file : {"library", "header", "manifest"}) {
    EXPECT_TRUE(fs::exists(work() / found[file].get<std::string>())) << file;
  }
  const json row = found["layers"][0];
  expect_fields(row, {"layer", "name", "symbol", "targets", "schedule", "code_bytes", "cached"});
  EXPECT_EQ(row["symbol"], "small_first");
  EXPECT_EQ(row["targets"].size(), 2u);
  EXPECT_GT(row["code_bytes"].get<int64_t>(), 0);
}

TEST_F(Contract, VerifyGivesARowPerLayerAndTargetThatRepeats) {
  const std::string path =
      input("small.json", layer_file(std::string(kPointwise) + "," + kDepthwise));
  const auto outcome = run({"verify", "--layers", path, "--target", "x86-64-v2", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const json rows = object(outcome)["results"];
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0]["layer"], "first");
  EXPECT_EQ(rows[1]["layer"], "second");
  for (const json& row : rows) {
    expect_fields(row,
                  {"layer", "name", "target", "status", "max_error", "bound", "reason", "repeat"});
    EXPECT_EQ(row["status"], "passed");
  }
  EXPECT_EQ(rows[0]["repeat"], "sepconv verify pw_f32_n1h4w6c8_o16_relu --target x86-64-v2");
}

/// Every file under a folder, by relative path.
std::map<std::string, std::string> content(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& item : fs::recursive_directory_iterator(folder)) {
    if (!item.is_regular_file()) continue;
    files[item.path().lexically_relative(folder).string()] =
        support::read_file(item.path()).value();
  }
  return files;
}

TEST_F(Contract, OutputDoesNotDependOnFolderJobsCacheTimeOrLocale) {
  const std::string path =
      input("small.json", layer_file(std::string(kPointwise) + "," + kDepthwise));
  const auto first = run({"generate", "--layers", path, "--target", "x86-64-v2,x86-64-v3", "--out",
                          "one", "--no-cache", "--jobs", "1"});
  ASSERT_EQ(first.code, 0) << first.err;
  fs::create_directories(work() / "deeper" / "folder");
  const auto second = run_in(work() / "deeper",
                             {"generate", "--layers", path, "--target", "x86-64-v3,x86-64-v2",
                              "--out", "folder/two", "--no-cache", "--jobs", "2"},
                             {{"TZ", "Asia/Tokyo"}, {"LC_ALL", "C.UTF-8"}});
  ASSERT_EQ(second.code, 0) << second.err;
  auto one = content(work() / "one"), two = content(work() / "deeper" / "folder" / "two");
  ASSERT_EQ(one.size(), two.size());
  EXPECT_EQ(one.at("libsmall.a"), two.at("libsmall.a"));
  // The header says the command, in which the targets stand as they were typed.
  const auto third = run({"generate", "--layers", path, "--target", "x86-64-v2,x86-64-v3", "--out",
                          "three", "--jobs", "2"});
  ASSERT_EQ(third.code, 0) << third.err;
  EXPECT_EQ(one, content(work() / "three"));
}

}  // namespace
}  // namespace sepconv::cli
