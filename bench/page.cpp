// Bench: a report as one self-contained HTML page. Knows no clock and no file.
#include "bench/page.h"

#include <fmt/core.h>

#include <algorithm>

#include "bench/page_style.h"
#include "bench/page_table.h"
#include "bench/roofline_plot.h"
#include "bench/target_gaps.h"

namespace sepconv::bench {
namespace {

using Column = PageColumn;

std::string number(const std::optional<double>& value, int digits) {
  return value ? fmt::format("{:.{}f}", *value, digits) : "-";
}

std::string percent(const std::optional<double>& value) {
  return value ? fmt::format("{:.1f}", 100 * *value) : "-";
}

std::string file_word(const std::string& file) { return file.empty() ? "names" : file; }

bool several_targets(const BenchReport& report) {
  return std::any_of(report.rows.begin(), report.rows.end(),
                     [&](const BenchRow& row) { return row.target != report.rows.front().target; });
}

bool any_peers(const BenchReport& report) {
  return std::any_of(report.rows.begin(), report.rows.end(),
                     [](const BenchRow& row) { return !row.peers.empty(); });
}

std::string fact(const std::string& name, const std::string& value) {
  return fmt::format("<dt>{}</dt><dd>{}</dd>\n", escaped(name), escaped(value));
}

std::string machine_html(const BenchReport& report, const std::string& command) {
  const Machine& machine = report.machine;
  std::string text = "<dl>\n" + fact("CPU", machine.cpu) + fact("core", machine.core) +
                     fact("threads", std::to_string(report.threads));
  for (const auto& [target, peak] : machine.peak_gflops) {
    text += fact("peak", fmt::format("{:.1f} GFLOP/s in code for {}", peak, target));
  }
  for (size_t level = 0; level < measure::kLevels; ++level) {
    std::string value = fmt::format("{:.1f} GB/s, half reads, half writes", machine.gbs[level]);
    if (level < 3 && machine.sizes.bytes[level] > 0) {
      value += fmt::format(", {} KiB", machine.sizes.bytes[level] / 1024);
    }
    text += fact(measure::word(static_cast<measure::Level>(level)), value);
  }
  if (!machine.emulator.empty()) {
    text += fact("emulator", machine.emulator + ": these times say nothing of the targets");
  }
  return text + "<dt>command</dt><dd><code>" + escaped(command) + "</code></dd>\n</dl>\n";
}

std::string sums_html(const BenchReport& report) {
  std::vector<Column> columns{
      {"file", Column::word},
      {"op", Column::word},
      {"target", Column::word},
      {"us", Column::number, "medians, as often as the network has the layer"},
      {"cold us", Column::number, "as inside a network"},
      {"% weighted", Column::number, "share of the roofline, weighted by time"},
      {"% geomean", Column::number, "share of the roofline, geometric mean"}};
  const bool ratios = any_peers(report), several = report.threads > 1;
  if (ratios) {
    columns.push_back({"ratio", Column::number, "the best rival's time over ours, weighted"});
    columns.push_back({"geomean", Column::number, "the same, geometric mean"});
    columns.push_back({"cold ratio", Column::number, "as inside a network, weighted"});
    columns.push_back({"cold geomean", Column::number, "the same, geometric mean"});
  }
  if (several) {
    columns.push_back({"speedup", Column::number, "time on one thread over time on all"});
    columns.push_back({"least", Column::number, "of the layer that gains least"});
  }
  PageTable table(columns);
  for (const FileSum& sum : report.files) {
    std::vector<std::string> cells{file_word(sum.name),
                                   sum.op,
                                   sum.target,
                                   number(sum.sum_us, 1),
                                   number(sum.sum_cold_us, 1),
                                   percent(sum.weighted_of_roofline),
                                   percent(sum.geomean_of_roofline)};
    if (ratios) {
      for (const auto& ratio : {sum.weighted_ratio, sum.geomean_ratio, sum.weighted_cold_ratio,
                                sum.geomean_cold_ratio}) {
        cells.push_back(number(ratio, 2));
      }
    }
    if (several) {
      cells.push_back(number(sum.speedup, 2));
      cells.push_back(number(sum.least_speedup, 2));
    }
    table.add(cells);
  }
  return "<h2>Sums</h2>\n" + table.html();
}

std::string gaps_html(const BenchReport& report) {
  const std::vector<TargetGap> gaps = target_gaps(report);
  if (gaps.empty()) return "";
  PageTable table({{"file", Column::word},
                   {"op", Column::word},
                   {"target", Column::word},
                   {"layers"},
                   {"%", Column::number, "of the target's own roofline, weighted by time"},
                   {"base %"},
                   {"points lost"},
                   {"most", Column::number, "points of the layer that loses most"},
                   {"by layer", Column::word},
                   {"time", Column::number, "over the base's"}});
  for (const TargetGap& gap : gaps) {
    table.add({file_word(gap.file), gap.op, gap.target, std::to_string(gap.layers),
               percent(gap.of_roofline), percent(gap.base_of_roofline), number(gap.points(), 1),
               number(gap.most_points, 1), gap.most_layer, number(gap.time_ratio, 2)});
  }
  return "<h2>Beside " + escaped(gaps.front().base) + "</h2>\n" + table.html();
}

std::string keys_html(const BenchReport& report) {
  std::string text = "<div class=\"keys\">";
  for (const PlotKey& key : plot_keys(report)) {
    text += fmt::format(
        "<label><input type=\"checkbox\" value=\"{0}\" checked><i class=\"{0}\"></i>{1}</label>",
        key.kind, escaped(key.words));
  }
  return text + "</div>\n";
}

std::string bar(const std::string& kind, const std::string& words, double us, double bound,
                double longest) {
  std::string mark;
  if (bound > 0) {
    mark = fmt::format("<span class=\"bound\" style=\"left:{:.1f}%\"></span>",
                       100 * std::min(bound / longest, 1.0));
  }
  return fmt::format(
      "<div><span class=\"track\"><span class=\"bar {}\" style=\"width:{:.1f}%\"></span>{}</span>"
      "<span class=\"value\">{}</span></div>\n",
      kind, 100 * us / longest, mark, escaped(words));
}

std::string bars_of(const BenchRow& row, const std::string& kind) {
  double longest = *row.median_us;
  for (const PeerResult& peer : row.peers) longest = std::max(longest, peer.median_us);
  const double bound = *row.median_us * row.of_roofline.value_or(0);
  std::string text =
      bar(kind, fmt::format("{:.1f} us sepconv", *row.median_us), *row.median_us, bound, longest);
  for (const PeerResult& peer : row.peers) {
    text += bar(peer.name,
                fmt::format("{:.1f} us {} {}x{}", peer.median_us, peer.name, number(peer.ratio, 2),
                            peer.agrees ? "" : " differs!"),
                peer.median_us, bound, longest);
  }
  return text;
}

std::string bars_html(const BenchReport& report) {
  std::string text =
      "<h2>Times</h2>\n<p class=\"note\">Medians in a hot cache; the upright mark is the time that "
      "the roofline allows.</p>\n";
  const bool targets = several_targets(report);
  for (const BenchRow& row : report.rows) {
    if (row.status != Status::ok) continue;
    const std::string below = row.op + (targets ? " on " + row.target : "");
    text += fmt::format("<div class=\"layer\"><div><b>{}</b><small>{}</small></div>",
                        escaped(row.layer), escaped(below)) +
            "<div class=\"bars\">\n" + bars_of(row, ours_kind(report, row)) + "</div></div>\n";
  }
  return text;
}

std::string rows_html(const BenchReport& report) {
  std::vector<Column> columns{{"layer", Column::word},
                              {"op", Column::word},
                              {"target", Column::word},
                              {"count"},
                              {"us", Column::number, "median in a hot cache"},
                              {"min us"},
                              {"P99 us"},
                              {"cold us", Column::number, "median, as inside a network"},
                              {"GFLOP/s"},
                              {"roofline", Column::number, "GFLOP/s that it allows"},
                              {"%", Column::number, "of the roofline"},
                              {"level", Column::word, "the smallest that holds the layer's bytes"}};
  const bool several = report.threads > 1;
  if (several) {
    columns.push_back({"1 thread us"});
    columns.push_back({"speedup"});
    columns.push_back({"roofline's", Column::number, "how many times higher the roofline is"});
  }
  columns.push_back({"schedule", Column::word});
  columns.push_back({"code bytes"});
  columns.push_back({"status", Column::long_word});
  PageTable table(columns);
  for (const BenchRow& row : report.rows) {
    std::vector<std::string> cells{row.layer,
                                   row.op,
                                   row.target,
                                   std::to_string(row.count),
                                   number(row.median_us, 1),
                                   number(row.min_us, 1),
                                   number(row.p99_us, 1),
                                   number(row.cold_median_us, 1),
                                   number(row.gflops, 1),
                                   number(row.roofline_gflops, 1),
                                   percent(row.of_roofline),
                                   row.level};
    if (several) {
      cells.push_back(number(row.one_thread_median_us, 1));
      cells.push_back(number(row.speedup, 2));
      cells.push_back(number(row.roofline_speedup, 2));
    }
    cells.push_back(row.schedule);
    cells.push_back(row.code_bytes ? std::to_string(*row.code_bytes) : "-");
    cells.push_back(word(row.status) + (row.reason.empty() ? "" : ": " + row.reason));
    table.add(cells, row.status != Status::ok);
  }
  return "<h2>Layers</h2>\n" + table.html();
}

std::string peers_html(const BenchReport& report) {
  PageTable table({{"layer", Column::word},
                   {"target", Column::word},
                   {"rival", Column::word},
                   {"us"},
                   {"times ours", Column::number, "its median over ours"},
                   {"cold us"},
                   {"cold, times ours"},
                   {"results", Column::word},
                   {"implementation", Column::long_word}});
  for (const BenchRow& row : report.rows) {
    for (const PeerResult& peer : row.peers) {
      table.add({row.layer, row.target, peer.name, number(peer.median_us, 1), number(peer.ratio, 2),
                 number(peer.cold_median_us, 1), number(peer.cold_ratio, 2),
                 peer.agrees ? "agree" : "differ", peer.impl},
                !peer.agrees);
    }
  }
  return table.empty() ? "" : "<h2>Rivals</h2>\n" + table.html();
}

std::string commands_html(const BenchReport& report) {
  PageTable table({{"layer", Column::word}, {"target", Column::word}, {"command", Column::word}});
  for (const BenchRow& row : report.rows) table.add({row.layer, row.target, row.repeat});
  return "<h2>To measure a row again</h2>\n" + table.html();
}

}  // namespace

std::string page(const BenchReport& report, const std::string& command) {
  return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<title>sepconv bench</title>\n<style>" +
         std::string(kPageStyle) + "</style></head><body>\n<h1>sepconv bench</h1>\n" +
         machine_html(report, command) + sums_html(report) + gaps_html(report) +
         "<h2>Roofline</h2>\n" + keys_html(report) + "<div class=\"wide\">" +
         roofline_plot(report) + "</div>\n" + rows_html(report) + bars_html(report) +
         peers_html(report) + commands_html(report) + "<script>" + kPageScript +
         "</script>\n</body></html>\n";
}

}  // namespace sepconv::bench
