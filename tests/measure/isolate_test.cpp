// Tests: whatever a check does to its process is an outcome with a reason.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <limits>
#include <stdexcept>
#include <thread>

#include "measure/isolate.h"
#include "support/interrupt.h"

namespace sepconv::measure {
namespace {

constexpr double kPlenty = 60;

void expect_failed(const Outcome& outcome, const std::string& part) {
  EXPECT_EQ(outcome.status, Status::failed);
  EXPECT_NE(outcome.reason.find(part), std::string::npos) << outcome.reason;
}

TEST(Isolated, HandsTheOutcomeThrough) {
  const Outcome given{Status::mistrusted, 0.125, 3e-9, "a reason\nof two lines"};
  const Outcome got = isolated(kPlenty, [&] { return given; });
  EXPECT_EQ(got.status, given.status);
  EXPECT_EQ(got.max_error, given.max_error);
  EXPECT_EQ(got.bound, given.bound);
  EXPECT_EQ(got.reason, given.reason);
}

TEST(Isolated, HandsInfinitiesAndLongReasonsThrough) {
  const double infinity = std::numeric_limits<double>::infinity();
  const Outcome got = isolated(kPlenty, [&] {
    return Outcome{Status::failed, infinity, 0, std::string(300'000, 'x')};
  });
  EXPECT_EQ(got.max_error, infinity);
  EXPECT_EQ(got.reason.size(), 300'000U);
}

TEST(Isolated, ReportsACrash) {
  expect_failed(isolated(kPlenty,
                         [] {
                           raise(SIGILL);
                           return Outcome{};
                         }),
                "crashed with signal 4 (Illegal instruction)");
}

TEST(Isolated, ReportsAnAbort) {
  expect_failed(isolated(kPlenty, []() -> Outcome { std::abort(); }), "crashed with signal 6");
}

TEST(Isolated, ReportsACrashOnAnotherThread) {
  expect_failed(isolated(kPlenty,
                         [] {
                           std::thread([] { raise(SIGSEGV); }).join();
                           return Outcome{};
                         }),
                "crashed with signal 11");
}

TEST(Isolated, ReportsWhatTheCheckWasDoing) {
  expect_failed(isolated(kPlenty,
                         []() -> Outcome {
                           note("counting sheep");
                           std::abort();
                         }),
                "during: counting sheep");
}

TEST(Isolated, ReportsAHang) {
  expect_failed(isolated(0.2,
                         []() -> Outcome {
                           note("waiting");
                           while (true) std::this_thread::yield();
                         }),
                "did not end within 0.2 s during: waiting");
}

TEST(Isolated, ReportsASilentEnd) {
  expect_failed(isolated(kPlenty, []() -> Outcome { std::_Exit(7); }),
                "ended the process with exit code 7");
}

TEST(Isolated, ReportsExceptions) {
  expect_failed(isolated(kPlenty, []() -> Outcome { throw std::runtime_error("no way"); }),
                "threw an exception: no way");
  expect_failed(isolated(kPlenty, []() -> Outcome { throw 5; }), "of an unknown type");
}

TEST(Isolated, LeavesTheCallersMemoryAlone) {
  int value = 1;
  (void)isolated(kPlenty, [&] {
    value = 2;
    return Outcome{};
  });
  EXPECT_EQ(value, 1);
}

TEST(Isolated, RunsInsideAnother) {
  const Outcome outer = isolated(kPlenty, [] {
    const Outcome inner = isolated(kPlenty, []() -> Outcome { std::abort(); });
    return Outcome{Status::passed, 0, 0, inner.reason};
  });
  EXPECT_NE(outer.reason.find("signal 6"), std::string::npos);
}

TEST(Isolated, IsSkippedWhenTheUserInterrupted) {
  support::interrupt();
  const Outcome outcome = isolated(kPlenty, [] { return Outcome{}; });
  support::clear_interrupt();
  EXPECT_EQ(outcome.status, Status::skipped);
}

TEST(Note, DoesNothingOutsideAndCutsLongTexts) {
  note(std::string(1000, 'x'));
  const Outcome outcome = isolated(kPlenty, []() -> Outcome {
    note(std::string(1000, 'y'));
    std::abort();
  });
  EXPECT_NE(outcome.reason.find(std::string(200, 'y')), std::string::npos);
  EXPECT_EQ(outcome.reason.find(std::string(201, 'y')), std::string::npos);
}

TEST(Status, HasWords) {
  EXPECT_STREQ(word(Status::passed), "passed");
  EXPECT_STREQ(word(Status::failed), "failed");
  EXPECT_STREQ(word(Status::mistrusted), "mistrusted");
  EXPECT_STREQ(word(Status::skipped), "skipped");
}

}  // namespace
}  // namespace sepconv::measure
