// Tests of cli: the verb db on databases and journals: its JSON, its exit codes, what it writes.
#include "db_fixture.h"

namespace sepconv::cli {
namespace {

using nlohmann::json;

class Db : public ToolTest {
 protected:
  /// The object that `db` prints.
  [[nodiscard]] json db(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "db");
    arguments.emplace_back("--json");
    const auto outcome = run(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return object(outcome);
  }
  [[nodiscard]] static std::string text(const std::string& path) {
    return support::read_file(path).value_or("");
  }
};

void expect_keys(const json& row, std::initializer_list<const char*> keys) {
  EXPECT_EQ(row.size(), keys.size()) << row;
  for (const char* key : keys) EXPECT_TRUE(row.contains(key)) << key << " in " << row;
}

TEST_F(Db, ListSaysWhatIsUsable) {
  db::Record stale = usable_record(1, "older");
  stale.halide = "14.0.0";
  const std::string path = input("x.db", database_text({stale, usable_record()}));
  const json found = db({"list", path});
  EXPECT_EQ(found["kind"], "database");
  ASSERT_EQ(found["records"].size(), 2u);
  const json row = found["records"][1];
  expect_keys(
      row, {"layer", "target", "machine", "point", "us", "heuristic_us", "gain", "noise", "threads",
            "trials", "predicted", "halide", "space", "trial", "usable", "reason"});
  EXPECT_EQ(row["gain"], 1.25);
  EXPECT_EQ(row["usable"], true);
  EXPECT_EQ(found["records"][0]["usable"], false);
  EXPECT_NE(found["records"][0]["reason"], "");
}

TEST_F(Db, ListFilters) {
  const std::string path =
      input("x.db", database_text({usable_record(1, "a"), usable_record(1, "b")}));
  EXPECT_EQ(db({"list", path, "--machine", "b"})["records"].size(), 1u);
  EXPECT_EQ(db({"list", path, "--target", "x86-64-v3"})["records"].size(), 0u);
  const std::string layers = input("l.json", layer_file(kDepthwise));
  EXPECT_EQ(db({"list", path, "--layers", layers})["records"].size(), 0u);
}

TEST_F(Db, ListWithoutAFileIsOfTheInstalledDatabase) {
  const json found = db({"list"});
  EXPECT_EQ(found["kind"], "database");
  EXPECT_TRUE(found["file"].get<std::string>().ends_with("share/sepconv/tuned.db"));
}

TEST_F(Db, ListOfAJournalCountsOutcomesAndReportsDamage) {
  db::Trial crash = usable_trial(3, 0);
  crash.outcome = db::TrialOutcome::crash;
  crash.samples_us.clear();
  const std::string path =
      input("x.journal", journal_text({usable_trial(0, 50, "heuristic"), usable_trial(1, 40)}) +
                             "torn\n" + journal_text({crash}));
  const std::string before = text(path);
  const json found = db({"list", path});
  expect_keys(found, {"file", "kind", "layers", "damaged", "newer"});
  EXPECT_EQ(found["kind"], "journal");
  const json row = found["layers"][0];
  EXPECT_EQ(row["trials"], 3);
  EXPECT_EQ(row["outcomes"]["ok"], 2);
  EXPECT_EQ(row["outcomes"]["crash"], 1);
  EXPECT_EQ(row["best"]["us"], 40);
  EXPECT_EQ(row["best"]["gain"], 1.25);
  ASSERT_EQ(found["damaged"].size(), 1u);
  EXPECT_EQ(found["damaged"][0]["line"], 3);
  EXPECT_EQ(text(path), before);
}

TEST_F(Db, BestRanks) {
  const std::string journal =
      input("x.journal", journal_text({usable_trial(0, 50, "heuristic"), usable_trial(1, 40)}));
  const json rows = db({"best", journal, "--top", "5"})["results"];
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0]["rank"], 1);
  EXPECT_EQ(rows[0]["us"], 40);
  EXPECT_EQ(rows[1]["us"], 50);
  EXPECT_EQ(db({"best", journal, kTuned})["results"].size(), 1u);
  EXPECT_EQ(db({"best", journal, "pw_f32_n1h8w6c8_o16_relu"})["results"].size(), 0u);
}

TEST_F(Db, MergeOfDatabasesReportsConflicts) {
  db::Record slower = usable_record(2);
  slower.us = 45;
  const std::string a = input("a.db", database_text({slower, usable_record(1, "b")}));
  const std::string b = input("b.db", database_text({usable_record(1)}));
  const json found = db({"merge", a, b, "--out", "m.db"});
  EXPECT_EQ(found["count"], 2);
  ASSERT_EQ(found["conflicts"].size(), 1u);
  expect_keys(found["conflicts"][0], {"layer", "target", "machine", "kept", "dropped", "reason"});
  EXPECT_EQ(found["conflicts"][0]["kept"]["us"], 40);
  EXPECT_EQ(text((work() / "m.db").string()),
            database_text({usable_record(1, "b"), usable_record(1)}));
}

TEST_F(Db, MergeSettlesAConflictOfVersionControl) {
  const std::string ours = db::to_line(usable_record(2)), theirs = db::to_line(usable_record(1));
  const std::string path = input("x.db", database_text({}) + "<<<<<<< HEAD\n" + ours +
                                             "\n=======\n" + theirs + "\n>>>>>>> other\n");
  EXPECT_EQ(run({"db", "list", path}).code, 3);
  EXPECT_EQ(db({"merge", path, "--out", path})["count"], 1);
  EXPECT_EQ(db({"list", path})["records"].size(), 1u);
}

