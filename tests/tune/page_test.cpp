// Tests: the page shows every trial, needs nothing from elsewhere, and ranks the knobs.
#include "tune/page.h"

#include <gtest/gtest.h>

#include "tests/tune/fixture.h"

namespace sepconv::tune {
namespace {

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(Page, ShowsEveryTrialAndLoadsNothing) {
  const Task task = toy_task();
  Search search(task, Strategy::random, 1);
  for (const Proposal& proposal : search.propose(20)) {
    const bool fails = search.history().size() == 3;
    search.tell(proposal, {fails ? db::TrialOutcome::crash : db::TrialOutcome::ok,
                           fails ? 0 : toy_time(proposal.point)});
  }
  const std::string html =
      page({{"<layer>", "target", 10, &search, task.domain.space, "p_a=1", Verdict{}}}, "a & b");
  EXPECT_EQ(count(html, "<circle"), 20U);
  EXPECT_EQ(count(html, "crash"), 1U);
  EXPECT_NE(html.find("&lt;layer&gt;"), std::string::npos);
  EXPECT_NE(html.find("a &amp; b"), std::string::npos);
  EXPECT_EQ(html.find("http"), std::string::npos);
  EXPECT_EQ(html.find("src="), std::string::npos);
}

TEST(Page, OfNoTrialsIsWhole) {
  const Task task = toy_task();
  const Search search(task, Strategy::random, 1);
  const std::string html = page({{"layer", "target", 10, &search, task.domain.space, "", {}}}, "");
  EXPECT_NE(html.find("</html>"), std::string::npos);
}

TEST(Influences, RanksTheKnobThatMattersFirst) {
  const Task task = toy_task();
  std::vector<Entry> history;
  Random random(1);
  for (int i = 0; i < 200; ++i) {
    const Point point = *random_point(task.domain, random);
    history.push_back({{point, "random"},
                       {db::TrialOutcome::ok, 1 + 0.1 * static_cast<double>(point.at("q_c"))}});
  }
  const auto ranked = influences(task.domain.space, history);
  ASSERT_EQ(ranked.size(), 4U);
  EXPECT_EQ(ranked.front().knob, "q_c");
  EXPECT_NEAR(ranked.front().spread, 2.2 / 1.1, 0.01);
  EXPECT_NEAR(ranked.front().values.front().median, 1.1, 1e-9);
}

}  // namespace
}  // namespace sepconv::tune
