// Tests of bench: a report against an earlier one.
#include "bench/compare.h"

#include "bench/json.h"
#include "fixture.h"
#include "support/files.h"

namespace sepconv::bench {
namespace {

BenchReport report_of(BenchRow row) {
  BenchReport report;
  report.rows = {std::move(row)};
  return report;
}

/// A row whose samples lie close together, so that the least limit holds.
BenchRow steady_row(double median_us, double of_roofline) {
  BenchRow row = timed_row("a", "pointwise", median_us, of_roofline);
  row.min_us = median_us * 0.99;
  return row;
}

std::vector<Comparison> compared(const BenchRow& before, const BenchRow& now) {
  const nlohmann::json base = to_json(report_of(before), false);
  auto rows = compare(report_of(now), base, "base.json");
  EXPECT_TRUE(rows);
  return rows ? *rows : std::vector<Comparison>{};
}

TEST(Compare, FindsASlowerRow) {
  const auto rows = compared(steady_row(10, 0.8), steady_row(12.5, 0.64));
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_DOUBLE_EQ(rows[0].slower, 1.25);
  EXPECT_TRUE(rows[0].regressed());
}

TEST(Compare, ASlowerMachineIsNoRegression) {
  EXPECT_FALSE(compared(steady_row(10, 0.8), steady_row(20, 0.79))[0].regressed());
}

TEST(Compare, ASpreadAsLargeAsTheChangeExcusesIt) {
  BenchRow noisy = steady_row(12.5, 0.64);
  noisy.min_us = 10;
  EXPECT_FALSE(compared(steady_row(10, 0.8), noisy)[0].regressed());
}

TEST(Compare, TakesTimesWhereThereIsNoRoofline) {
  BenchRow before = steady_row(10, 0.8), now = steady_row(13, 0.8);
  before.of_roofline.reset();
  now.of_roofline.reset();
  EXPECT_DOUBLE_EQ(compared(before, now)[0].slower, 1.3);
}

TEST(Compare, LeavesOutRowsThatOnlyOneReportTimed) {
  EXPECT_TRUE(compared(failed_row("a"), steady_row(10, 0.8)).empty());
  EXPECT_TRUE(compared(steady_row(10, 0.8), failed_row("a")).empty());
}

TEST(Compare, RefusesAnotherNumberOfThreads) {
  BenchReport now = report_of(steady_row(10, 0.8));
  now.threads = 2;
  const auto rows = compare(now, to_json(report_of(steady_row(10, 0.8)), false), "base.json");
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error()[0].kind, ErrorKind::input);
  EXPECT_EQ(rows.error()[0].file, "base.json");
}

class BadBase : public testing::TestWithParam<const char*> {};

TEST_P(BadBase, IsAnInputErrorWithTheFile) {
  const auto folder = support::TempFolder::make();
  ASSERT_TRUE(folder);
  const auto path = folder->path() / "base.json";
  ASSERT_TRUE(support::write_file(path, GetParam()));
  const auto base = read_base(path.string());
  ASSERT_FALSE(base);
  EXPECT_EQ(base.error()[0].kind, ErrorKind::input);
  EXPECT_EQ(base.error()[0].file, path.string());
}

INSTANTIATE_TEST_SUITE_P(Texts, BadBase,
                         testing::Values("", "{", "7", "[]", "{}", R"({"threads": 1})",
                                         R"({"threads": "1", "results": []})",
                                         R"({"threads": 1, "results": [7]})",
                                         R"({"threads": 1, "results": [{"name": 7}]})"));

TEST(Compare, AMissingBaseIsAnInputError) {
  const auto base = read_base("no/such/file.json");
  ASSERT_FALSE(base);
  EXPECT_EQ(base.error()[0].kind, ErrorKind::input);
}

}  // namespace
}  // namespace sepconv::bench