TEST_F(Db, MergeOfJournalsAddsWhatIsMissing) {
  const std::string a =
      input("a.journal", journal_text({usable_trial(0, 50), usable_trial(1, 40)}));
  const std::string b =
      input("b.journal", journal_text({usable_trial(1, 40), usable_trial(2, 30)}));
  const json found = db({"merge", a, b, "--out", a});
  EXPECT_EQ(found["kind"], "journal");
  EXPECT_EQ(found["count"], 3);
  EXPECT_EQ(text(a), journal_text({usable_trial(0, 50), usable_trial(1, 40), usable_trial(2, 30)}));
}

TEST_F(Db, PruneRemovesWhatCannotBeUsed) {
  db::Record stale = usable_record(1, "older");
  stale.space = 99;
  const std::string path = input("x.db", database_text({stale, usable_record()}));
  const std::string before = text(path);
  json found = db({"prune", path, "--dry-run"});
  EXPECT_EQ(found["removed"].size(), 1u);
  EXPECT_EQ(text(path), before);
  found = db({"prune", path});
  expect_keys(found, {"file", "kept", "removed", "dry_run"});
  EXPECT_EQ(found["kept"], 1);
  EXPECT_EQ(found["removed"][0]["machine"], "older");
  EXPECT_EQ(text(path), database_text({usable_record()}));
}

TEST_F(Db, PruneOfAJournalKeepsWhatIsAskedFor) {
  db::Trial other = usable_trial(1, 40);
  other.machine = "haswell";
  const std::string path = input("x.journal", journal_text({usable_trial(0, 50), other}));
  EXPECT_EQ(db({"prune", path, "--machine", "haswell"})["kept"], 1);
  EXPECT_EQ(text(path), journal_text({other}));
}

TEST_F(Db, DiffSaysWhatChanged) {
  db::Record faster = usable_record(2);
  faster.us = 30;
  const std::string a = input("a.db", database_text({usable_record(1), usable_record(1, "gone")}));
  const std::string b = input("b.db", database_text({usable_record(1, "fresh"), faster}));
  const json found = db({"diff", a, b});
  expect_keys(found, {"added", "removed", "changed"});
  EXPECT_EQ(found["added"][0]["machine"], "fresh");
  EXPECT_EQ(found["removed"][0]["machine"], "gone");
  EXPECT_EQ(found["changed"][0]["before"]["us"], 40);
  EXPECT_EQ(found["changed"][0]["after"]["us"], 30);
}

TEST_F(Db, ExportIsCsvWithAHeading) {
  const std::string path = input("x.db", database_text({usable_record()}));
  const auto outcome = run({"db", "export", path});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const std::string point = schedules::to_string(usable_record().point);
  const db::Record record = usable_record();
  EXPECT_EQ(outcome.out,
            "layer,target,machine,point,us,heuristic_us,gain,noise,threads,trials,predicted,"
            "halide,space,trial\n" +
                std::string(kTuned) + "," + kTunedTarget + ",zen4,\"" + point +
                "\",40.0,50.0,1.25,0.01,1,100,false," + record.halide + "," +
                std::to_string(record.space) + ",0123456789abcdef\n");
}

TEST_F(Db, ExportWritesAFile) {
  const std::string path = input("x.journal", journal_text({usable_trial(0, 50)}));
  const json said = db({"export", path, "--format", "json", "--out", "x.json"});
  EXPECT_EQ(said["rows"], 1);
  const json found = json::parse(text((work() / "x.json").string()), nullptr, false);
  EXPECT_EQ(found["trials"][0]["median_us"], 50);
  EXPECT_EQ(db({"export", path})["trials"].size(), 1u);
}

struct BadCall {
  std::vector<std::string> arguments;
  int code;
};

TEST_F(Db, BadCallsHaveTheirExitCodesAndLeaveNothing) {
  const std::string good = input("good.db", database_text({usable_record()}));
  const std::string bad = input("bad.db", "garbage\n");
  const std::string journal = input("x.journal", journal_text({usable_trial(0, 50)}));
  const std::string torn = input("torn.journal", "garbage\n");
  const BadCall calls[] = {
      {{}, 2},
      {{"frobnicate"}, 2},
      {{"list", good, "extra"}, 2},
      {{"best"}, 2},
      {{"best", good, "--top", "0"}, 2},
      {{"best", good, "no_such_layer"}, 3},
      {{"merge", good}, 2},
      {{"merge", "--out", "m.db"}, 2},
      {{"merge", good, journal, "--out", "m.db"}, 2},
      {{"merge", good, bad, "--out", "m.db"}, 3},
      {{"merge", good, "--out", "no/such/folder/m.db"}, 4},
      {{"merge", journal, "--out", "no/such/folder/m.journal"}, 4},
      {{"prune"}, 2},
      {{"prune", bad}, 3},
      {{"prune", good, "--layers", "missing.json"}, 3},
      {{"diff", good}, 2},
      {{"diff", good, "missing.db"}, 3},
      {{"export", good, "--format", "xml"}, 2},
      {{"export", good, "--out", "no/such/folder/x"}, 4},
      {{"list", "missing.db"}, 3},
      {{"list", "."}, 3},
      {{"list", bad}, 3},
      {{"list", torn}, 3},
      {{"list", good, "--target", "z80"}, 3},
  };
  for (const BadCall& call : calls) {
    std::vector<std::string> arguments{"db"};
    arguments.insert(arguments.end(), call.arguments.begin(), call.arguments.end());
    arguments.emplace_back("--json");
    const auto outcome = run(arguments);
    EXPECT_EQ(outcome.code, call.code) << arguments[1] << " " << outcome.err;
    EXPECT_FALSE(object(outcome)["errors"].empty()) << outcome.out;
  }
  EXPECT_TRUE(left_nothing());
}

}  // namespace
}  // namespace sepconv::cli
