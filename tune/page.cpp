// Tune: what a session found as one self-contained HTML page. Knows no file.
#include "tune/page.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace sepconv::tune {
namespace {

constexpr double kWidth = 640, kHeight = 220, kLeft = 46, kBottom = 24;

constexpr const char* kHead =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>sepconv tune</title><style>"
    ":root{color-scheme:light dark;--line:#8884;--dot:#888;--best:#0a7;--bad:#c33}"
    "body{font:14px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
    "code{font-size:12px;word-break:break-all}table{border-collapse:collapse}"
    "td,th{padding:2px 10px;text-align:right;border-bottom:1px solid var(--line)}"
    "td:first-child,th:first-child{text-align:left}svg{width:100%;height:auto}"
    "text{font-size:10px;fill:currentColor}.bar{display:inline-block;height:9px;"
    "background:var(--best)}</style>";

bool ok(const Entry& entry) { return entry.result.outcome == db::TrialOutcome::ok; }

std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

/// Where trials and relative times lie in a picture.
struct Scale {
  double trials = 1, low = 1, high = 1;

  [[nodiscard]] double x(double trial) const {
    return kLeft + (kWidth - kLeft - 8) * trial / std::max(1.0, trials - 1);
  }
  [[nodiscard]] double y(double relative) const {
    const double share = std::log(std::clamp(relative, low, high) / low) / std::log(high / low);
    return 8 + (kHeight - kBottom - 8) * (1 - share);
  }
};

Scale scale_of(const std::vector<Entry>& history) {
  Scale scale{static_cast<double>(history.size()), 0.95, 1.1};
  for (const Entry& entry : history) {
    if (!ok(entry)) continue;
    scale.low = std::min(scale.low, entry.result.relative * 0.97);
    scale.high = std::max(scale.high, std::min(2.5, entry.result.relative * 1.03));
  }
  return scale;
}

std::string grid(const Scale& scale) {
  std::string svg;
  for (const double tick : {0.25, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.25, 1.5, 2.0}) {
    if (tick < scale.low || tick > scale.high) continue;
    svg += fmt::format(
        "<path d=\"M{:.1f} {:.1f}H{}\" stroke=\"var(--line)\"/><text x=\"4\" "
        "y=\"{:.1f}\">{}x</text>",
        kLeft, scale.y(tick), kWidth, scale.y(tick) + 3, tick);
  }
  return svg + fmt::format(
                   "<text x=\"{}\" y=\"{}\">trial 1</text><text x=\"{}\" y=\"{}\" "
                   "text-anchor=\"end\">{}</text>",
                   kLeft, kHeight - 6, kWidth - 8, kHeight - 6, scale.trials);
}

/// Every trial as a dot with its point as a tooltip, failures as red dots at the top.
std::string dots(const std::vector<Entry>& history, const Scale& scale) {
  std::string svg;
  for (size_t i = 0; i < history.size(); ++i) {
    const Entry& entry = history[i];
    const double y = ok(entry) ? scale.y(entry.result.relative) : 5;
    const std::string value =
        ok(entry) ? fmt::format("{:.3f}", entry.result.relative) : db::word(entry.result.outcome);
    svg += fmt::format(
        "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.2\" fill=\"var({})\"><title>{} {} ({}): "
        "{}</title></circle>",
        scale.x(static_cast<double>(i)), y, ok(entry) ? "--dot" : "--bad", i + 1, value,
        escaped(entry.proposal.origin), escaped(schedules::to_string(entry.proposal.point)));
  }
  return svg;
}

std::string curve(const std::vector<Entry>& history, const Scale& scale) {
  std::string path;
  double best = 0;
  for (size_t i = 0; i < history.size(); ++i) {
    if (!ok(history[i]) || (best > 0 && history[i].result.relative >= best)) continue;
    best = history[i].result.relative;
    const double x = scale.x(static_cast<double>(i));
    path += path.empty() ? fmt::format("M{:.1f} {:.1f}", x, scale.y(best))
                         : fmt::format("H{:.1f}V{:.1f}", x, scale.y(best));
  }
  if (path.empty()) return {};
  return fmt::format("<path d=\"{}H{}\" fill=\"none\" stroke=\"var(--best)\" stroke-width=\"2\"/>",
                     path, kWidth - 8);
}

std::string influence_table(const PageRow& row) {
  std::string html =
      "<details><summary>Influence of the knobs</summary><table><tr><th>knob<th>spread of "
      "medians<th>value: median, best (trials)</tr>";
  for (const Influence& influence : influences(row.space, row.search->history())) {
    std::string values;
    for (const auto& value : influence.values) {
      values += fmt::format("{}: {:.3f}, {:.3f} ({})<br>", value.value, value.median, value.best,
                            value.trials);
    }
    html += fmt::format(
        "<tr><td>{}<td>{:.2f} <span class=\"bar\" style=\"width:{:.0f}px\"></span><td>{}</tr>",
        escaped(influence.knob), influence.spread,
        std::min(160.0, 160 * std::log(influence.spread)), values);
  }
  return html + "</table></details>";
}

std::string section(const PageRow& row) {
  const auto& history = row.search->history();
  const Scale scale = scale_of(history);
  std::string html =
      fmt::format("<h2>{}</h2><p>{}, {} trials, heuristic {:.1f} us", escaped(row.layer),
                  escaped(row.target), history.size(), row.heuristic_us);
  if (row.verdict) {
    html += fmt::format("; winner {:.3f} of the incumbent [{:.3f}, {:.3f}], noise {:.3f}: {}",
                        row.verdict->ratio, row.verdict->low, row.verdict->high, row.verdict->noise,
                        row.verdict->accepted ? "accepted" : "not accepted");
  }
  html += fmt::format("</p><p><code>{}</code></p>", escaped(row.chosen));
  html +=
      fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"best so far\">{}{}{}</svg>",
                  kWidth, kHeight, grid(scale), dots(history, scale), curve(history, scale));
  return html + influence_table(row);
}

}  // namespace

std::vector<Influence> influences(const schedules::Space& space,
                                  const std::vector<Entry>& history) {
  std::vector<Influence> all;
  for (const schedules::Knob& knob : space.knobs) {
    std::map<int64_t, std::vector<double>> by_value;
    for (const Entry& entry : history) {
      const auto found = entry.proposal.point.find(knob.name);
      if (ok(entry) && found != entry.proposal.point.end()) {
        by_value[found->second].push_back(entry.result.relative);
      }
    }
    Influence influence;
    influence.knob = knob.name;
    double low = 0;
    double high = 0;
    for (const auto& [value, times] : by_value) {
      const double median = db::median(times);
      influence.values.push_back(
          {value, times.size(), median, *std::min_element(times.begin(), times.end())});
      if (times.size() < 2) continue;
      low = low == 0 ? median : std::min(low, median);
      high = std::max(high, median);
    }
    if (low > 0) influence.spread = high / low;
    all.push_back(std::move(influence));
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Influence& a, const Influence& b) { return a.spread > b.spread; });
  return all;
}

std::string page(const std::vector<PageRow>& rows, const std::string& command) {
  std::string html = fmt::format(
      "{}<h1>sepconv tune</h1><p><code>{}</code></p>"
      "<p>Times are relative to the heuristic's point, measured in turn "
      "with it: below 1x is faster. Red dots are failures.</p>",
      kHead, escaped(command));
  for (const PageRow& row : rows) html += section(row);
  return html + "</html>\n";
}

}  // namespace sepconv::tune
