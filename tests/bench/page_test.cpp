// Tests of bench: the page is well-formed, complete, and loads nothing.
#include "bench/page.h"

#include <vector>

#include "bench/roofline.h"
#include "bench/roofline_plot.h"
#include "fixture.h"

namespace sepconv::bench {
namespace {

BenchReport report() {
  BenchReport report;
  report.machine = {"A <CPU>", {{"x86-64-v3", 118.46}}, {236, 117.6, 89, 26}, "zen4", {}};
  BenchRow row = timed_row("first", "pointwise", 20, 0.9);
  row.flops = 4000;
  row.bytes = 1000;
  row.repeat = "sepconv bench first";
  row.peers = {peer("onednn", 1.25, true), peer("xnnpack", 0.5, false)};
  report.rows = {row, failed_row("second")};
  report.files = sums(report.rows);
  return report;
}

/// The tags that are open at the end or closed out of turn; empty for a well-formed page.
std::string unbalanced(const std::string& html) {
  std::vector<std::string> open;
  for (size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
    const size_t end = html.find('>', at);
    const std::string tag = html.substr(at + 1, end - at - 1);
    if (tag[0] == '!' || tag.back() == '/') continue;
    const std::string name = tag.substr(0, tag.find_first_of(" \n"));
    if (name == "meta" || name == "input") continue;
    if (name[0] != '/') {
      open.push_back(name);
      if (name == "script") at = html.find("</script>", end) - 1;
      continue;
    }
    if (open.empty() || open.back() != name.substr(1)) return name;
    open.pop_back();
  }
  return open.empty() ? "" : open.back();
}

size_t count(const std::string& text, const std::string& part) {
  size_t times = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++times;
  return times;
}

TEST(Page, ClosesEveryTag) { EXPECT_EQ(unbalanced(page(report(), "sepconv bench")), ""); }

TEST(Page, LoadsNothing) {
  const std::string html = page(report(), "sepconv bench");
  for (const char* loader : {"http:", "https:", "src=", "href=", "@import", "url("}) {
    EXPECT_EQ(html.find(loader), std::string::npos) << loader;
  }
}

TEST(Page, EscapesWhatItQuotes) {
  const std::string html = page(report(), "sepconv bench --layers 'a<b>&\"c\".json'");
  EXPECT_NE(html.find("A &lt;CPU&gt;"), std::string::npos);
  EXPECT_NE(html.find("a&lt;b&gt;&amp;&quot;c&quot;.json"), std::string::npos);
}

TEST(Page, ShowsRowsRivalsAndCommands) {
  const std::string html = page(report(), "sepconv bench");
  for (const char* text : {"killed by signal 11", "onednn", "differ", "sepconv bench first",
                           "sepconv bench pw_f32_n1h4w6c8_o17_relu --target x86-64-v3"}) {
    EXPECT_NE(html.find(text), std::string::npos) << text;
  }
}

TEST(Plot, HasAPointPerTimedRowAndRival) {
  const std::string svg = roofline_plot(report());
  EXPECT_EQ(count(svg, "<circle class=\"ours\""), 1u);
  EXPECT_EQ(count(svg, "<circle"), 3u);
  EXPECT_EQ(count(svg, "class=\"ceiling\""), 5u);  // the peak and four levels
}

TEST(Plot, StandsWithoutRows) {
  BenchReport empty;
  EXPECT_EQ(unbalanced(roofline_plot(empty)), "");
  EXPECT_EQ(roofline_plot(empty).find("nan"), std::string::npos);
}

}  // namespace
}  // namespace sepconv::bench
