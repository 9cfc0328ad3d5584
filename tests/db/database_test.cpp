// Tests of the tuner's files: the database as text.
#include <algorithm>
#include <random>

#include "fixture.h"
#include "schedules/schedule.h"
#include "spec/name.h"
#include "support/sha256.h"

namespace sepconv::db {
namespace {

constexpr const char* kHead =
    "# sepconv-db/1\n"
    "# layer target machine point figures, a line each; docs/tuning.md explains them\n";

Database sample_database() {
  Database database;
  database.comments = {"# tuned on a quiet evening"};
  database.records = {sample_record("dw_f32_n1h8w8c16_k3s1p1_relu6"), sample_record(kLayer, "a"),
                      sample_record(kLayer, "b")};
  database.records[1].point.clear();
  database.records[2].predicted = true;
  return database;
}

TEST(DatabaseText, IsThisText) {
  Database database = sample_database();
  database.records.resize(2);
  const std::string first =
      "dw_f32_n1h8w8c16_k3s1p1_relu6 x86-64-v3@zen4 zen4 pw_v=2,pw_x=6 us=45.125 "
      "heuristic_us=47.500 noise=0.0125 threads=1 trials=120 by=clock halide=21.0.0 space=1 "
      "trial=0123456789abcdef";
  const std::string second =
      "pw_f32_n1h14w14c64_o64_relu6 x86-64-v3@zen4 a - us=45.125 heuristic_us=47.500 noise=0.0125 "
      "threads=1 trials=120 by=clock halide=21.0.0 space=1 trial=0123456789abcdef";
  EXPECT_EQ(to_text(database), std::string(kHead) + "# tuned on a quiet evening\n" + first +
                                   " sum=" + support::sha256(first).substr(0, 8) + "\n" + second +
                                   " sum=" + support::sha256(second).substr(0, 8) + "\n");
}

TEST(DatabaseText, ComesBack) {
  const Database database = sample_database();
  const auto again = parse_database(to_text(database), "x.db");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->records, database.records);
  EXPECT_EQ(again->comments, database.comments);
  EXPECT_EQ(to_text(*again), to_text(database));
}

TEST(DatabaseText, IsSortedWhateverTheOrderOfTheLines) {
  Database database = sample_database();
  const std::string sorted = to_text(database);
  std::mt19937 random(3);
  for (int i = 0; i < 20; ++i) {
    std::shuffle(database.records.begin(), database.records.end(), random);
    EXPECT_EQ(to_text(*parse_database(to_text(database), "x.db")), sorted);
  }
}

TEST(DatabaseText, CarriageReturnsAreNoDamage) {
  std::string text = to_text(sample_database()), crlf;
  for (const char c : text) crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
  const auto again = parse_database(crlf, "x.db");
  ASSERT_TRUE(again);
  EXPECT_EQ(to_text(*again), text);
}

struct BadText {
  const char* text;
  const char* message;
  const char* field;
};
const BadText kBadTexts[] = {
    {"", "this is no schedule database", "line 1"},
    {"\n", "this is no schedule database", "line 1"},
    {"{\"format\": 1}\n", "this is no schedule database", "line 1"},
    {"# sepconv-db/2\n", "the database has a format that this version does not read", "line 1"},
    {"# sepconv-db/1 \n", "the database has a format that this version does not read", "line 1"},
    {"# sepconv-db/1\nword\n", "it is no record", "line 2"},
    {"# sepconv-db/1\n\n# x\na b c sum=00000000\n",
     "its checksum does not match its text: it was damaged or edited", "line 4"},
    {"# sepconv-db/1\n<<<<<<< HEAD\n", "it is a conflict marker of a version control system",
     "line 2"},
};

TEST(DatabaseText, BadTextIsRefusedWithItsLine) {
  for (const BadText& bad : kBadTexts) {
    const auto parsed = parse_database(bad.text, "x.db");
    ASSERT_FALSE(parsed) << bad.text;
    const Error& error = parsed.error()[0];
    EXPECT_EQ(error.kind, ErrorKind::input);
    EXPECT_EQ(error.message, bad.message);
    EXPECT_EQ(error.file, "x.db");
    EXPECT_EQ(error.field, bad.field);
    EXPECT_FALSE(error.hint.empty());
  }
}

/// A record's line with a word replaced and the checksum right again.
std::string forged(const std::string& from, const std::string& to) {
  std::string line = to_line(sample_record());
  line.resize(line.rfind(" sum="));
  line.replace(line.find(from), from.size(), to);
  return line + " sum=" + support::sha256(line).substr(0, 8);
}

TEST(DatabaseText, WrongWordsAreRefusedEvenWithTheRightChecksum) {
  const std::pair<const char*, const char*> wrong[] = {
      {"pw_f32", "pw\x01_f32"},   {"zen4 pw_v", "ZEN pw_v"},   {"pw_v=2", "pw_v"},
      {"pw_v=2", "pw_x=2"},       {"us=45", "us=-45"},         {"us=45.125", "us=nan"},
      {"us=45.125", "us=inf"},    {"us=45.125", "us=1e99"},    {"us=45.125", "us="},
      {"noise=", "nose="},        {"threads=1", "threads=0"},  {"threads=1", "threads=9999999999"},
      {"trials=120", "trials=x"}, {"by=clock", "by=magic"},    {"halide=21.0.0", "halide="},
      {"space=1", "space=-1"},    {"trial=0123", "trial=XYZ"}, {" noise=0.0125", ""},
  };
  EXPECT_TRUE(parse_record(forged("us=45", "us=46")));
  for (const auto& [from, to] : wrong) EXPECT_FALSE(parse_record(forged(from, to))) << to;
}

TEST(DatabaseText, AChangedByteNeverMakesAnotherRecord) {
  const std::string text = to_text(sample_database());
  const Database database = sample_database();
  std::mt19937 random(5);
  for (int round = 0; round < 3000; ++round) {
    std::string corrupt = text;
    corrupt[random() % corrupt.size()] = static_cast<char>(random());
    const auto parsed = parse_database(corrupt, "x.db");
    if (!parsed) continue;
    for (const Record& record : parsed->records) {
      ASSERT_NE(std::find(database.records.begin(), database.records.end(), record),
                database.records.end())
          << corrupt;
    }
  }
}

TEST(DatabaseText, ManyBadLinesGiveABoundedListOfErrors) {
  std::string text = "# sepconv-db/1\n";
  for (int i = 0; i < 1000; ++i) text += "word\n";
  const auto parsed = parse_database(text, "x.db");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().size(), 20u);
}

