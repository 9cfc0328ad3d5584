// Tests of the tuner's files: joining and comparing databases.
#include <algorithm>

#include "fixture.h"

namespace sepconv::db {
namespace {

Database of(std::vector<Record> records) { return {std::move(records), {}}; }

/// A record with another point, changed.
Record other(const std::function<void(Record&)>& change) {
  Record record = sample_record();
  record.point["pw_x"] = 3;
  change(record);
  return record;
}

struct Rule {
  const char* reason;
  std::function<void(Record&)> better;
};

std::vector<Rule> rules() {
  return {
      {"a later schedule space", [](Record& record) { record.space = 2, record.us = 99; }},
      {"a later compiler", [](Record& record) { record.halide = "100.0.0", record.us = 99; }},
      {"fewer threads", [](Record& record) { record.us = 99; }},
      {"a shorter time", [](Record& record) { record.us = 40, record.threads = 2; }},
      {"more trials", [](Record& record) { record.trials = 121, record.threads = 2; }},
  };
}

TEST(Merge, EachRuleDecidesWhicheverComesFirst) {
  Record worse = sample_record();
  worse.threads = 2;
  for (const Rule& rule : rules()) {
    const Record better = other(rule.better);
    for (const auto& inputs :
         {std::vector{of({worse}), of({better})}, std::vector{of({better}), of({worse})}}) {
      const Merged merged = merge(inputs);
      ASSERT_EQ(merged.database.records.size(), 1u);
      EXPECT_EQ(merged.database.records[0], better) << rule.reason;
      ASSERT_EQ(merged.conflicts.size(), 1u);
      EXPECT_EQ(merged.conflicts[0].dropped, worse);
      EXPECT_EQ(merged.conflicts[0].reason, rule.reason);
    }
  }
}

TEST(Merge, MeasuredStaysBeforePredicted) {
  const Record guess = other([](Record& record) { record.predicted = true, record.us = 1; });
  const Merged merged = merge({of({guess}), of({sample_record()})});
  EXPECT_EQ(merged.database.records[0], sample_record());
}

TEST(Merge, OrderAndGroupingDoNotMatter) {
  std::vector<Database> inputs;
  for (int i = 0; i < 4; ++i) {
    Record record = other([&](Record& one) { one.us = 50 - i % 2, one.trials = 7 + i; });
    Record alone = sample_record(kLayer, "m" + std::to_string(i));
    inputs.push_back(of({alone, record}));
  }
  const std::string expected = to_text(merge(inputs).database);
  std::vector<size_t> order{0, 1, 2, 3};
  do {
    const Database pair = merge({inputs[order[0]], inputs[order[1]]}).database;
    EXPECT_EQ(to_text(merge({inputs[order[3]], pair, inputs[order[2]]}).database), expected);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(Merge, WithItselfIsNoConflict) {
  const Merged merged = merge({of({sample_record()}), of({sample_record()})});
  EXPECT_EQ(merged.database.records.size(), 1u);
  EXPECT_TRUE(merged.conflicts.empty());
}

TEST(Merge, OtherFiguresOfOnePointAreNoConflict) {
  Record again = sample_record();
  again.us = 46;
  EXPECT_TRUE(merge({of({sample_record()}), of({again})}).conflicts.empty());
}

TEST(Merge, CommentsAreJoinedOnce) {
  const Merged merged = merge({{{}, {"# a", "# b"}}, {{}, {"# b", "# c"}}});
  EXPECT_EQ(merged.database.comments, (std::vector<std::string>{"# a", "# b", "# c"}));
}

TEST(Diff, SaysWhatWasAddedRemovedAndChanged) {
  const Record gone = sample_record(kLayer, "a"), same = sample_record(kLayer, "b");
  const Record before = sample_record(kLayer, "c"), fresh = sample_record(kLayer, "d");
  Record after = before;
  after.us = 1;
  const Difference difference = diff(of({gone, same, before}), of({same, after, fresh}));
  EXPECT_EQ(difference.removed, std::vector{gone});
  EXPECT_EQ(difference.added, std::vector{fresh});
  ASSERT_EQ(difference.changed.size(), 1u);
  EXPECT_EQ(difference.changed[0].before, before);
  EXPECT_EQ(difference.changed[0].after, after);
}

}  // namespace
}  // namespace sepconv::db
