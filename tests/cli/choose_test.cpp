// Tests of cli: which point --db, --machine and --schedule choose, and what bad databases lead to.
#include <algorithm>

#include "db_fixture.h"

namespace sepconv::cli {
namespace {

using nlohmann::json;

class Choose : public ToolTest {
 protected:
  /// explain's row for kTuned with these flags.
  [[nodiscard]] json explain(std::vector<std::string> flags, const char* name = kTuned) const {
    flags.insert(flags.begin(),
                 {"explain", name, "--target", kTunedTarget, "--no-compile", "--json"});
    const auto outcome = run(flags);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return object(outcome)["results"][0];
  }
  [[nodiscard]] std::string database(std::vector<db::Record> records) const {
    return input("tuned.db", database_text(std::move(records)));
  }
};

std::string all_lines(const json& row) {
  std::string text;
  for (const json& line : row["lines"]) text += line.get<std::string>() + "\n";
  return text;
}

void expect_said(const json& row, const std::string& words) {
  EXPECT_NE(all_lines(row).find(words), std::string::npos) << all_lines(row);
}

TEST_F(Choose, AnExactRecordIsUsedAndNamed) {
  const json row = explain({"--db", database({usable_record()})});
  EXPECT_EQ(row["source"], "db");
  EXPECT_EQ(row["schedule"], schedules::to_string(usable_record().point));
  EXPECT_EQ(row["record"]["trial"], "0123456789abcdef");
  EXPECT_EQ(row["record"]["machine"], "zen4");
  expect_said(row, "exactly this layer and target (distance 0): measured 40.0 us against 50.0");
}

TEST_F(Choose, NoneIsTheHeuristicAlone) {
  const json row = explain({"--db", "none"});
  EXPECT_EQ(row["source"], "heuristic");
  EXPECT_EQ(row["record"], nullptr);
  expect_said(row, "database: none");
}

TEST_F(Choose, ShowsWhatBoundsTheLayerAndItsCode) {
  const auto outcome = run({"explain", kTuned, "--target", kTunedTarget, "--db", "none", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const json row = object(outcome)["results"][0];
  EXPECT_GT(row["bound"]["cycles"], 0);
  EXPECT_GT(row["code"]["code_bytes"], 0);
  EXPECT_TRUE(row["code"].contains("spills"));
  EXPECT_NE(row["advisories"].dump().find("about as long as a call"), std::string::npos);
  expect_said(row, "predicted bound");
  expect_said(row, "vector spills");
}

TEST_F(Choose, ASimilarRecordIsNamedButNotUsed) {
  const json row = explain({"--db", database({usable_record()})}, "pw_f32_n1h8w6c8_o16_relu");
  EXPECT_EQ(row["source"], "heuristic");
  expect_said(row, "nearest is pw_f32_n1h4w6c8_o16_relu on x86-64-v2 (zen4), at distance 1.00");
}

TEST_F(Choose, ARecordThatMeansSomethingElseByNowIsNotUsedAndSaysSo) {
  const std::pair<void (*)(db::Record&), const char*> stale[] = {
      {[](db::Record& record) { record.halide = "14.0.0"; }, "it was tuned with Halide 14.0.0"},
      {[](db::Record& record) { record.space = 99; }, "version 99 of the schedule space"},
      {[](db::Record& record) { record.point["pw_x"] = 999; }, "its point is not in the space"},
  };
  for (const auto& [spoil, reason] : stale) {
    db::Record record = usable_record();
    spoil(record);
    const std::string path = database({record});
    const json row = explain({"--db", path});
    EXPECT_EQ(row["source"], "heuristic");
    expect_said(row, reason);
    const auto outcome = run({"explain", kTuned, "--target", kTunedTarget, "--db", path});
    EXPECT_NE(outcome.err.find("1 of 1 records are not used"), std::string::npos) << outcome.err;
  }
}

TEST_F(Choose, MachinesThatDifferNeedAChoice) {
  const std::string path = database({usable_record(1, "zen4"), usable_record(2, "haswell")});
  const auto outcome = run({"explain", kTuned, "--target", kTunedTarget, "--db", path, "--json"});
  EXPECT_EQ(outcome.code, 3);
  const json error = object(outcome)["errors"][0];
  EXPECT_EQ(error["field"], "--machine");
  EXPECT_EQ(error["file"], path);
  EXPECT_NE(error["hint"].get<std::string>().find("haswell, zen4"), std::string::npos);
  EXPECT_EQ(explain({"--db", path, "--machine", "haswell"})["record"]["machine"], "haswell");
  EXPECT_EQ(explain({"--db", path, "--machine", "zen4"})["schedule"],
            schedules::to_string(usable_record(1).point));
}

TEST_F(Choose, MachinesThatAgreeNeedNone) {
  const std::string path = database({usable_record(1, "zen4"), usable_record(1, "haswell")});
  EXPECT_EQ(explain({"--db", path})["source"], "db");
}

TEST_F(Choose, APredictedRecordIsUsedOnlyWhereNoneWasMeasured) {
  db::Record predicted = usable_record();
  predicted.machine = "a-model";
  predicted.predicted = true;
  predicted.us = 1;
  const json alone = explain({"--db", database({predicted})});
  EXPECT_EQ(alone["source"], "db");
  expect_said(alone, "predicted 1.0 us");
  db::Record measured = usable_record();
  measured.point["pw_x"] = 1;
  const json both = explain({"--db", database({predicted, measured})});
  EXPECT_EQ(both["record"]["machine"], "zen4");
  EXPECT_EQ(both["record"]["predicted"], false);
}

TEST_F(Choose, TheLibrarySaysWhichRecordItIsMadeOf) {
  const std::string path = database({usable_record()});
  const auto outcome = run({"generate", kTuned, "--target", kTunedTarget, "--db", path, "--machine",
                            "zen4", "--out", "out"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const json manifest = json::parse(support::read_file(work() / "out/manifest.json").value());
  const json schedule = manifest["layers"][0]["schedules"][0];
  EXPECT_EQ(schedule["source"], "db");
  EXPECT_EQ(schedule["record"], "0123456789abcdef");
  EXPECT_EQ(schedule["point"], schedules::to_string(usable_record().point));
  EXPECT_NE(manifest["command"].get<std::string>().find("--db tuned.db --machine zen4"),
            std::string::npos)
      << manifest["command"];
}

TEST_F(Choose, TunedKernelsAreVerifiedAndRepeatable) {
  const std::string path = database({usable_record()});
  const auto outcome = run({"verify", kTuned, "--target", kTunedTarget, "--db", path, "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const json row = object(outcome)["results"][0];
  EXPECT_EQ(row["status"], "passed");
  EXPECT_EQ(row["repeat"], std::string("sepconv verify ") + kTuned + " --target " + kTunedTarget +
                               " --db " + path);
}

struct BadDatabase {
  const char* what;
  std::string text;
  const char* field;
};

std::vector<BadDatabase> bad_databases() {
  std::string edited = database_text({usable_record()});
  edited.replace(edited.find("us=40"), 5, "us=10");
  return {
      {"empty", "", "line 1"},
      {"garbage", "\x7f\x45LF\x01\x01 garbage", "line 1"},
      {"JSON", "{\"format\": \"sepconv-layers/1\"}", "line 1"},
      {"a later format", "# sepconv-db/2\n", "line 1"},
      {"an edited line", edited, "line 3"},
      {"half a line", edited.substr(0, edited.size() - 20), "line 3"},
      {"a key twice", database_text({usable_record(1), usable_record(2)}), "line 4"},
  };
}

TEST_F(Choose, BadDatabasesAreBadInputOfEveryVerb) {
  for (const BadDatabase& bad : bad_databases()) {
    const std::string path = input("bad.db", bad.text);
    for (const std::vector<std::string>& verb :
         std::vector<std::vector<std::string>>{{"generate", kTuned, "--out", "out"},
                                               {"verify", kTuned},
                                               {"bench", kTuned},
                                               {"inspect", kTuned, "--emit", "schedule"},
                                               {"explain", kTuned}}) {
      std::vector<std::string> arguments = verb;
      arguments.insert(arguments.end(), {"--target", kTunedTarget, "--db", path, "--json"});
      const auto outcome = run(arguments);
      EXPECT_EQ(outcome.code, 3) << bad.what << " " << verb[0] << outcome.err;
      const json error = object(outcome)["errors"][0];
      EXPECT_EQ(error["kind"], "input") << bad.what;
      EXPECT_EQ(error["file"], path) << bad.what;
      EXPECT_EQ(error["field"], bad.field) << bad.what;
      EXPECT_NE(error["hint"], "") << bad.what;
    }
  }
  EXPECT_TRUE(left_nothing());
}

TEST_F(Choose, FlagsThatExcludeEachOtherAreRefused) {
  const std::string path = database({usable_record()});
  const std::string point = schedules::to_string(usable_record().point);
  const std::pair<std::vector<std::string>, int> calls[] = {
      {{"--db", "missing.db"}, 3},
      {{"--db", "."}, 3},
      {{"--db", ""}, 0},
      {{"--db", "none", "--machine", "zen4"}, 2},
      {{"--db", path, "--machine", "zen9"}, 3},
      {{"--db", path, "--machine", "../zen4"}, 3},
      {{"--db", path, "--schedule", point}, 2},
      {{"--machine", "zen4", "--schedule", point}, 2},
      {{"--db", "none", "--schedule", point}, 0},
  };
  for (const auto& [flags, code] : calls) {
    std::vector<std::string> arguments{"explain", kTuned, "--target", kTunedTarget};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    EXPECT_EQ(run(arguments).code, code) << flags.back();
  }
}

}  // namespace
}  // namespace sepconv::cli
