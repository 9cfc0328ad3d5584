// Bench: rows under their rooflines as an SVG picture. Knows no clock and no page.
#include "bench/roofline_plot.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace sepconv::bench {
namespace {

constexpr double kWidth = 1120, kHeight = 560, kLeft = 58, kRight = 16, kTop = 24, kBottom = 48;
constexpr double kLetter = 6.6, kLine = 15;  // of a label's text, pixels

struct Point {
  double intensity, gflops;
  std::string kind, title;
};

double intensity_of(const BenchRow& row) {
  return static_cast<double>(row.flops) / static_cast<double>(std::max<int64_t>(row.bytes, 1));
}

std::vector<Point> points_of(const BenchReport& report) {
  std::vector<Point> points;
  for (const BenchRow& row : report.rows) {
    if (row.status != Status::ok || !row.gflops) continue;
    const double flops = static_cast<double>(row.flops);
    for (const PeerResult& peer : row.peers) {
      const double gflops = flops / peer.median_us * 1e-3;
      points.push_back({intensity_of(row), gflops, peer.name,
                        fmt::format("{} {}: {:.1f} us, {:.1f} GFLOP/s", peer.name, row.layer,
                                    peer.median_us, gflops)});
    }
    points.push_back(
        {intensity_of(row), *row.gflops, ours_kind(report, row),
         fmt::format("{} {}: {:.1f} us, {:.1f} GFLOP/s, {:.1f} % of the roofline", row.layer,
                     row.target, *row.median_us, *row.gflops, 100 * row.of_roofline.value_or(0))});
  }
  return points;
}

/// A logarithmic axis.
struct Axis {
  double from, to, begin, end;  // values; pixels
  [[nodiscard]] double at(double value) const {
    return begin + (end - begin) * std::log10(value / from) / std::log10(to / from);
  }
};

/// The least of 1, 2, 5 times a power of ten that is not below the value.
double round_number(double value) {
  const double decade = std::pow(10, std::floor(std::log10(value)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * decade >= value * (1 - 1e-9)) return factor * decade;
  }
  return 10 * decade;
}

struct Box {
  double left, top, right, bottom;
  [[nodiscard]] bool meets(const Box& other) const {
    return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
  }
};

struct Plot {
  Axis x, y;
  std::string svg;
  std::vector<Box> labels;  ///< where text lies already

  void line(double x0, double y0, double x1, double y1, const char* kind) {
    svg += fmt::format(
        "<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>\n", kind,
        x.at(x0), y.at(y0), x.at(x1), y.at(y1));
  }
  void text(double px, double py, const std::string& words, const char* anchor, const char* kind) {
    svg +=
        fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n",
                    kind, px, py, anchor, escaped(words));
  }
  /// A text that ends at (px, py), if it lies inside the picture and on no other.
  bool label(double px, double py, const std::string& words) {
    const Box box{px - kLetter * static_cast<double>(words.size()), py - kLine, px, py + 4};
    if (box.left < kLeft + 4 || box.top < kTop || box.bottom > kHeight - kBottom) return false;
    for (const Box& other : labels) {
      if (box.meets(other)) return false;
    }
    labels.push_back(box);
    text(px, py, words, "end", "label");
    return true;
  }
};

void draw_axes(Plot& plot) {
  for (double value = round_number(plot.x.from); value <= plot.x.to;
       value = round_number(1.5 * value)) {
    plot.line(value, plot.y.from, value, plot.y.to, "grid");
    plot.text(plot.x.at(value), kHeight - kBottom + 18, fmt::format("{:g}", value), "middle",
              "tick");
  }
  for (double value = round_number(plot.y.from); value <= plot.y.to;
       value = round_number(1.5 * value)) {
    plot.line(plot.x.from, value, plot.x.to, value, "grid");
    plot.text(kLeft - 8, plot.y.at(value) + 4, fmt::format("{:g}", value), "end", "tick");
  }
  plot.text((kLeft + kWidth - kRight) / 2, kHeight - 8, "FLOP per byte", "middle", "tick");
  plot.text(4, kTop - 10, "GFLOP/s", "start", "tick");
}

/// Above the line at its right end, else farther left or below it.
void draw_peak(Plot& plot, const std::string& target, double peak) {
  plot.line(plot.x.from, peak, plot.x.to, peak, "ceiling");
  const std::string words = fmt::format("{} {:.0f} GFLOP/s", target, peak);
  for (const double down : {-5.0, 16.0, -5.0 - kLine, 16.0 + kLine}) {
    if (plot.label(kWidth - kRight - 4, plot.y.at(peak) + down, words)) return;
  }
}

