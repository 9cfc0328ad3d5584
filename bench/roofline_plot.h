// Bench: rows under their rooflines as an SVG picture. Knows no clock and no page.
#pragma once

#include <string>
#include <vector>

#include "bench/rows.h"

namespace sepconv::bench {

/// `&`, `<`, `>` and quotes as entities, for text and attributes of HTML and SVG.
[[nodiscard]] std::string escaped(const std::string& text);

/// One kind of points: its class in the picture and what it stands for.
struct PlotKey {
  std::string kind, words;
};
/// Ours by target, then the rivals that appear.
[[nodiscard]] std::vector<PlotKey> plot_keys(const BenchReport& report);
/// The kind of a row of ours.
[[nodiscard]] std::string ours_kind(const BenchReport& report, const BenchRow& row);

/// FLOP per byte against GFLOP/s, both logarithmic: the measured peaks and bandwidths as lines, the
/// rows that are ok and their rivals as points with their numbers as tooltips. An `<svg>` element.
[[nodiscard]] std::string roofline_plot(const BenchReport& report);

}  // namespace sepconv::bench
