// Tests of the tuner's files: the database on disk.
#include <algorithm>

#include "fixture.h"

namespace sepconv::db {
namespace {

TEST_F(FolderTest, DatabaseIsSavedAndLoaded) {
  Database database;
  database.records = {sample_record()};
  ASSERT_TRUE(save(path("x.db"), database));
  const auto again = load(path("x.db"));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->records, database.records);
}

TEST_F(FolderTest, SavingThroughALinkKeepsTheLink) {
  std::filesystem::create_symlink("real.db", path("link.db"));
  ASSERT_TRUE(save(path("real.db"), {}));
  ASSERT_TRUE(update(path("link.db"), {sample_record()}));
  EXPECT_TRUE(std::filesystem::is_symlink(path("link.db")));
  EXPECT_EQ(load(path("real.db"))->records.size(), 1u);
}

TEST_F(FolderTest, MissingDatabaseAndFolderAreBadInput) {
  for (const char* name : {"none.db", "."}) {
    const auto loaded = load(path(name));
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error()[0].kind, ErrorKind::input);
    EXPECT_EQ(loaded.error()[0].file, path(name).string());
  }
}

TEST_F(FolderTest, UpdateMakesReplacesAndKeepsOrder) {
  Record first = sample_record("dw_f32_n1h8w8c16_k3s1p1_relu6");
  Record second = sample_record();
  ASSERT_TRUE(update(path("x.db"), {second}));
  ASSERT_TRUE(update(path("x.db"), {first}));
  second.us = 99;
  ASSERT_TRUE(update(path("x.db"), {second}));
  EXPECT_EQ(load(path("x.db"))->records, (std::vector{first, second}));
}

TEST_F(FolderTest, UpdateReplacesNothingMeasuredByAPrediction) {
  Record measured = sample_record();
  Record predicted = measured;
  predicted.predicted = true;
  predicted.us = 1;
  ASSERT_TRUE(update(path("x.db"), {predicted}));
  ASSERT_TRUE(update(path("x.db"), {measured}));
  ASSERT_TRUE(update(path("x.db"), {predicted}));
  EXPECT_EQ(load(path("x.db"))->records, std::vector<Record>{measured});
}

TEST_F(FolderTest, UpdateRefusesAFileThatIsNoDatabase) {
  ASSERT_TRUE(support::write_file(path("x.db"), "my diary\n"));
  EXPECT_FALSE(update(path("x.db"), {sample_record()}));
  EXPECT_EQ(text(path("x.db")), "my diary\n");
}

TEST_F(FolderTest, UpdatesAtOnceLoseNothing) {
  constexpr int kWriters = 4, kRecords = 15;
  std::vector<pid_t> children;
  for (int writer = 0; writer < kWriters; ++writer) {
    children.push_back(start_child([&, writer] {
      bool fine = true;
      for (int i = 0; fine && i < kRecords; ++i) {
        const std::string machine = "m" + std::to_string(writer) + "-" + std::to_string(i);
        fine = update(path("x.db"), {sample_record(kLayer, machine)}).has_value();
      }
      return fine;
    }));
  }
  for (const pid_t child : children) EXPECT_TRUE(succeeded(child));
  const auto database = load(path("x.db"));
  ASSERT_TRUE(database);
  EXPECT_EQ(database->records.size(), static_cast<size_t>(kWriters * kRecords));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(path(".")),
                          std::filesystem::directory_iterator()),
            1)
      << "temporary files were left";
}

TEST_F(FolderTest, FirstUpdatesAtOnceLoseNothing) {
  constexpr int kWriters = 8, kRounds = 15;
  for (int round = 0; round < kRounds; ++round) {
    const auto file = path(("x" + std::to_string(round)).c_str());
    std::vector<pid_t> children;
    for (int writer = 0; writer < kWriters; ++writer) {
      children.push_back(start_child([&, writer] {
        return update(file, {sample_record(kLayer, "m" + std::to_string(writer))}).has_value();
      }));
    }
    for (const pid_t child : children) EXPECT_TRUE(succeeded(child));
    ASSERT_EQ(load(file)->records.size(), static_cast<size_t>(kWriters)) << round;
  }
}

}  // namespace
}  // namespace sepconv::db
