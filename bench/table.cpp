// Bench: a report as tables for people. Knows no clock and no terminal.
#include "bench/table.h"

#include <fmt/core.h>

#include <algorithm>
#include <functional>

#include "bench/columns.h"
#include "bench/target_gaps.h"

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

/// "median (times ours hot, cold)"; a word where the results differ.
std::string peer_cell(const BenchRow& row, const std::string& name) {
  for (const PeerResult& peer : row.peers) {
    if (peer.name != name) continue;
    const std::string cold = peer.cold_ratio ? fmt::format(", cold {:.2f}x", *peer.cold_ratio) : "";
    return fmt::format("{:.1f} ({}x{}){}", peer.median_us, number(peer.ratio, 2), cold,
                       peer.agrees ? "" : " differs!");
  }
  return "-";
}

std::string machine_text(const BenchReport& report) {
  const auto& gbs = report.machine.gbs;
  std::string text;
  for (const DeviceMachine& device : report.machine.devices) {
    if (!(device.dram_gbs > 0)) continue;  // not measured to the end
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
  if (!report.machine.emulator.empty()) {
    text += fmt::format("timed in {}: these times say nothing of the targets\n",
                        report.machine.emulator);
  }
  return text;
}

/// One column: its heading, whether it holds words, and its cell of a row.
template <class Row>
struct Column {
  std::string heading;
  bool words;
  std::function<std::string(const Row&)> cell;
};

template <class Row>
Columns header(const std::vector<Column<Row>>& list) {
  std::vector<bool> left;
  std::vector<std::string> headings;
  for (const auto& column : list) {
    left.push_back(column.words);
    headings.push_back(column.heading);
  }
  Columns columns(left);
  columns.add(headings);
  return columns;
}

template <class Row>
void add_row(Columns& columns, const std::vector<Column<Row>>& list, const Row& row) {
  std::vector<std::string> cells;
  for (const auto& column : list) cells.push_back(column.cell(row));
  columns.add(cells);
}

std::vector<Column<BenchRow>> row_columns(const BenchReport& report) {
  using Row = BenchRow;
  std::vector<Column<Row>> list{{"layer", true, [](const Row& row) { return row.layer; }},
                                {"op", true, [](const Row& row) { return row.op; }}};
  if (several_targets(report)) {
    list.push_back({"target", true, [](const Row& row) { return row.target; }});
  }
  const auto add = [&](const char* heading, auto cell) { list.push_back({heading, false, cell}); };
  add("count", [](const Row& row) { return std::to_string(row.count); });
  add("us", [](const Row& row) { return number(row.median_us, 1); });
  add("cold us", [](const Row& row) { return number(row.cold_median_us, 1); });
  add("GFLOP/s", [](const Row& row) { return number(row.gflops, 1); });
  add("roofline", [](const Row& row) { return number(row.roofline_gflops, 1); });
  add("%", [](const Row& row) { return percent(row.of_roofline); });
  list.push_back({"level", true, [](const Row& row) { return row.level; }});
  if (report.threads > 1) {
    add("1 thread us", [](const Row& row) { return number(row.one_thread_median_us, 1); });
    add("speedup", [](const Row& row) { return number(row.speedup, 2); });
    add("roofline's", [](const Row& row) { return number(row.roofline_speedup, 2); });
  }
  for (const std::string& peer : peer_names(report)) {
    list.push_back({peer, false, [peer](const Row& row) { return peer_cell(row, peer); }});
  }
  return list;
}

std::string rows_text(const BenchReport& report) {
  const auto list = row_columns(report);
  Columns columns = header(list);
  for (const BenchRow& row : report.rows) {
    add_row(columns, list, row);
    if (row.status == Status::ok) continue;
    columns.note(fmt::format("  {}: {}", word(row.status), row.reason));
    if (!row.repeat.empty()) columns.note("  again: " + row.repeat);
  }
  return columns.text();
}

std::vector<Column<FileSum>> sum_columns(const BenchReport& report) {
  using Sum = FileSum;
  std::vector<Column<Sum>> list{
      {"sum of", true, [](const Sum& sum) { return sum.name.empty() ? "names" : sum.name; }},
      {"op", true, [](const Sum& sum) { return sum.op; }}};
  if (several_targets(report)) {
    list.push_back({"target", true, [](const Sum& sum) { return sum.target; }});
  }
  const auto add = [&](const char* heading, auto cell) { list.push_back({heading, false, cell}); };
  const auto any = [&](auto field) {
    return std::any_of(report.files.begin(), report.files.end(),
                       [&](const Sum& sum) { return (sum.*field).has_value(); });
  };
  add("us", [](const Sum& sum) { return number(sum.sum_us, 1); });
  add("cold us", [](const Sum& sum) { return number(sum.sum_cold_us, 1); });
  add("weighted %", [](const Sum& sum) { return percent(sum.weighted_of_roofline); });
  add("geomean %", [](const Sum& sum) { return percent(sum.geomean_of_roofline); });
  if (any(&Sum::weighted_ratio)) {
    add("weighted ratio", [](const Sum& sum) { return number(sum.weighted_ratio, 2); });
    add("geomean ratio", [](const Sum& sum) { return number(sum.geomean_ratio, 2); });
  }
  if (any(&Sum::weighted_cold_ratio)) {
    add("cold weighted", [](const Sum& sum) { return number(sum.weighted_cold_ratio, 2); });
    add("cold geomean", [](const Sum& sum) { return number(sum.geomean_cold_ratio, 2); });
  }
  if (any(&Sum::speedup)) {
    add("speedup", [](const Sum& sum) { return number(sum.speedup, 2); });
    add("least", [](const Sum& sum) { return number(sum.least_speedup, 2); });
  }
  return list;
}

std::string sums_text(const BenchReport& report) {
  const auto list = sum_columns(report);
  Columns columns = header(list);
  for (const FileSum& sum : report.files) add_row(columns, list, sum);
  return columns.text();
}

}  // namespace

std::string table(const BenchReport& report) {
  std::string text = machine_text(report) + "\n" + rows_text(report) + "\n" + sums_text(report);
  const std::string gaps = gaps_table(target_gaps(report));
  return gaps.empty() ? text : text + "\n" + gaps;
}

}  // namespace sepconv::bench