/// Left of the line and above it, as far down as there is room.
void draw_bandwidth(Plot& plot, const std::string& level, double gbs, double highest) {
  const double begin = std::max(plot.x.from, plot.y.from / gbs);
  const double end = std::min(plot.x.to, highest / gbs);
  if (end <= begin) return;
  plot.line(begin, begin * gbs, end, end * gbs, "ceiling");
  const std::string words = fmt::format("{} {:.0f} GB/s", level, gbs);
  for (int step = 0; step <= 40; ++step) {
    const double at = begin * std::pow(end / begin, step / 40.0);
    if (plot.label(plot.x.at(at) - 5, plot.y.at(at * gbs) - 2, words)) return;
  }
}

void draw_ceilings(Plot& plot, const Machine& machine) {
  double highest = 0;
  for (const auto& [target, peak] : machine.peak_gflops) {
    highest = std::max(highest, peak);
    if (peak > plot.y.from) draw_peak(plot, target, peak);
  }
  for (int level = 0; level < measure::kLevels; ++level) {
    const double gbs = machine.gbs[static_cast<size_t>(level)];
    if (gbs <= 0 || highest <= 0) continue;
    draw_bandwidth(plot, measure::word(static_cast<measure::Level>(level)), gbs, highest);
  }
}

/// Axes around all points and ceilings.
Plot empty_plot(const BenchReport& report, const std::vector<Point>& points) {
  double least_x = 1e9, most_x = 0, least_y = 1e9, most_y = 0;
  for (const Point& point : points) {
    least_x = std::min(least_x, point.intensity);
    most_x = std::max(most_x, point.intensity);
    least_y = std::min(least_y, point.gflops);
    most_y = std::max(most_y, point.gflops);
  }
  if (points.empty()) {
    least_x = 0.5;
    most_x = least_y = 10;
    most_y = 100;
  }
  double highest = 0;
  for (const auto& [target, peak] : report.machine.peak_gflops) highest = std::max(highest, peak);
  most_y = std::max(most_y, highest);
  for (const double gbs : report.machine.gbs) {
    if (gbs <= 0 || highest <= 0) continue;
    least_x = std::min(least_x, 0.5 * highest / gbs);  // both sides of where the ceilings meet
    most_x = std::max(most_x, 1.5 * highest / gbs);
  }
  least_x = std::max(least_x, 1e-3);
  least_y = std::max(least_y, 1e-3);
  return {{0.85 * least_x, 1.2 * std::max(most_x, 2 * least_x), kLeft, kWidth - kRight},
          {0.85 * least_y, 1.3 * std::max(most_y, 2 * least_y), kHeight - kBottom, kTop},
          {},
          {}};
}

}  // namespace

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string ours_kind(const BenchReport& report, const BenchRow& row) {
  std::vector<std::string> targets;
  for (const BenchRow& other : report.rows) {
    if (std::find(targets.begin(), targets.end(), other.target) == targets.end()) {
      targets.push_back(other.target);
    }
  }
  const auto place = std::find(targets.begin(), targets.end(), row.target);
  const auto before_last = targets.end() - place - 1;  // the last one named is usually the best
  return before_last <= 0 ? "ours" : fmt::format("ours{}", std::min<int64_t>(before_last, 2) + 1);
}

std::vector<PlotKey> plot_keys(const BenchReport& report) {
  std::vector<PlotKey> keys;
  const auto add = [&](const std::string& kind, const std::string& words) {
    for (const PlotKey& key : keys) {
      if (key.kind == kind) return;
    }
    keys.push_back({kind, words});
  };
  for (const BenchRow& row : report.rows) {
    add(ours_kind(report, row), "sepconv, " + row.target);
  }
  for (const BenchRow& row : report.rows) {
    for (const PeerResult& peer : row.peers) add(peer.name, peer.name);
  }
  return keys;
}

std::string roofline_plot(const BenchReport& report) {
  const std::vector<Point> points = points_of(report);
  Plot plot = empty_plot(report, points);
  draw_axes(plot);
  for (const Point& point : points) {
    plot.svg += fmt::format(
        "<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"><title>{}</title></circle>\n",
        escaped(point.kind), plot.x.at(point.intensity), plot.y.at(point.gflops),
        point.kind.rfind("ours", 0) == 0 ? 5 : 3.5, escaped(point.title));
  }
  draw_ceilings(plot, report.machine);
  return fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"roofline\">\n{}</svg>\n",
                     kWidth, kHeight, plot.svg);
}

}  // namespace sepconv::bench
