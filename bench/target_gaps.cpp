// Bench: one target's shares of the roofline beside another's of the same run. Knows no clock.
#include "bench/target_gaps.h"

#include <fmt/core.h>

#include <algorithm>

#include "bench/columns.h"

namespace sepconv::bench {
namespace {

/// The targets of the rows in order of appearance.
std::vector<std::string> target_names(const BenchReport& report) {
  std::vector<std::string> names;
  for (const BenchRow& row : report.rows) {
    if (std::find(names.begin(), names.end(), row.target) == names.end()) {
      names.push_back(row.target);
    }
  }
  return names;
}

int vector_bits(const std::string& name) {
  const auto target = targets::parse_target(name);
  return target ? target->vector_bits : 0;
}

bool is_timed(const BenchRow& row) {
  return row.status == Status::ok && row.median_us && row.of_roofline;
}

const BenchRow* partner(const BenchReport& report, const BenchRow& row, const std::string& base) {
  for (const BenchRow& other : report.rows) {
    if (other.target == base && other.file == row.file && other.layer == row.layer &&
        other.name == row.name && is_timed(other)) {
      return &other;
    }
  }
  return nullptr;
}

/// Adds up one gap: time and time times share of both targets.
struct Sum {
  double time = 0, share = 0, base_time = 0, base_share = 0;

  void add(const BenchRow& row, const BenchRow& base, TargetGap& gap) {
    const auto count = static_cast<double>(row.count);
    time += count * *row.median_us;
    share += count * *row.median_us * *row.of_roofline;
    base_time += count * *base.median_us;
    base_share += count * *base.median_us * *base.of_roofline;
    const double lost = 100 * (*base.of_roofline - *row.of_roofline);
    if (gap.layers++ == 0 || lost > gap.most_points) {
      gap.most_points = lost;
      gap.most_layer = row.layer;
    }
  }
};

TargetGap gap_of(const BenchReport& report, const FileSum& file, const std::string& base) {
  TargetGap gap;
  gap.file = file.name;
  gap.op = file.op;
  gap.target = file.target;
  gap.base = base;
  Sum sum;
  for (const BenchRow& row : report.rows) {
    const bool counts = row.file == file.name && row.target == file.target && is_timed(row) &&
                        (file.op == "total" || file.op == row.op);
    const BenchRow* other = counts ? partner(report, row, base) : nullptr;
    if (other != nullptr) sum.add(row, *other, gap);
  }
  if (gap.layers == 0) return gap;
  gap.of_roofline = sum.share / sum.time;
  gap.base_of_roofline = sum.base_share / sum.base_time;
  gap.time_ratio = sum.time / sum.base_time;
  return gap;
}

}  // namespace

std::vector<TargetGap> target_gaps(const BenchReport& report) {
  const std::vector<std::string> names = target_names(report);
  if (names.size() < 2) return {};
  const std::string base = *std::max_element(
      names.begin(), names.end(),
      [](const auto& a, const auto& b) { return vector_bits(a) < vector_bits(b); });
  std::vector<TargetGap> gaps;
  for (const FileSum& file : report.files) {
    if (file.target == base) continue;
    TargetGap gap = gap_of(report, file, base);
    if (gap.layers > 0) gaps.push_back(std::move(gap));
  }
  return gaps;
}

std::string gaps_table(const std::vector<TargetGap>& gaps) {
  if (gaps.empty()) return "";
  Columns columns({true, true, true, false, false, false, false, false, true, false});
  columns.add(
      {"file", "op", "target", "layers", "%", "base %", "points lost", "most", "by layer", "time"});
  for (const TargetGap& gap : gaps) {
    columns.add({gap.file.empty() ? "names" : gap.file, gap.op, gap.target,
                 std::to_string(gap.layers), fmt::format("{:.1f}", 100 * gap.of_roofline),
                 fmt::format("{:.1f}", 100 * gap.base_of_roofline),
                 fmt::format("{:.1f}", gap.points()), fmt::format("{:.1f}", gap.most_points),
                 gap.most_layer, fmt::format("{:.2f}x", gap.time_ratio)});
  }
  return "Beside " + gaps.front().base + ": share of each target's own roofline\n" + columns.text();
}

}  // namespace sepconv::bench
