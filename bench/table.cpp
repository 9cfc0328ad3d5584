// Bench: a report as tables for people. Knows no clock and no terminal.
#include "bench/table.h"

#include <fmt/core.h>

#include <algorithm>

#include "bench/columns.h"

namespace sepconv::bench {
namespace {

std::string number(const std::optional<double>& value, int digits) {
  return value ? fmt::format("{:.{}f}", *value, digits) : "-";
}

std::string percent(const std::optional<double>& value) {
  return value ? fmt::format("{:.1f}", 100 * *value) : "-";
}

bool several_targets(const BenchReport& report) {
  return std::any_of(report.rows.begin(), report.rows.end(),
                     [&](const BenchRow& row) { return row.target != report.rows.front().target; });
}

/// The rivals of all rows, in order of appearance.
std::vector<std::string> peer_names(const BenchReport& report) {
  std::vector<std::string> names;
  for (const BenchRow& row : report.rows) {
    for (const PeerResult& peer : row.peers) {
      if (std::find(names.begin(), names.end(), peer.name) == names.end()) {
        names.push_back(peer.name);
      }
    }
  }
  return names;
}

/// "median (times ours)"; an exclamation mark where the results differ.
std::string peer_cell(const BenchRow& row, const std::string& name) {
  for (const PeerResult& peer : row.peers) {
    if (peer.name != name) continue;
    return fmt::format("{:.1f} ({}x){}", peer.median_us, number(peer.ratio, 2),
                       peer.agrees ? "" : " differs!");
  }
  return "-";
}

std::string machine_text(const BenchReport& report) {
  const auto& gbs = report.machine.gbs;
  std::string text;
  for (const DeviceMachine& device : report.machine.devices) {
    text += fmt::format("{}: {}: L2 {:.0f}, DRAM {:.0f} GB/s (half reads, half writes)\n",
                        device.target, device.name, device.cache_gbs, device.dram_gbs);
  }
  if (gbs[0] > 0)
    text += fmt::format(
        "{}, {} thread{}: L1d {:.0f}, L2 {:.0f}, L3 {:.0f}, DRAM {:.0f} GB/s (half reads, half "
        "writes)\n",
        report.machine.cpu, report.threads, report.threads == 1 ? "" : "s", gbs[0], gbs[1], gbs[2],
        gbs[3]);
  for (const auto& [target, peak] : report.machine.peak_gflops) {
    text += fmt::format("{}: peak {:.1f} GFLOP/s\n", target, peak);
  }
  return text;
}

std::string rows_text(const BenchReport& report) {
  const bool targets = several_targets(report);
  const std::vector<std::string> peers = peer_names(report);
  std::vector<bool> left(10 + peers.size(), false);
  left[0] = left[1] = left[2] = left[9] = true;
  Columns columns(left);
  std::vector<std::string> heading{
      "layer", "op",   targets ? "target" : "", "count", "us", "cold us", "GFLOP/s", "roofline",
      "%",     "level"};
  heading.insert(heading.end(), peers.begin(), peers.end());
  columns.add(heading);
  for (const BenchRow& row : report.rows) {
    std::vector<std::string> cells{row.layer,
                                   row.op,
                                   targets ? row.target : "",
                                   std::to_string(row.count),
                                   number(row.median_us, 1),
                                   number(row.cold_median_us, 1),
                                   number(row.gflops, 1),
                                   number(row.roofline_gflops, 1),
                                   percent(row.of_roofline),
                                   row.level};
    for (const std::string& peer : peers) cells.push_back(peer_cell(row, peer));
    columns.add(cells);
    if (row.status == Status::ok) continue;
    columns.note(fmt::format("  {}: {}", word(row.status), row.reason));
    if (!row.repeat.empty()) columns.note("  again: " + row.repeat);
  }
  return columns.text();
}

std::string sums_text(const BenchReport& report) {
  const bool targets = several_targets(report);
  const bool ratios = std::any_of(report.files.begin(), report.files.end(), [](const FileSum& sum) {
    return sum.weighted_ratio.has_value();
  });
  std::vector<bool> left(5 + 2 * ratios + 1, false);
  left[0] = left[1] = left[2] = true;
  Columns columns(left);
  std::vector<std::string> heading{"sum of", "op",         targets ? "target" : "",
                                   "us",     "weighted %", "geomean %"};
  if (ratios) heading.insert(heading.end(), {"weighted ratio", "geomean ratio"});
  columns.add(heading);
  for (const FileSum& sum : report.files) {
    std::vector<std::string> cells{sum.name.empty() ? "names" : sum.name,
                                   sum.op,
                                   targets ? sum.target : "",
                                   number(sum.sum_us, 1),
                                   percent(sum.weighted_of_roofline),
                                   percent(sum.geomean_of_roofline)};
    if (ratios) {
      cells.push_back(number(sum.weighted_ratio, 2));
      cells.push_back(number(sum.geomean_ratio, 2));
    }
    columns.add(cells);
  }
  return columns.text();
}

}  // namespace

std::string table(const BenchReport& report) {
  return machine_text(report) + "\n" + rows_text(report) + "\n" + sums_text(report);
}

}  // namespace sepconv::bench
