// Tests: whatever a candidate of the tuner does ends in its verdict; only right ones are timed.
#include "measure/trial.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <thread>

#include "fake_kernel.h"
#include "measure/fill.h"
#include "spec/name.h"

namespace sepconv::tests {
namespace {

using measure::End;
using measure::Opener;
using measure::TrialResult;
using measure::Verdict;

constexpr const char* kLayer = "dwpw_f32_n1h9w10c5_o19_k3s1x2p2x1x1x0_relu6_relu_is8_os24";

spec::Layer layer() { return *spec::parse_name(kLayer); }

Opener fake(Fault fault) {
  return [fault]() -> Result<measure::KernelPair> {
    return measure::KernelPair{fake_kernel(measure::exact_twin(layer()), fault),
                               fake_kernel(layer(), fault)};
  };
}

/// A right kernel that does something else first.
Opener hostile(const std::function<void()>& deed) {
  return [deed]() -> Result<measure::KernelPair> {
    auto pair = *fake(Fault::none)();
    pair.real.run = [deed, run = pair.real.run](const sepconv_call& call) {
      deed();
      return run(call);
    };
    return pair;
  };
}

measure::TrialOptions brief() {
  measure::TrialOptions options;
  options.seconds = 0.01;
  options.limits.seconds = 60;
  return options;
}

const measure::Prepared& prepared() {
  static const measure::Prepared values = measure::prepare(layer(), 2);
  return values;
}

TrialResult trial(const Opener& candidate, const measure::TrialOptions& options = brief()) {
  return measure::run_trial(prepared(), candidate, fake(Fault::none), options);
}

TEST(Trial, TimesARightCandidateBesideTheBaseline) {
  const TrialResult result = trial(fake(Fault::none));
  ASSERT_EQ(result.verdict, Verdict::ok) << result.outcome.reason;
  ASSERT_EQ(result.rounds.size(), 2U);
  EXPECT_GE(result.rounds[0].size(), 9U);
  EXPECT_EQ(result.rounds[0].size(), result.rounds[1].size());
  for (const double us : result.rounds[0]) EXPECT_GT(us, 0);
}

TEST(Trial, TimesABaselineAlone) {
  const TrialResult result = measure::run_trial(prepared(), fake(Fault::none), {}, brief());
  ASSERT_EQ(result.verdict, Verdict::ok) << result.outcome.reason;
  EXPECT_EQ(result.rounds.size(), 1U);
}

TEST(Trial, TimesNoPlantedFault) {
  size_t planted = 0;
  for (const FaultCase& fault : planted_faults()) {
    if (!applies(fault.fault, layer())) continue;
    ++planted;
    const TrialResult result = trial(fake(fault.fault));
    EXPECT_NE(result.verdict, Verdict::ok) << fault.name;
    EXPECT_TRUE(result.rounds.empty()) << fault.name;
  }
  EXPECT_GE(planted, 20U);
}

TEST(Trial, TellsRunsThatDiffer) {
  const TrialResult result = trial([]() -> Result<measure::KernelPair> {
    auto pair = *fake(Fault::none)();
    pair.real.run = [count = std::make_shared<int>(0),
                     run = pair.real.run](const sepconv_call& call) {
      const sepconv_status status = run(call);
      static_cast<float*>(call.output.data)[0] += static_cast<float>((*count)++);
      return status;
    };
    return pair;
  });
  EXPECT_EQ(result.verdict, Verdict::differs) << result.outcome.reason;
}

TEST(Trial, ComparesBitsWithTheBaselineWhereAsked) {
  measure::TrialOptions options = brief();
  const auto other = [&] {
    return measure::run_trial(prepared(), fake(Fault::none), fake(Fault::one_ulp), options);
  };
  EXPECT_EQ(other().verdict, Verdict::ok);
  options.same_bits = true;
  const TrialResult result = other();
  EXPECT_EQ(result.verdict, Verdict::wrong);
  EXPECT_NE(result.outcome.reason.find("bits differ"), std::string::npos) << result.outcome.reason;
}

TEST(Trial, SurvivesACrash) {
  const TrialResult result = trial(hostile([] { raise(SIGSEGV); }));
  EXPECT_EQ(result.verdict, Verdict::died);
  EXPECT_EQ(result.outcome.end, End::crashed);
}

TEST(Trial, SurvivesAnIllegalInstruction) {
  const TrialResult result = trial(hostile([] { __builtin_trap(); }));
  EXPECT_EQ(result.verdict, Verdict::died);
  EXPECT_EQ(result.outcome.signal, SIGILL);
}

TEST(Trial, SurvivesAHang) {
  measure::TrialOptions options = brief();
  options.limits.seconds = 0.5;
  const TrialResult result = trial(hostile([] {
                                     while (true) std::this_thread::yield();
                                   }),
                                   options);
  EXPECT_EQ(result.verdict, Verdict::died);
  EXPECT_EQ(result.outcome.end, End::timed_out);
}

TEST(Trial, SurvivesAHundredGigabytes) {
  const TrialResult result = trial(hostile([] {
    std::vector<char> much(size_t{100} << 30);
    much.back() = 1;
  }));
  EXPECT_EQ(result.verdict, Verdict::died);
  EXPECT_EQ(result.outcome.end, End::out_of_memory) << result.outcome.reason;
}

TEST(Trial, SurvivesASilentEnd) {
  const TrialResult result = trial(hostile([] { _exit(0); }));
  EXPECT_EQ(result.verdict, Verdict::died);
  EXPECT_EQ(result.outcome.end, End::silent);
}

TEST(Trial, SurvivesAFloodOfOutput) {
  const TrialResult result = trial(hostile([] {
    while (true) (void)!write(2, "much ado about nothing", 22);
  }));
  EXPECT_EQ(result.verdict, Verdict::died);
  EXPECT_EQ(result.outcome.signal, SIGXFSZ);
}

TEST(Trial, SurvivesAForkBomb) {
  const TrialResult result = trial(hostile([] {
    while (true) (void)fork();
  }));
  EXPECT_EQ(result.verdict, Verdict::died);
}

TEST(Trial, SaysWhyACandidateCannotBeOpened) {
  const TrialResult result = trial([]() -> Result<measure::KernelPair> {
    Error error;
    error.message = "no such file";
    return fail(error);
  });
  EXPECT_EQ(result.verdict, Verdict::unusable);
  EXPECT_EQ(result.outcome.reason, "no such file");
}

TEST(Together, TimesSeveralKernelsInTurn) {
  measure::TrialOptions options = brief();
  options.session = 3;
  const TrialResult result = measure::time_together(
      prepared(), {fake(Fault::none), fake(Fault::none), fake(Fault::none)}, options);
  ASSERT_EQ(result.verdict, Verdict::ok) << result.outcome.reason;
  ASSERT_EQ(result.rounds.size(), 3U);
  EXPECT_EQ(result.rounds[0].size(), result.rounds[2].size());
}

}  // namespace
}  // namespace sepconv::tests
