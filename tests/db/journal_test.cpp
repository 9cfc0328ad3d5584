// Tests of the tuner's files: the journal under damage, and several writers of one journal.
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <random>
#include <set>

#include "fixture.h"
#include "support/sha256.h"

namespace sepconv::db {
namespace {

std::string lines_of(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += to_line(sample_trial(i)) + "\n";
  return text;
}

class JournalTest : public FolderTest {
 protected:
  [[nodiscard]] std::filesystem::path journal() const { return path("x.journal"); }
  void write(const std::string& content) const {
    ASSERT_TRUE(support::write_file(journal(), content));
  }
  /// Opens and appends a trial.
  void append(int64_t number) const {
    const auto opened = Journal::open(journal());
    ASSERT_TRUE(opened);
    ASSERT_TRUE(opened->append(sample_trial(number)));
  }
};

TEST_F(JournalTest, AppendedTrialsComeBackInOrder) {
  for (int i = 0; i < 3; ++i) append(i);
  const auto content = read_journal(journal());
  ASSERT_TRUE(content);
  ASSERT_EQ(content->trials.size(), 3u);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(content->trials[static_cast<size_t>(i)], sample_trial(i));
  EXPECT_EQ(text(journal()), lines_of(3));
}

TEST(JournalText, CutAnywhereKeepsEveryWholeRecordAndNoOther) {
  const std::string whole = lines_of(4);
  for (size_t cut = 0; cut <= whole.size(); ++cut) {
    const std::string part = whole.substr(0, cut);
    // A record that lacks nothing but its newline is whole.
    const std::string ended = part + (cut < whole.size() && whole[cut] == '\n' ? "\n" : "");
    const auto count = static_cast<size_t>(std::count(ended.begin(), ended.end(), '\n'));
    const JournalContent content = parse_journal(part);
    ASSERT_EQ(content.trials.size(), count) << cut;
    for (size_t i = 0; i < count; ++i) {
      ASSERT_EQ(content.trials[i], sample_trial(static_cast<int64_t>(i))) << cut;
    }
    const bool torn = !ended.empty() && !ended.ends_with('\n');
    ASSERT_EQ(content.damaged.size(), torn ? 1u : 0u) << cut;
    if (torn) {
      ASSERT_EQ(content.damaged[0].line, static_cast<int64_t>(count) + 1);
    }
  }
}

TEST_F(JournalTest, AppendAfterACutAnywhereLosesNothing) {
  const std::string whole = lines_of(2);
  const size_t first = whole.find('\n') + 1;
  for (size_t cut = first; cut < whole.size(); cut += 17) {
    write(whole.substr(0, cut));
    append(9);
    const auto content = read_journal(journal());
    ASSERT_TRUE(content);
    EXPECT_TRUE(content->damaged.empty()) << cut;
    ASSERT_GE(content->trials.size(), 2u) << cut;
    EXPECT_EQ(content->trials.front(), sample_trial(0)) << cut;
    EXPECT_EQ(content->trials.back(), sample_trial(9)) << cut;
  }
}

TEST_F(JournalTest, HalfALineOfAnotherWriterDoesNotSwallowARecord) {
  const auto opened = Journal::open(journal());
  ASSERT_TRUE(opened);
  std::ofstream(journal(), std::ios::app) << to_line(sample_trial(0)).substr(0, 50);
  ASSERT_TRUE(opened->append(sample_trial(1)));
  const auto content = read_journal(journal());
  ASSERT_TRUE(content);
  EXPECT_EQ(content->trials, std::vector{sample_trial(1)});
  EXPECT_EQ(content->damaged.size(), 1u);
}

/// Whether every trial is one of those written.
bool all_genuine(const JournalContent& content, int count) {
  return std::all_of(content.trials.begin(), content.trials.end(), [&](const Trial& trial) {
    return trial.number < count && trial == sample_trial(trial.number);
  });
}

TEST(JournalText, CorruptBytesNeverMakeAWrongTrialAndLoseOnlyTheirLines) {
  const std::string whole = lines_of(20);
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::string corrupt = whole;
    const size_t flips = 1 + random() % 5;
    for (size_t i = 0; i < flips; ++i)
      corrupt[random() % corrupt.size()] = static_cast<char>(random());
    const JournalContent content = parse_journal(corrupt);
    ASSERT_TRUE(all_genuine(content, 20)) << round;
    // A newline that is gone joins two lines.
    ASSERT_GE(content.trials.size(), 20 - 2 * flips) << round;
    if (content.trials.size() < 20) {
      ASSERT_FALSE(content.damaged.empty()) << round;
    }
  }
}

TEST_F(JournalTest, DamagedLinesAreSetAsideOnceAndWhole) {
  const std::string torn = to_line(sample_trial(5)).substr(0, 100);
  write(lines_of(1) + torn + "\n" + to_line(sample_trial(1)) + "\ngarbage\n");
  for (int i = 0; i < 2; ++i) {
    const auto opened = Journal::open(journal());
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->found().damaged.size(), i == 0 ? 2u : 0u);
    EXPECT_EQ(opened->found().trials.size(), 2u);
  }
  EXPECT_EQ(text(journal()), lines_of(2));
  EXPECT_EQ(text(damaged_path(journal())), torn + "\ngarbage\n");
}

