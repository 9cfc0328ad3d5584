// Tests: every way in which a candidate fails has its word in the journal.
#include "cli/tune_outcome.h"

#include <gtest/gtest.h>

#include <csignal>

#include "cli/tune_tasks.h"
#include "emit/limits.h"

namespace sepconv::cli {
namespace {

using db::TrialOutcome;
using measure::End;
using measure::Verdict;

std::optional<TrialOutcome> of(Verdict verdict, End end = End::returned, int signal = 0) {
  measure::TrialResult result;
  result.verdict = verdict;
  result.outcome.end = end;
  result.outcome.signal = signal;
  return outcome_of(result);
}

TrialOutcome of_field(const char* field) {
  Error error;
  error.field = field;
  return outcome_of(Errors{error});
}

TEST(TuneOutcome, OfTrials) {
  EXPECT_EQ(of(Verdict::ok), TrialOutcome::ok);
  EXPECT_EQ(of(Verdict::differs), TrialOutcome::unstable);
  EXPECT_EQ(of(Verdict::wrong), TrialOutcome::wrong_result);
  EXPECT_EQ(of(Verdict::unusable), TrialOutcome::no_result);
}

TEST(TuneOutcome, OfDeaths) {
  EXPECT_EQ(of(Verdict::died, End::crashed, SIGSEGV), TrialOutcome::crash);
  EXPECT_EQ(of(Verdict::died, End::crashed, SIGSYS), TrialOutcome::crash);
  EXPECT_EQ(of(Verdict::died, End::crashed, SIGILL), TrialOutcome::illegal_instruction);
  EXPECT_EQ(of(Verdict::died, End::crashed, SIGXFSZ), TrialOutcome::output_flood);
  EXPECT_EQ(of(Verdict::died, End::crashed, SIGXCPU), TrialOutcome::hang);
  EXPECT_EQ(of(Verdict::died, End::timed_out), TrialOutcome::hang);
  EXPECT_EQ(of(Verdict::died, End::out_of_memory), TrialOutcome::out_of_memory);
  EXPECT_EQ(of(Verdict::died, End::silent), TrialOutcome::no_result);
  EXPECT_EQ(of(Verdict::died, End::threw), TrialOutcome::crash);
}

TEST(TuneOutcome, OfWhatDidNotRunIsNone) {
  EXPECT_EQ(of(Verdict::died, End::not_run), std::nullopt);
}

TEST(TuneOutcome, OfCompilers) {
  EXPECT_EQ(of_field(emit::kTimeLimit), TrialOutcome::compile_timeout);
  EXPECT_EQ(of_field(emit::kMemoryLimit), TrialOutcome::out_of_memory);
  EXPECT_EQ(of_field("schedule"), TrialOutcome::compile_failed);
}

TEST(OneLine, HasNoControlCharactersAndAnEnd) {
  EXPECT_EQ(one_line("a\nb\x01"), "a b ");
  EXPECT_EQ(one_line(std::string(1000, 'x')).size(), 300U);
}

TEST(Duration, IsANumberWithAUnit) {
  EXPECT_EQ(parse_duration("90"), 90);
  EXPECT_EQ(parse_duration("1.5s"), 1.5);
  EXPECT_EQ(parse_duration("10m"), 600);
  EXPECT_EQ(parse_duration("2h"), 7200);
  for (const char* wrong : {"", "m", "10x", "-1s", "0", "nan", "inf", "1e99", "1m0"}) {
    EXPECT_EQ(parse_duration(wrong), std::nullopt) << wrong;
  }
}

TEST(Shard, IsOneOfSeveral) {
  EXPECT_EQ(parse_shard("")->count, 1U);
  EXPECT_EQ(parse_shard("2/3")->index, 2U);
  for (const char* wrong : {"0/2", "3/2", "1", "/", "1/", "a/b", "1/2/3", "-1/2"}) {
    EXPECT_FALSE(parse_shard(wrong)) << wrong;
  }
}

TEST(HostMachine, IsAClassOfMachines) { EXPECT_TRUE(db::valid_machine(host_machine())); }

}  // namespace
}  // namespace sepconv::cli
