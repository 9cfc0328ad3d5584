// Bench: rows under their rooflines as an SVG picture. Knows no clock and no page.
#include "bench/roofline_plot.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace sepconv::bench {
namespace {

constexpr double kWidth = 960, kHeight = 520, kLeft = 60, kRight = 150, kTop = 20, kBottom = 50;

struct Point {
  double intensity, gflops;
  std::string kind;  ///< "ours" or a rival's name
  std::string title;
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
        {intensity_of(row), *row.gflops, "ours",
         fmt::format("{} {}: {:.1f} us, {:.1f} GFLOP/s, {:.1f} % of the roofline", row.layer,
                     row.target, *row.median_us, *row.gflops, 100 * row.of_roofline.value_or(0))});
  }
  return points;
}

/// A logarithmic axis from one power of ten to another.
struct Axis {
  double from, to, begin, end;  // values; pixels
  [[nodiscard]] double at(double value) const {
    return begin + (end - begin) * std::log10(value / from) / std::log10(to / from);
  }
};

double decade_below(double value) { return std::pow(10, std::floor(std::log10(value))); }
double decade_above(double value) { return std::pow(10, std::ceil(std::log10(value) + 1e-9)); }

struct Plot {
  Axis x, y;
  std::string svg;

  void line(double x0, double y0, double x1, double y1, const char* kind) {
    svg += fmt::format(
        "<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>\n", kind,
        x.at(x0), y.at(y0), x.at(x1), y.at(y1));
  }
  void text(double px, double py, const std::string& words, const char* anchor) {
    svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", px, py,
                       anchor, escaped(words));
  }
};

void draw_axes(Plot& plot) {
  for (double value = plot.x.from; value <= plot.x.to * 1.01; value *= 10) {
    plot.line(value, plot.y.from, value, plot.y.to, "grid");
    plot.text(plot.x.at(value), kHeight - kBottom + 18, fmt::format("{:g}", value), "middle");
  }
  for (double value = plot.y.from; value <= plot.y.to * 1.01; value *= 10) {
    plot.line(plot.x.from, value, plot.x.to, value, "grid");
    plot.text(kLeft - 8, plot.y.at(value) + 4, fmt::format("{:g}", value), "end");
  }
  plot.text((kLeft + kWidth - kRight) / 2, kHeight - 10, "FLOP per byte", "middle");
  plot.text(kLeft - 8, kTop - 6, "GFLOP/s", "start");
}

void draw_ceilings(Plot& plot, const Machine& machine) {
  double highest = 0;
  for (const auto& [target, peak] : machine.peak_gflops) {
    highest = std::max(highest, peak);
    if (peak <= plot.y.from) continue;
    plot.line(plot.x.from, peak, plot.x.to, peak, "ceiling");
    plot.text(kWidth - kRight + 4, plot.y.at(peak) + 4, target, "start");
  }
  for (int level = 0; level < measure::kLevels; ++level) {
    const double gbs = machine.gbs[static_cast<size_t>(level)];
    if (gbs <= 0 || highest <= 0) continue;
    const double begin = std::max(plot.x.from, plot.y.from / gbs);
    const double end = std::min(plot.x.to, highest / gbs);
    if (end <= begin) continue;
    plot.line(begin, begin * gbs, end, end * gbs, "ceiling");
    plot.text(plot.x.at(begin) + 4, plot.y.at(begin * gbs) - 6,
              fmt::format("{} {:.0f} GB/s", measure::word(static_cast<measure::Level>(level)), gbs),
              "start");
  }
}

Plot empty_plot(const BenchReport& report, const std::vector<Point>& points) {
  double least_x = 0.5, most_x = 10, least_y = 10, most_y = 100;
  for (const Point& point : points) {
    least_x = std::min(least_x, point.intensity);
    most_x = std::max(most_x, point.intensity);
    least_y = std::min(least_y, point.gflops);
    most_y = std::max(most_y, point.gflops);
  }
  for (const auto& [target, peak] : report.machine.peak_gflops) most_y = std::max(most_y, peak);
  return {{decade_below(least_x), decade_above(most_x), kLeft, kWidth - kRight},
          {decade_below(least_y), decade_above(most_y), kHeight - kBottom, kTop},
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

std::string roofline_plot(const BenchReport& report) {
  const std::vector<Point> points = points_of(report);
  Plot plot = empty_plot(report, points);
  draw_axes(plot);
  draw_ceilings(plot, report.machine);
  for (const Point& point : points) {
    plot.svg += fmt::format(
        "<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"><title>{}</title></circle>\n",
        escaped(point.kind), plot.x.at(point.intensity), plot.y.at(point.gflops),
        point.kind == "ours" ? 5 : 4, escaped(point.title));
  }
  return fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"roofline\">\n{}</svg>\n",
                     kWidth, kHeight, plot.svg);
}

}  // namespace sepconv::bench