TEST_F(JournalTest, AnInterruptedRepairIsTakenUp) {
  write(lines_of(1) + "garbage\n");
  ASSERT_TRUE(support::write_file(damaged_path(journal()), "older\ngarbage\n"));
  ASSERT_TRUE(Journal::open(journal()));
  EXPECT_EQ(text(journal()), lines_of(1));
  EXPECT_EQ(text(damaged_path(journal())), "older\ngarbage\n");
}

TEST_F(JournalTest, DamageIsReportedWithItsPlace) {
  write(lines_of(1) + "garbage\n");
  const auto content = read_journal(journal());
  ASSERT_TRUE(content);
  ASSERT_EQ(content->damaged.size(), 1u);
  EXPECT_EQ(content->damaged[0].line, 2);
  EXPECT_EQ(content->damaged[0].offset, static_cast<int64_t>(lines_of(1).size()));
  EXPECT_EQ(content->damaged[0].reason, "its checksum does not match its text");
  EXPECT_EQ(content->damaged[0].text, "garbage");
  EXPECT_EQ(text(journal()), lines_of(1) + "garbage\n") << "reading changed the file";
}

/// The sample's line as a later version would write it.
std::string newer_line() {
  std::string body = to_line(sample_trial(0));
  body.replace(body.find(":1,"), 3, ":2,");
  body.resize(body.rfind(",\"sum\""));
  return body + ",\"sum\":\"" + support::sha256(body).substr(0, 16) + "\"}";
}

TEST_F(JournalTest, LinesOfALaterVersionStayButAreNotUsed) {
  write(newer_line() + "\n" + lines_of(1) + "garbage\n");
  const auto opened = Journal::open(journal());
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->found().trials.size(), 1u);
  ASSERT_EQ(opened->found().newer.size(), 1u);
  EXPECT_EQ(opened->found().newer[0].reason, "it has schema 2, which a later version wrote");
  EXPECT_EQ(text(journal()), newer_line() + "\n" + lines_of(1));
}

TEST_F(JournalTest, FilterRemovesWhatItIsTold) {
  write(newer_line() + "\n" + lines_of(4) + "garbage\n");
  const auto removed =
      filter_journal(journal(), [](const Trial& trial) { return trial.number % 2 == 0; });
  ASSERT_TRUE(removed);
  ASSERT_EQ(removed->size(), 2u);
  EXPECT_EQ((*removed)[0], sample_trial(1));
  EXPECT_EQ(text(journal()), newer_line() + "\n" + to_line(sample_trial(0)) + "\n" +
                                 to_line(sample_trial(2)) + "\n");
  EXPECT_EQ(text(damaged_path(journal())), "garbage\n");
}

