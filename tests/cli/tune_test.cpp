// Tests: the contract of the verb tune: files, resuming, replays, shards, interruption, exit codes.
#include <set>

#include "fixture.h"
#include "schedules/db/journal.h"

namespace sepconv::cli {
namespace {

constexpr const char* kSmall = "pw_f32_n1h2w3c8_o16_relu";

class Tune : public ToolTest {
 protected:
  [[nodiscard]] support::Outcome tune(std::vector<std::string> more) const {
    std::vector<std::string> arguments{"tune", kSmall, "--db", "t.db", "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }
  [[nodiscard]] std::vector<db::Trial> trials() const {
    const auto content = db::read_journal(work() / "t.db.journal");
    return content ? content->trials : std::vector<db::Trial>{};
  }
  /// Points of the search, confirmations left out.
  [[nodiscard]] std::vector<std::string> points() const {
    std::vector<std::string> list;
    for (const db::Trial& trial : trials()) {
      if (trial.origin != "confirmation") list.push_back(trial.point);
    }
    return list;
  }
};

size_t different(const std::vector<std::string>& words) {
  return std::set<std::string>(words.begin(), words.end()).size();
}

TEST_F(Tune, WritesJournalAndDatabaseThatGenerateReads) {
  const auto outcome = tune({"--trials", "5"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto json = object(outcome);
  ASSERT_EQ(json["results"].size(), 1U) << outcome.out;
  const auto& row = json["results"][0];
  for (const char* key : {"layer", "name", "target", "count", "space", "trials", "failures",
                          "best_relative", "best_schedule", "best_origin", "best_known", "winner",
                          "confirmed", "accepted", "schedule", "us", "heuristic_us", "reason"}) {
    EXPECT_TRUE(row.contains(key)) << key;
  }
  EXPECT_EQ(row["trials"], 5);
  EXPECT_EQ(points().size(), 5U);
  EXPECT_EQ(different(points()), 5U);
  const auto explained = run({"explain", kSmall, "--db", "t.db", "--json"});
  ASSERT_EQ(explained.code, 0) << explained.err;
  EXPECT_EQ(object(explained)["results"][0]["source"], "db");
  EXPECT_EQ(object(explained)["results"][0]["schedule"], row["schedule"]);
}

TEST_F(Tune, ReportsTheTimesOfTheRecord) {
  const auto outcome = tune({"--trials", "5", "--start", "random"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto row = object(outcome)["results"][0];
  const auto listed = run({"db", "list", "t.db", "--json"});
  ASSERT_EQ(listed.code, 0) << listed.err;
  const auto record = object(listed)["records"][0];
  // The database's lines have three decimals.
  EXPECT_NEAR(row["us"].get<double>(), record["us"].get<double>(), 1e-3);
  EXPECT_NEAR(row["heuristic_us"].get<double>(), record["heuristic_us"].get<double>(), 1e-3);
}

TEST_F(Tune, GoesOnWhereItStopped) {
  ASSERT_EQ(tune({"--trials", "4"}).code, 0);
  const auto first = points();
  const auto again = object(tune({"--trials", "7"}));
  EXPECT_EQ(again["replayed"], 4);
  EXPECT_EQ(again["made"], 3);
  const auto all = points();
  ASSERT_EQ(all.size(), 7U);
  EXPECT_EQ(different(all), 7U);
  EXPECT_TRUE(std::equal(first.begin(), first.end(), all.begin()));
}

TEST_F(Tune, DoesNothingWhereNothingIsLeftToDo) {
  ASSERT_EQ(tune({"--trials", "3"}).code, 0);
  const auto before = support::read_file(work() / "t.db");
  const auto journal = support::read_file(work() / "t.db.journal");
  ASSERT_EQ(tune({"--trials", "3"}).code, 0);
  EXPECT_EQ(*support::read_file(work() / "t.db"), *before);
  EXPECT_EQ(*support::read_file(work() / "t.db.journal"), *journal);
}

TEST_F(Tune, ReplaysAJournalWithoutWriting) {
  ASSERT_EQ(tune({"--trials", "8", "--start", "random"}).code, 0);
  const auto journal = support::read_file(work() / "t.db.journal");
  const std::vector<std::string> replay{
      "tune", kSmall, "--simulate", "t.db.journal", "--json", "--trials", "4", "--seed", "3"};
  const auto one = run(replay);
  const auto two = run(replay);
  ASSERT_EQ(one.code, 0) << one.err;
  EXPECT_EQ(one.out, two.out);
  EXPECT_EQ(object(one)["results"][0]["trials"], 4);
  EXPECT_EQ(object(one)["made"], 0);
  EXPECT_GT(object(one)["results"][0]["best_known"], 0);
  EXPECT_EQ(*support::read_file(work() / "t.db.journal"), *journal);
}

TEST_F(Tune, WritesAReport) {
  ASSERT_EQ(tune({"--trials", "3", "--report", "r.html"}).code, 0);
  const auto page = support::read_file(work() / "r.html");
  ASSERT_TRUE(page);
  EXPECT_NE(page->find("<svg"), std::string::npos);
}

TEST_F(Tune, CutsItsLayersIntoShards) {
  const std::vector<std::string> names{"pw_f32_n1h2w3c8_o16_relu", "pw_f32_n1h2w3c8_o32_relu",
                                       "pw_f32_n1h2w3c8_o48_relu"};
  std::vector<std::string> seen;
  for (const char* shard : {"1/2", "2/2"}) {
    std::vector<std::string> arguments{"tune", "--dry-run", "--json", "--shard", shard};
    arguments.insert(arguments.end(), names.begin(), names.end());
    const auto outcome = run(arguments);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const auto json = object(outcome);
    for (const auto& row : json["results"]) seen.push_back(row["name"]);
  }
  EXPECT_EQ(seen.size(), 3U);
  EXPECT_EQ(different(seen), 3U);
  EXPECT_TRUE(left_nothing());
}

TEST_F(Tune, RefusesWrongFlags) {
  const std::vector<std::vector<std::string>> wrong{
      {"tune", kSmall},
      {"tune", "--db", "t.db"},
      {"tune", kSmall, "--db", "none"},
      {"tune", kSmall, "--db", "t.db", "--budget", "soon"},
      {"tune", kSmall, "--db", "t.db", "--shard", "3/2"},
      {"tune", kSmall, "--db", "t.db", "--start", "middle"},
      {"tune", kSmall, "--db", "t.db", "--strategy", "luck"},
      {"tune", kSmall, "--db", "t.db", "--trials", "0"},
      {"tune", kSmall, "--db", "t.db", "--machine", "My Desk"},
      {"tune", kSmall, "--db", "t.db", "--runner-push", "scp {} board:"}};
  for (const auto& arguments : wrong) {
    const auto outcome = run(arguments);
    EXPECT_EQ(outcome.code, 2) << arguments.back() << outcome.err;
  }
  EXPECT_TRUE(left_nothing());
}

TEST_F(Tune, PredictsWhatItCannotTime) {
  // A core whose code no clock here times, with a kernel that still runs in an emulator if any.
  const auto outcome =
      run({"tune", kSmall, "--db", "t.db", "--target", "arm64", "--trials", "3", "--json"});
  const auto json = object(outcome);
  if (outcome.code == 4) {
    const std::string said = json["errors"][0]["message"];
    ASSERT_NE(said.find("llvm-mca"), std::string::npos) << said;
    GTEST_SKIP() << said;
  }
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(json["predicted"], true);
  EXPECT_EQ(json["machine"], "llvm-mca");
  ASSERT_FALSE(trials().empty());
  for (const db::Trial& trial : trials()) {
    EXPECT_TRUE(trial.predicted);
    EXPECT_EQ(trial.outcome, db::TrialOutcome::ok) << trial.detail;
  }
  const auto listed = object(run({"db", "list", "t.db", "--json"}));
  EXPECT_EQ(listed["records"][0]["predicted"], true);
  const auto explained =
      object(run({"explain", kSmall, "--target", "arm64", "--db", "t.db", "--json"}));
  EXPECT_EQ(explained["results"][0]["source"], "db");
}

#if defined(__x86_64__)
TEST_F(Tune, MeasuresThroughARunner) {
  const auto outcome = tune({"--target", "x86-64-v2", "--trials", "3", "--runner", "env"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto json = object(outcome);
  EXPECT_EQ(json["predicted"], false);
  EXPECT_NE(json["machine"], "llvm-mca");
  ASSERT_FALSE(trials().empty());
  EXPECT_EQ(trials().front().outcome, db::TrialOutcome::ok) << trials().front().detail;
  for (const db::Trial& trial : trials()) {
    EXPECT_FALSE(trial.predicted);
    // A point drawn at random may add in another order, which is an outcome of its own.
    if (trial.outcome != db::TrialOutcome::wrong_result) {
      EXPECT_EQ(trial.outcome, db::TrialOutcome::ok) << trial.detail;
      EXPECT_GT(trial.samples_us.size(), 3U);
    }
  }
}
#endif

/// Runs the tool below `timeout`, which sends a signal after some seconds.
support::Outcome signalled(const std::filesystem::path& folder, const char* signal,
                           const char* seconds, const std::vector<std::string>& arguments) {
  support::Command command;
  command.argv = {"timeout", "--foreground", "--preserve-status", "--signal",
                  signal,    seconds,        SEPCONV_TOOL};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.folder = folder;
  command.environment = {{"TMPDIR", folder.string()}};
  command.limits.seconds = 600;
  return support::run(command);
}

TEST_F(Tune, StopsWhenAskedTo) {
  const auto outcome =
      signalled(work(), "INT", "4", {"tune", kSmall, "--db", "t.db", "--json", "--budget", "1h"});
  ASSERT_EQ(outcome.code, 130) << outcome.err;
  EXPECT_EQ(object(outcome)["interrupted"], true);
  EXPECT_EQ(different(points()), points().size());
  for (const auto& entry : std::filesystem::directory_iterator(work())) {
    EXPECT_EQ(entry.path().filename().string().rfind("t.db", 0), 0U) << entry.path();
  }
}

TEST_F(Tune, SurvivesBeingKilled) {
  for (int round = 0; round < 3; ++round) {
    (void)signalled(work(), "KILL", "2", {"tune", kSmall, "--db", "t.db", "--budget", "1h"});
  }
  const size_t durable = points().size();
  const auto goal = std::to_string(durable + 2);
  const auto outcome = signalled(work(), "KILL", "300",
                                 {"tune", kSmall, "--db", "t.db", "--json", "--trials", goal});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(points().size(), durable + 2);
  EXPECT_EQ(different(points()), durable + 2);
  // What the killed sessions had in their temporary folders is gone as well.
  for (const auto& entry : std::filesystem::directory_iterator(work())) {
    EXPECT_EQ(entry.path().filename().string().rfind("t.db", 0), 0U) << entry.path();
  }
}

}  // namespace
}  // namespace sepconv::cli
