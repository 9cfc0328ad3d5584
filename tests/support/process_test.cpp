// Tests of support: child processes, their limits and the pool.
#include "support/process.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

#include "support/files.h"
#include "support/interrupt.h"

namespace {
using namespace sepconv::support;
using End = Outcome::End;

Command shell(const std::string& script) {
  Command command;
  command.argv = {"/bin/sh", "-c", script};
  return command;
}

TEST(Process, CapturesOutputAndExitCode) {
  const Outcome outcome = run(shell("echo out; echo err >&2; exit 3"));
  EXPECT_EQ(outcome.end, End::exited);
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.out, "out\n");
  EXPECT_EQ(outcome.err, "err\n");
  EXPECT_FALSE(outcome.ok());
}

TEST(Process, PassesInputFolderAndEnvironment) {
  Command command = shell("cat; pwd; echo $SEPCONV_X");
  command.input = "in\n";
  command.folder = "/";
  command.environment = {{"SEPCONV_X", "a b"}};
  EXPECT_EQ(run(command).out, "in\n/\na b\n");
}

TEST(Process, MissingProgramIsNotStarted) {
  Command command;
  command.argv = {"/nonexistent/program"};
  const Outcome outcome = run(command);
  EXPECT_EQ(outcome.end, End::not_started);
  EXPECT_FALSE(outcome.message.empty());
  command.argv = {"no-such-program-anywhere"};
  EXPECT_EQ(run(command).end, End::not_started);
}

TEST(Process, ReportsTheSignal) {
  const Outcome outcome = run(shell("kill -SEGV $$"));
  EXPECT_EQ(outcome.end, End::signalled);
  EXPECT_EQ(outcome.code, SIGSEGV);
}

TEST(Process, TimeLimitKillsTheWholeTree) {
  auto folder = TempFolder::make();
  ASSERT_TRUE(folder);
  Command command = shell("sleep 1000 & echo $! > pid; wait");
  command.folder = folder->path();
  command.limits.seconds = 0.3;
  EXPECT_EQ(run(command).end, End::timed_out);
  const pid_t grandchild = std::stoi(read_file(folder->path() / "pid").value());
  const std::string status = "/proc/" + std::to_string(grandchild) + "/stat";
  bool alive = true;
  for (int i = 0; i < 200 && alive; ++i) {
    const auto text = read_file(status);
    alive = text && text->find(") Z") == std::string::npos;
    if (alive) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_FALSE(alive);
}

TEST(Process, BackgroundChildrenDieWithTheirParent) {
  // The background process keeps the pipes open; run() must not wait for it.
  EXPECT_EQ(run(shell("sleep 1000 & exit 0")).end, End::exited);
}

TEST(Process, MemoryLimitHoldsForTheChild) {
  Command command = shell("ulimit -v");
  command.limits.memory_bytes = int64_t{1} << 30;
  EXPECT_EQ(run(command).out, "1048576\n");
}

TEST(Process, FileSizeLimitStopsTheWriter) {
  auto folder = TempFolder::make();
  ASSERT_TRUE(folder);
  Command command;
  command.argv = {"dd", "if=/dev/zero", "of=big", "bs=4096", "count=64"};
  command.folder = folder->path();
  command.limits.file_bytes = 8192;
  EXPECT_FALSE(run(command).ok());
  EXPECT_EQ(std::filesystem::file_size(folder->path() / "big"), 8192U);
}

TEST(Process, LongOutputIsCutNotBlocked) {
  Command command;
  command.argv = {"head", "-c", "3000000", "/dev/zero"};
  command.limits.output_bytes = 1000;
  const Outcome outcome = run(command);
  EXPECT_TRUE(outcome.ok());
  EXPECT_TRUE(outcome.truncated);
  EXPECT_EQ(outcome.out.size(), 1000U);
}

TEST(Pool, OutcomesKeepTheOrderOfCommands) {
  std::vector<Command> commands;
  for (const char* script : {"sleep 0.2; echo 0", "echo 1", "sleep 0.1; echo 2"}) {
    commands.push_back(shell(script));
  }
  size_t ends = 0;
  const auto outcomes = run_all(commands, 3, [&](size_t, const Outcome&) { ++ends; });
  ASSERT_EQ(outcomes.size(), 3U);
  EXPECT_EQ(outcomes[0].out + outcomes[1].out + outcomes[2].out, "0\n1\n2\n");
  EXPECT_EQ(ends, 3U);
}

TEST(Pool, InterruptEndsRunningAndWaitingChildren) {
  const std::vector<Command> commands(3, shell("sleep 1000"));
  std::thread stopper([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    interrupt();
  });
  const auto outcomes = run_all(commands, 1);
  stopper.join();
  clear_interrupt();
  for (const Outcome& outcome : outcomes) EXPECT_EQ(outcome.end, End::interrupted);
}

}  // namespace