TEST_F(JournalTest, UnrecordableTrialLeavesTheFileAsItWas) {
  append(0);
  const auto opened = Journal::open(journal());
  Trial trial = sample_trial(1);
  trial.samples_us[0] = -1;
  const auto added = opened->append({sample_trial(2), trial});
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error()[0].kind, ErrorKind::internal);
  EXPECT_EQ(text(journal()), lines_of(1));
}

TEST_F(JournalTest, MissingFileOrFolderIsAnErrorThatNamesIt) {
  const auto missing = read_journal(path("none"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error()[0].kind, ErrorKind::input);
  EXPECT_EQ(missing.error()[0].file, path("none").string());
  EXPECT_FALSE(Journal::open(path(".")));
  EXPECT_FALSE(read_journal(path(".")));
  EXPECT_FALSE(Journal::open("/dev/null"));
  EXPECT_FALSE(Journal::open(path("none") / "x.journal"));
}

TEST_F(JournalTest, AFullDiskAddsNoPartOfARecord) {
  append(0);
  const std::string before = text(journal());
  const pid_t child = start_child([&] {
    const rlimit limit{before.size() + 50, before.size() + 50};
    ::signal(SIGXFSZ, SIG_IGN);
    const auto opened = Journal::open(journal());
    return ::setrlimit(RLIMIT_FSIZE, &limit) == 0 && opened && !opened->append(sample_trial(1));
  });
  EXPECT_TRUE(succeeded(child));
  EXPECT_EQ(text(journal()), before);
}

TEST_F(JournalTest, WritersAtOnceLoseNothing) {
  constexpr int kWriters = 4, kTrials = 50;
  std::vector<pid_t> children;
  for (int writer = 0; writer < kWriters; ++writer) {
    children.push_back(start_child([&, writer] {
      const auto opened = Journal::open(journal());
      bool fine = opened.has_value();
      for (int i = 0; fine && i < kTrials; ++i) {
        fine = opened->append(sample_trial(writer * kTrials + i)).has_value();
      }
      return fine;
    }));
  }
  for (const pid_t child : children) EXPECT_TRUE(succeeded(child));
  const auto content = read_journal(journal());
  ASSERT_TRUE(content);
  EXPECT_TRUE(content->damaged.empty());
  EXPECT_TRUE(all_genuine(*content, kWriters * kTrials));
  std::set<int64_t> numbers;
  for (const Trial& trial : content->trials) numbers.insert(trial.number);
  EXPECT_EQ(content->trials.size(), static_cast<size_t>(kWriters * kTrials));
  EXPECT_EQ(numbers.size(), static_cast<size_t>(kWriters * kTrials));
}

TEST_F(JournalTest, ARepairBesideAWriterLosesNothing) {
  write("garbage\n");
  const pid_t writer = start_child([&] {
    const auto opened = Journal::open(journal());
    bool fine = opened.has_value();
    for (int i = 0; fine && i < 60; ++i) fine = opened->append(sample_trial(i)).has_value();
    return fine;
  });
  const pid_t spoiler = start_child([&] {
    bool fine = true;
    for (int i = 0; fine && i < 20; ++i) {
      std::ofstream(journal(), std::ios::app) << "half a line" << std::endl;
      fine = Journal::open(journal()).has_value();
    }
    return fine;
  });
  EXPECT_TRUE(succeeded(writer));
  EXPECT_TRUE(succeeded(spoiler));
  const auto content = read_journal(journal());
  ASSERT_TRUE(content);
  EXPECT_EQ(content->trials.size(), 60u);
  EXPECT_TRUE(all_genuine(*content, 60));
}

}  // namespace
}  // namespace sepconv::db
