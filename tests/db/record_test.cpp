// Tests of the tuner's files: trials as lines.
#include <cmath>
#include <limits>

#include "fixture.h"

namespace sepconv::db {
namespace {

TEST(Record, TrialIsThisLine) {
  EXPECT_EQ(
      to_line(sample_trial(3)),
      R"({"schema":1,"layer":"pw_f32_n1h14w14c64_o64_relu6","target":"x86-64-v3@zen4",)"
      R"("machine":"zen4","threads":1,"point":"pw_v=2,pw_x=3","outcome":"ok","detail":"",)"
      R"("samples_us":[13.5,10.25,11.0],"incumbent":"","incumbent_us":[],"predicted":false,)"
      R"("noise":0.0125,"seed":18446744073709551615,"number":3,"origin":"random","seconds":0.75,)"
      R"("tool":"0.1.0","halide":"21.0.0","space":1,"time":"2026-01-31T23:59:59Z",)"
      R"("sum":")" +
          trial_hash(sample_trial(3)) + "\"}");
}

TEST(Record, TrialComesBack) {
  Trial trial = sample_trial(7);
  trial.detail = "a\nb \"c\" \\ \x01 \xc3\xa9";
  trial.samples_us = {0.1, 1e-3, 123456.789, 1.0 / 3};
  trial.incumbent = "pw_v=1,pw_x=2";
  trial.incumbent_us = {9.5};
  trial.predicted = true;
  const auto again = parse_trial(to_line(trial));
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, trial);
}

TEST(Record, EveryOutcomeComesBack) {
  for (size_t i = 0; i < kOutcomeCount; ++i) {
    Trial trial = sample_trial(1);
    trial.outcome = static_cast<TrialOutcome>(i);
    if (trial.outcome != TrialOutcome::ok) trial.samples_us.clear();
    const auto again = parse_trial(to_line(trial));
    ASSERT_TRUE(again) << word(trial.outcome);
    EXPECT_EQ(again->outcome, trial.outcome);
  }
}

TEST(Record, LineHasNoNewlineWhateverTheDetail) {
  Trial trial = sample_trial(1);
  trial.detail.assign("first\nsecond\r\n\0third\xff\xfe", 22);
  const std::string line = to_line(trial);
  EXPECT_EQ(line.find_first_of(std::string("\n\r\0", 3)), std::string::npos);
  EXPECT_TRUE(parse_trial(line));
}

TEST(Record, LongDetailIsCut) {
  Trial trial = sample_trial(1);
  trial.detail.assign(100000, 'x');
  EXPECT_EQ(parse_trial(to_line(trial))->detail.size(), 500u);
}

struct Unsound {
  const char* what;
  void (*spoil)(Trial&);
};
const Unsound kUnsound[] = {
    {"no layer", [](Trial& trial) { trial.layer.clear(); }},
    {"layer with a space", [](Trial& trial) { trial.layer = "a b"; }},
    {"no target", [](Trial& trial) { trial.target.clear(); }},
    {"machine with a slash", [](Trial& trial) { trial.machine = "../x"; }},
    {"no threads", [](Trial& trial) { trial.threads = 0; }},
    {"misspelt point", [](Trial& trial) { trial.point = "pw_v"; }},
    {"misspelt incumbent", [](Trial& trial) { trial.incumbent = "=1"; }},
    {"NaN", [](Trial& trial) { trial.samples_us[1] = std::nan(""); }},
    {"infinity",
     [](Trial& trial) { trial.samples_us[1] = std::numeric_limits<double>::infinity(); }},
    {"negative time", [](Trial& trial) { trial.samples_us[1] = -1; }},
    {"ok without samples", [](Trial& trial) { trial.samples_us.clear(); }},
    {"samples of a crash", [](Trial& trial) { trial.outcome = TrialOutcome::crash; }},
    {"negative noise", [](Trial& trial) { trial.noise = -0.1; }},
    {"negative number", [](Trial& trial) { trial.number = -1; }},
    {"no version", [](Trial& trial) { trial.versions.halide.clear(); }},
    {"no time", [](Trial& trial) { trial.time.clear(); }},
};

TEST(Record, UnsoundTrialIsRefused) {
  for (const Unsound& one : kUnsound) {
    Trial trial = sample_trial(1);
    one.spoil(trial);
    EXPECT_FALSE(parse_trial(to_line(trial))) << one.what;
  }
}

TEST(Record, AnyChangedByteIsNoticed) {
  const std::string line = to_line(sample_trial(1));
  for (size_t i = 0; i < line.size(); ++i) {
    std::string changed = line;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(parse_trial(changed)) << i;
  }
}

TEST(Record, MachineIsAPlainWord) {
  for (const char* good : {"zen4", "skylake-x-2c", "a.b_c", "0"}) EXPECT_TRUE(valid_machine(good));
  for (const char* bad : {"", "-x", "Zen4", "a b", "a/b", "..", "a\n", "\xc3\xa9"}) {
    EXPECT_FALSE(valid_machine(bad)) << bad;
  }
  EXPECT_FALSE(valid_machine(std::string(65, 'a')));
}

TEST(Record, MedianOfEvenCountIsBetween) {
  EXPECT_EQ(median({4, 1, 3, 2}), 2.5);
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({}), 0);
}

}  // namespace
}  // namespace sepconv::db
