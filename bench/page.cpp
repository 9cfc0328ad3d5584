// Bench: a report as one self-contained HTML page. Knows no clock and no file.
#include "bench/page.h"

#include <fmt/core.h>

#include <algorithm>

#include "bench/roofline_plot.h"

namespace sepconv::bench {
namespace {

constexpr const char* kStyle = R"(
body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 1100px; padding: 0 1em; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25em .7em; text-align: right; border-bottom: 1px solid #8884; }
th { cursor: pointer; white-space: nowrap; } th.word, td.word { text-align: left; }
code { font-size: 85%; } .bad { color: #c22; }
svg text { font-size: 12px; fill: currentColor; } svg .grid { stroke: #8884; }
svg .ceiling { stroke: currentColor; stroke-width: 1.5; }
.ours { fill: #1769c2; background: #1769c2; } .onednn { fill: #d98a00; background: #d98a00; }
.xnnpack { fill: #2a9d5c; background: #2a9d5c; } .onnxruntime { fill: #a04bb5; background: #a04bb5; }
.bars { display: grid; grid-template-columns: max-content max-content 1fr; gap: 2px 1em; }
.bars > b { grid-column: 1; } .bars > span { grid-column: 2; } .bars > div { grid-column: 3; }
.bar { display: inline-block; height: .8em; }
@media (prefers-color-scheme: dark) { body { background: #16181c; color: #e4e4e4; } }
)";

constexpr const char* kScript = R"(
for (const heading of document.querySelectorAll("th")) heading.addEventListener("click", () => {
  const body = heading.closest("table").tBodies[0], column = heading.cellIndex;
  const down = heading.dataset.order = heading.dataset.order === "up" ? "down" : "up";
  const value = row => { const text = row.cells[column].textContent, number = parseFloat(text);
    return isNaN(number) ? text : number; };
  [...body.rows].sort((a, b) => { const x = value(a), y = value(b);
    const order = typeof x === typeof y ? (x < y ? -1 : x > y ? 1 : 0) : typeof x === "number" ? -1 : 1;
    return down === "up" ? order : -order; }).forEach(row => body.append(row));
});
)";

std::string number(const std::optional<double>& value, int digits) {
  return value ? fmt::format("{:.{}f}", *value, digits) : "-";
}

std::string percent(const std::optional<double>& value) {
  return value ? fmt::format("{:.1f}", 100 * *value) : "-";
}

/// A table of escaped cells; the first `words` columns are text.
class Table {
 public:
  Table(const std::vector<std::string>& heading, size_t words) : words_(words) {
    html_ = "<table><thead>" + line(heading, "th", "") + "</thead><tbody>\n";
  }
  void add(const std::vector<std::string>& cells, const char* kind = "") {
    html_ += line(cells, "td", kind);
  }
  [[nodiscard]] std::string html() const { return html_ + "</tbody></table>\n"; }

 private:
  size_t words_;
  std::string html_;

  [[nodiscard]] std::string line(const std::vector<std::string>& cells, const char* tag,
                                 const char* kind) const {
    std::string text = fmt::format("<tr class=\"{}\">", kind);
    for (size_t i = 0; i < cells.size(); ++i) {
      text += fmt::format("<{0}{1}>{2}</{0}>", tag, i < words_ ? " class=\"word\"" : "",
                          escaped(cells[i]));
    }
    return text + "</tr>\n";
  }
};

std::string machine_html(const BenchReport& report) {
  const auto& gbs = report.machine.gbs;
  std::string text = fmt::format(
      "<p>{}, {} thread{}. Bandwidths, half reads and half writes: L1d {:.0f}, L2 "
      "{:.0f}, L3 {:.0f}, DRAM {:.0f} GB/s.",
      escaped(report.machine.cpu), report.threads, report.threads == 1 ? "" : "s", gbs[0], gbs[1],
      gbs[2], gbs[3]);
  for (const auto& [target, peak] : report.machine.peak_gflops) {
    text += fmt::format(" Peak of {}: {:.1f} GFLOP/s.", escaped(target), peak);
  }
  if (!report.machine.emulator.empty()) {
    text += fmt::format(" <b>Timed in {}: these times say nothing of the targets.</b>",
                        escaped(report.machine.emulator));
  }
  return text + "</p>\n";
}

std::string bar(const std::string& kind, double us, double longest) {
  return fmt::format(
      "<span>{0}</span><div><span class=\"bar {0}\" style=\"width:{1:.1f}%\"></span> {2:.1f} us"
      "</div>\n",
      escaped(kind), 80 * us / longest, us);
}

std::string bars_html(const BenchReport& report) {
  std::string text = "<div class=\"bars\">\n";
  for (const BenchRow& row : report.rows) {
    if (row.status != Status::ok) continue;
    double longest = *row.median_us;
    for (const PeerResult& peer : row.peers) longest = std::max(longest, peer.median_us);
    text += fmt::format("<b>{}</b>", escaped(row.layer)) + bar("ours", *row.median_us, longest);
    for (const PeerResult& peer : row.peers) text += bar(peer.name, peer.median_us, longest);
  }
  return text + "</div>\n";
}

std::string rows_html(const BenchReport& report) {
  Table table({"layer", "op", "target", "schedule", "status", "count", "median us", "min us",
               "P99 us", "cold us", "GFLOP/s", "roofline", "% of it", "level", "code bytes"},
              5);
  for (const BenchRow& row : report.rows) {
    table.add(
        {row.layer, row.op, row.target, row.schedule,
         row.reason.empty() ? word(row.status) : std::string(word(row.status)) + ": " + row.reason,
         std::to_string(row.count), number(row.median_us, 1), number(row.min_us, 1),
         number(row.p99_us, 1), number(row.cold_median_us, 1), number(row.gflops, 1),
         number(row.roofline_gflops, 1), percent(row.of_roofline), row.level,
         row.code_bytes ? std::to_string(*row.code_bytes) : "-"},
        row.status == Status::ok ? "" : "bad");
  }
  return table.html();
}

std::string peers_html(const BenchReport& report) {
  Table table({"layer", "rival", "implementation", "results", "median us", "min us", "times ours"},
              4);
  bool any = false;
  for (const BenchRow& row : report.rows) {
    for (const PeerResult& peer : row.peers) {
      any = true;
      table.add({row.layer, peer.name, peer.impl, peer.agrees ? "agree" : "differ",
                 number(peer.median_us, 1), number(peer.min_us, 1), number(peer.ratio, 2)},
                peer.agrees ? "" : "bad");
    }
  }
  return any ? "<h2>Rivals</h2>\n" + table.html() : "";
}

std::string sums_html(const BenchReport& report) {
  Table table({"file", "op", "target", "us", "% weighted", "% geomean", "times ours, weighted",
               "times ours, geomean"},
              3);
  for (const FileSum& sum : report.files) {
    table.add({sum.name.empty() ? "names" : sum.name, sum.op, sum.target, number(sum.sum_us, 1),
               percent(sum.weighted_of_roofline), percent(sum.geomean_of_roofline),
               number(sum.weighted_ratio, 2), number(sum.geomean_ratio, 2)});
  }
  return table.html();
}

std::string commands_html(const BenchReport& report) {
  Table table({"layer", "target", "command"}, 3);
  for (const BenchRow& row : report.rows) table.add({row.layer, row.target, row.repeat});
  return table.html();
}

}  // namespace

std::string page(const BenchReport& report, const std::string& command) {
  return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width\">\n<title>sepconv bench</title>\n"
         "<style>" +
         std::string(kStyle) + "</style></head><body>\n<h1>sepconv bench</h1>\n" +
         machine_html(report) + "<p><code>" + escaped(command) +
         "</code></p>\n<h2>Roofline</h2>\n" + roofline_plot(report) + "<h2>Layers</h2>\n" +
         rows_html(report) + "<h2>Times</h2>\n" + bars_html(report) + peers_html(report) +
         "<h2>Sums</h2>\n" + sums_html(report) + "<h2>To measure a row again</h2>\n" +
         commands_html(report) + "<script>" + kScript + "</script>\n</body></html>\n";
}

}  // namespace sepconv::bench
