// Tests of the tuner's files: a writer killed at random points loses at most the record in flight.
#include <fcntl.h>
#include <poll.h>

#include <csignal>
#include <random>

#include "fixture.h"

namespace sepconv::db {
namespace {

/// Appends trials from `first` on until it is killed; says each number once it is on the disk.
void write_for_ever(const std::filesystem::path& journal, int64_t first, int told) {
  const auto opened = Journal::open(journal);
  if (!opened) return;
  for (int64_t number = first; opened->append(sample_trial(number)); ++number) {
    if (::write(told, &number, sizeof number) != sizeof number) return;
  }
}

/// Starts a writer, kills it after `microseconds`; the number it said last, or first - 1.
int64_t kill_a_writer(const std::filesystem::path& journal, int64_t first, int microseconds) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return first - 1;
  const pid_t child = ::fork();
  if (child == 0) {
    write_for_ever(journal, first, ends[1]);
    ::_exit(1);
  }
  ::close(ends[1]);
  ::usleep(static_cast<useconds_t>(microseconds));
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  int64_t last = first - 1, number = 0;
  while (::read(ends[0], &number, sizeof number) == sizeof number) last = number;
  ::close(ends[0]);
  return last;
}

TEST_F(FolderTest, KilledWritersLoseAtMostTheRecordInFlight) {
  const auto journal = path("x.journal");
  std::mt19937 random(7);
  int64_t next = 0;
  for (int kill = 0; kill < 200; ++kill) {
    const int64_t said = kill_a_writer(journal, next, static_cast<int>(random() % 12000));
    if (!std::filesystem::exists(journal)) continue;
    const auto content = read_journal(journal);
    ASSERT_TRUE(content);
    ASSERT_LE(content->damaged.size(), 1u);
    const auto kept = static_cast<int64_t>(content->trials.size());
    ASSERT_GE(kept, said + 1) << "a record on the disk was lost";
    ASSERT_LE(kept, said + 2) << "more than one record was in flight";
    for (int64_t i = 0; i < kept; ++i) {
      ASSERT_EQ(content->trials[static_cast<size_t>(i)], sample_trial(i));
    }
    next = kept;
  }
  EXPECT_GT(next, 0);
}

}  // namespace
}  // namespace sepconv::db
