// Tests of bench: a real browser opens the page. A script that only the test appends uses the page
// as a person would and writes down what it found.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "bench/page.h"
#include "bench/roofline.h"
#include "fixture.h"
#include "support/files.h"
#include "support/process.h"

namespace sepconv::bench {
namespace {

constexpr int kLayers = 30;

/// Names that are hard to lay out and to sort, two targets, three rivals, a failed row.
BenchReport full_report() {
  BenchReport report;
  report.machine = {"A <CPU>",
                    {{"x86-64-v3", 87.3}, {"x86-64-v4@sapphirerapids", 174.6}},
                    {293, 78.8, 28.1, 11.1},
                    "sapphirerapids",
                    {{49152, 2097152, 272629760}}};
  for (int i = 0; i < kLayers; ++i) {
    for (const bool wide : {false, true}) {
      BenchRow row = timed_row("layer" + std::to_string(i), i % 2 ? "pointwise" : "depthwise",
                               (wide ? 10 : 17) * (1 + i % 7), 0.3 + 0.02 * i);
      row.name = "dwpw_f32_n1h112w112c64_o128_k3s2p0x0x1x1_relu6_relu6_variant" + std::to_string(i);
      row.target = wide ? "x86-64-v4@sapphirerapids" : "x86-64-v3";
      row.flops = static_cast<int64_t>(1e3 * *row.gflops * *row.median_us);
      row.bytes = row.flops / (1 + i * i / 4);
      row.repeat = "sepconv bench " + row.name + " --target " + row.target;
      for (const char* name : {"onednn", "xnnpack", "onnxruntime"}) {
        PeerResult result = peer(name, 1 + 0.1 * i, true);
        result.impl = "brdgmm_dw:avx512_core+brgconv_1x1:avx512_core";
        result.median_us = *row.median_us * *result.ratio;
        row.peers.push_back(result);
      }
      report.rows.push_back(row);
    }
  }
  report.rows.push_back(failed_row("broken"));
  report.files = sums(report.rows);
  return report;
}

/// Sorts the layers by time twice, hides a kind of points, and looks for labels of the picture that
/// meet, and for a page that is wider than its window.
constexpr const char* kVisitor = R"(<script>
const found = {};
const table = [...document.querySelectorAll("table")].find(t => t.rows[0].cells[0].textContent === "layer");
const heading = name => [...table.rows[0].cells].find(cell => cell.textContent === name);
const column = index => [...table.tBodies[0].rows].map(row => row.cells[index].textContent);
found.rows = table.tBodies[0].rows.length;
heading("us").click();
found.ascending = column(heading("us").cellIndex);
heading("us").click();
found.descending = column(heading("us").cellIndex);
heading("layer").click();
found.layers = column(0);
found.ours = document.querySelectorAll("circle.ours, circle.ours2").length;
found.points = document.querySelectorAll("circle").length;
const box = document.querySelector(".keys input[value=xnnpack]");
box.click();
found.hidden = [...document.querySelectorAll("circle.xnnpack")].filter(c => getComputedStyle(c).display === "none").length;
const labels = [...document.querySelectorAll("svg text")].map(t => [t.textContent, t.getBoundingClientRect()]);
found.meeting = [];
labels.forEach(([a, p], i) => labels.slice(i + 1).forEach(([b, q]) => {
  if (p.left < q.right && q.left < p.right && p.top < q.bottom && q.top < p.bottom) found.meeting.push(a + " / " + b);
}));
found.bars = document.querySelectorAll(".bar").length;
found.overflow = document.documentElement.scrollWidth - window.innerWidth;
found.width = window.innerWidth;
const out = document.createElement("pre");
out.id = "found";
out.textContent = "FOUND" + JSON.stringify(found) + "DNUOF";
document.body.append(out);
</script>)";

class Browser : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    program_ = support::find_program({"chromium", "chromium-browser", "google-chrome"});
    if (program_.empty()) GTEST_SKIP() << "no chromium on PATH (scripts/test installs it)";
    auto folder = support::TempFolder::make();
    ASSERT_TRUE(folder);
    const auto path = folder->path() / "page.html";
    ASSERT_TRUE(support::write_file(path, page(full_report(), "sepconv bench") + kVisitor));
    support::Command command;
    command.argv = {program_.string(),
                    "--headless",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-dev-shm-usage",
                    "--hide-scrollbars",
                    "--enable-logging=stderr",
                    "--user-data-dir=" + (folder->path() / "profile").string(),
                    "--window-size=" + std::to_string(GetParam()) + ",900",
                    "--dump-dom",
                    "file://" + path.string()};
    command.limits.seconds = 300;  // of a machine with other work
    command.limits.output_bytes = 16 << 20;
    const support::Outcome outcome = support::run(command);
    ASSERT_TRUE(outcome.ok()) << support::describe(outcome, command.limits) << outcome.err;
    console_ = outcome.err;
    const size_t begin = outcome.out.find("FOUND{"), end = outcome.out.find("}DNUOF");
    ASSERT_NE(begin, std::string::npos) << "the script did not run to its end: " << outcome.err;
    found_ = nlohmann::json::parse(outcome.out.substr(begin + 5, end - begin - 4), nullptr, false);
    ASSERT_FALSE(found_.is_discarded());
  }

  std::filesystem::path program_;
  std::string console_;
  nlohmann::json found_;
};

std::vector<double> numbers(const nlohmann::json& texts) {
  std::vector<double> values;
  for (const auto& text : texts) {
    if (text != "-") values.push_back(std::stod(text.get<std::string>()));
  }
  return values;
}

TEST_P(Browser, ShowsSortsAndFitsThePage) {
  EXPECT_EQ(console_.find("CONSOLE"), std::string::npos) << console_;
  EXPECT_EQ(found_["rows"], 2 * kLayers + 1);
  EXPECT_EQ(found_["ours"], 2 * kLayers);
  EXPECT_EQ(found_["points"], 4 * 2 * kLayers);
  EXPECT_EQ(found_["bars"], 4 * 2 * kLayers);
  EXPECT_EQ(found_["hidden"], 2 * kLayers);
  const auto up = numbers(found_["ascending"]), down = numbers(found_["descending"]);
  ASSERT_EQ(up.size(), 2u * kLayers);
  EXPECT_TRUE(std::is_sorted(up.begin(), up.end()));
  EXPECT_TRUE(std::is_sorted(down.rbegin(), down.rend()));
  EXPECT_LT(up.front(), up.back());
  EXPECT_EQ(found_["layers"][1], "layer0");  // after "broken"; numbers in words count as numbers
  EXPECT_EQ(found_["layers"][5], "layer2");
  EXPECT_EQ(found_["meeting"].dump(), "[]") << "labels of the picture meet";
  EXPECT_LE(found_["overflow"], 0) << "the page is wider than " << found_["width"];
}

INSTANTIATE_TEST_SUITE_P(Widths, Browser, testing::Values(1200, 500));

}  // namespace
}  // namespace sepconv::bench
