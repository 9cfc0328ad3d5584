// Tests of support: work in a child process comes to its end, or is ended.
#include "support/background.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>

#include "support/files.h"

namespace sepconv::support {
namespace {

TEST(Background, LeavesWhatItFoundInFiles) {
  const auto folder = TempFolder::make();
  ASSERT_TRUE(folder);
  auto work = Background::start([&] { (void)write_file(folder->path() / "found", "7"); });
  ASSERT_TRUE(work);
  EXPECT_TRUE(work->wait());
  EXPECT_EQ(read_file(folder->path() / "found").value_or(""), "7");
}

TEST(Background, SaysThatItDidNotComeToItsEnd) {
  auto crash = Background::start([] { std::raise(SIGKILL); });
  auto thrown = Background::start([] { throw std::runtime_error("no"); });
  ASSERT_TRUE(crash && thrown);
  EXPECT_FALSE(crash->wait());
  EXPECT_FALSE(thrown->wait());
}

TEST(Background, EndsWithItsValue) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  {
    auto work = Background::start([] {
      while (true) pause();
    });
    ASSERT_TRUE(work);
  }
  // The child held the other end of the pipe: it is gone when the pipe ends.
  close(ends[1]);
  char byte = 0;
  EXPECT_EQ(read(ends[0], &byte, 1), 0);
  close(ends[0]);
}

}  // namespace
}  // namespace sepconv::support