TEST(DatabaseText, TwoRecordsOfOneKeyNameBothLines) {
  Database database;
  database.records = {sample_record(), sample_record()};
  database.records[1].us = 1;
  const auto parsed = parse_database(to_text(database), "x.db");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error()[0].field, "line 4");
  EXPECT_NE(parsed.error()[0].message.find("line 3"), std::string::npos);
}

TEST(DatabaseText, ConflictOfVersionControlIsSettledByMerging) {
  Record theirs = sample_record();
  theirs.us = 40;
  theirs.point["pw_x"] = 5;
  const std::string text = std::string(kHead) + "<<<<<<< HEAD\n" + to_line(sample_record()) +
                           "\n=======\n" + to_line(theirs) + "\n>>>>>>> branch\n";
  const auto merged = parse_unmerged(text, "x.db");
  ASSERT_TRUE(merged);
  ASSERT_EQ(merged->records.size(), 1u);
  EXPECT_EQ(merged->records[0], theirs);
}

TEST(DatabaseFind, IsExact) {
  const Database database = sample_database();
  EXPECT_EQ(find(database, kLayer, "x86-64-v3@zen4").size(), 2u);
  EXPECT_EQ(find(database, kLayer, "x86-64-v3@zen4", "b").size(), 1u);
  EXPECT_TRUE(find(database, kLayer, "x86-64-v3").empty());
  EXPECT_TRUE(find(database, kLayer, "x86-64-v3@zen4", "c").empty());
  EXPECT_TRUE(find(database, "pw_f32_n2h14w14c64_o64_relu6", "x86-64-v3@zen4").empty());
}

/// A record that this version can use.
Record usable_record() {
  const spec::Layer layer = spec::parse_name(kLayer).value();
  const targets::Target target = targets::parse_target("x86-64-v3@zen4").value();
  Record record = sample_record();
  record.point = schedules::heuristic(layer, target);
  const Versions versions = current_versions(schedules::space(layer, target).version);
  record.halide = versions.halide;
  record.space = versions.space;
  return record;
}

struct Unusable {
  void (*spoil)(Record&);
  const char* reason;
};
const Unusable kUnusable[] = {
    {[](Record& record) { record.halide = "14.0.0"; }, "it was tuned with Halide 14.0.0"},
    {[](Record& record) { ++record.space; }, "of the schedule space"},
    {[](Record& record) { record.point["pw_x"] = 1000; }, "its point is not in the space"},
    {[](Record& record) { record.point.clear(); }, "its point is not in the space"},
    {[](Record& record) { record.layer = "dance_f32"; }, "its layer is none"},
    {[](Record& record) { record.target = "z80"; }, "its target is none"},
    {[](Record& record) { record.target = "native"; }, "its target is now spelt"},
};

TEST(DatabaseRecord, IsUsableOnlyWhereItStillMeansTheSame) {
  EXPECT_EQ(unusable(usable_record()), "");
  for (const Unusable& one : kUnusable) {
    Record record = usable_record();
    one.spoil(record);
    EXPECT_NE(unusable(record).find(one.reason), std::string::npos) << unusable(record);
  }
}

TEST(DatabaseShipped, IsSoundAndUnambiguousAndUsable) {
  const auto database = load(SEPCONV_SOURCE_DIR "/schedules/db/tuned.db");
  ASSERT_TRUE(database);
  EXPECT_EQ(to_text(*database),
            support::read_file(SEPCONV_SOURCE_DIR "/schedules/db/tuned.db").value());
  for (const Record& record : database->records) {
    EXPECT_EQ(unusable(record), "") << to_line(record);
    for (const Record& other : find(*database, record.layer, record.target)) {
      EXPECT_EQ(other.point, record.point) << "generate would need --machine: " << to_line(record);
    }
  }
}

}  // namespace
}  // namespace sepconv::db
