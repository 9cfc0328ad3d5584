// Tests: a hostile check ends in its outcome, and nothing of it is left.
#include "measure/contain.h"

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "support/files.h"

namespace sepconv::measure {
namespace {

Containment brief(double seconds = 30) {
  Containment limits;
  limits.seconds = seconds;
  return limits;
}

/// Living or unburied children of this process, which adopts what its own children leave behind.
int descendants() {
  int found = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "stat");
    std::string text;
    if (!std::getline(file, text)) continue;
    const size_t after = text.rfind(')');
    if (after == std::string::npos) continue;
    char state = 0;
    int parent = 0;
    if (std::sscanf(text.c_str() + after + 1, " %c %d", &state, &parent) != 2) continue;
    if (parent == getpid()) ++found;
  }
  return found;
}

TEST(Contained, HandsTheOutcomeThrough) {
  const Outcome got = contained(brief(), [] { return Outcome{Status::mistrusted, 0.5, 3, "why"}; });
  EXPECT_EQ(got.status, Status::mistrusted);
  EXPECT_EQ(got.max_error, 0.5);
  EXPECT_EQ(got.bound, 3);
  EXPECT_EQ(got.reason, "why");
  EXPECT_EQ(got.end, End::returned);
}

TEST(Contained, StartsThreads) {
  const Outcome got = contained(brief(), [] {
    int value = 0;
    std::thread([&] { value = 7; }).join();
    return Outcome{value == 7 ? Status::passed : Status::failed, 0, 0, ""};
  });
  EXPECT_EQ(got.status, Status::passed) << got.reason;
}

TEST(Contained, SaysThatItCrashed) {
  const Outcome got = contained(brief(), [] {
    raise(SIGSEGV);
    return Outcome{};
  });
  EXPECT_EQ(got.end, End::crashed) << got.reason;
  EXPECT_EQ(got.signal, SIGSEGV);
}

TEST(Contained, NamesAnIllegalInstruction) {
  const Outcome got = contained(brief(), [] {
    __builtin_trap();
    return Outcome{};
  });
  EXPECT_EQ(got.end, End::crashed) << got.reason;
  EXPECT_EQ(got.signal, SIGILL);
}

TEST(Contained, EndsAHang) {
  const Outcome got = contained(brief(0.2), []() -> Outcome {
    while (true) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  EXPECT_EQ(got.end, End::timed_out) << got.reason;
}

TEST(Contained, EndsAHangThatIgnoresSignals) {
  const Outcome got = contained(brief(0.2), []() -> Outcome {
    for (int number = 1; number < 32; ++number) signal(number, SIG_IGN);
    volatile uint64_t spins = 0;
    while (true) spins = spins + 1;
  });
  EXPECT_EQ(got.end, End::timed_out) << got.reason;
}

TEST(Contained, RefusesAHundredGigabytes) {
  const Outcome got = contained(brief(), [] {
    const std::vector<char> much(size_t{100} << 30, 1);
    return Outcome{much.back() == 1 ? Status::passed : Status::failed, 0, 0, ""};
  });
  EXPECT_EQ(got.end, End::out_of_memory) << got.reason;
}

TEST(Contained, NoticesASilentEnd) {
  const Outcome got = contained(brief(), []() -> Outcome { _exit(0); });
  EXPECT_EQ(got.status, Status::failed);
  EXPECT_EQ(got.end, End::silent) << got.reason;
}

TEST(Contained, EndsAFloodOfOutput) {
  const Outcome got = contained(brief(), []() -> Outcome {
    while (true) (void)!write(1, "all work and no play", 20);
  });
  EXPECT_EQ(got.end, End::crashed) << got.reason;
  EXPECT_EQ(got.signal, SIGXFSZ);
}

TEST(Contained, DropsASmallOutput) {
  testing::internal::CaptureStdout();
  const Outcome got = contained(brief(), [] {
    std::printf("hello\n");
    std::fflush(stdout);
    return Outcome{};
  });
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(got.status, Status::passed);
}

TEST(Contained, LeavesNoProcessOfAForkBomb) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  const Outcome got = contained(brief(2), []() -> Outcome {
    while (true) {
      if (fork() == 0) setsid();
    }
  });
  EXPECT_EQ(got.status, Status::failed);
  EXPECT_NE(got.end, End::returned) << got.reason;
  EXPECT_EQ(descendants(), 0);
}

/// What a user without rights sees; 0 when all is well.
int bomb_as_user() {
  if (setgid(65534) != 0 || setuid(65534) != 0) return 1;
  const Outcome got = contained(brief(2), []() -> Outcome {
    while (true) {
      if (fork() == 0) setsid();
    }
  });
  if (got.end == End::returned || got.end == End::not_run) return 2;
  const Outcome well = contained(brief(), [] { return Outcome{}; });
  return well.status == Status::passed ? 0 : 3;
}

TEST(Contained, HoldsForUsersWithoutRightsToo) {
  if (getuid() != 0) GTEST_SKIP() << "the other tests run as such a user";
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t user = fork();
  if (user == 0) _exit(bomb_as_user());
  int status = -1;
  ASSERT_EQ(waitpid(user, &status, 0), user);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(descendants(), 0);
}

TEST(Contained, StartsNoProgram) {
  const Outcome got = contained(brief(), [] {
    char name[] = "/bin/true";
    char* arguments[] = {name, nullptr};
    execve(name, arguments, nullptr);
    return Outcome{};
  });
  EXPECT_EQ(got.status, Status::failed);
  EXPECT_NE(got.end, End::returned) << got.reason;
}

TEST(Contained, SignalsNobodyElse) {
  const Outcome got = contained(brief(), [] {
    const bool refused =
        kill(getppid(), SIGKILL) != 0 && syscall(SYS_tgkill, getppid(), getppid(), SIGKILL) != 0;
    return Outcome{refused ? Status::passed : Status::failed, 0, 0, ""};
  });
  EXPECT_EQ(got.status, Status::passed) << got.reason;
}

TEST(Contained, WritesNoFile) {
  const auto folder = support::TempFolder::make();
  ASSERT_TRUE(folder);
  const std::string path = folder->path() / "file";
  (void)contained(brief(), [&] {
    const int made = open(path.c_str(), O_CREAT | O_WRONLY, 0600);
    if (made >= 0) (void)!write(made, "x", 1);
    (void)mkdir((path + "d").c_str(), 0700);
    return Outcome{};
  });
  EXPECT_TRUE(std::filesystem::is_empty(folder->path()));
}

TEST(Contained, ReadsFiles) {
  const auto folder = support::TempFolder::make();
  ASSERT_TRUE(folder && support::write_file(folder->path() / "file", "text"));
  const Outcome got = contained(brief(), [&] {
    const auto text = support::read_file(folder->path() / "file");
    return Outcome{text && *text == "text" ? Status::passed : Status::failed, 0, 0, ""};
  });
  EXPECT_EQ(got.status, Status::passed) << got.reason;
}

TEST(Contained, BurnsNoMoreCpuTimeThanAllowed) {
  Containment limits = brief();
  limits.cpu_seconds = 1;
  const Outcome got = contained(limits, []() -> Outcome {
    volatile uint64_t spins = 0;
    while (true) spins = spins + 1;
  });
  EXPECT_EQ(got.end, End::crashed) << got.reason;
  EXPECT_EQ(got.signal, SIGXCPU);
}

}  // namespace
}  // namespace sepconv::measure
