// Bench: the arithmetic of rooflines and of sums over rows. Knows no clock.
#include "bench/roofline.h"

#include <algorithm>
#include <cmath>

namespace sepconv::bench {
namespace {

/// Adds up weighted and geometric means of one number.
struct Mean {
  double weighted = 0, weight = 0, logs = 0, terms = 0;

  void add(double value, double time, double count) {
    weighted += value * time;
    weight += time;
    logs += count * std::log(value);
    terms += count;
  }
  [[nodiscard]] std::optional<double> arithmetic() const {
    return weight > 0 ? std::optional(weighted / weight) : std::nullopt;
  }
  [[nodiscard]] std::optional<double> geometric() const {
    return terms > 0 ? std::optional(std::exp(logs / terms)) : std::nullopt;
  }
};

/// The least of one number over the rivals that agree: the row's ratio to the fastest of them.
std::optional<double> best_ratio(const BenchRow& row, std::optional<double> PeerResult::*ratio) {
  std::optional<double> best;
  for (const PeerResult& peer : row.peers) {
    if (peer.agrees && peer.*ratio && (!best || *(peer.*ratio) < *best)) best = peer.*ratio;
  }
  return best;
}

bool belongs(const BenchRow& row, const FileSum& sum) {
  return row.file == sum.name && row.target == sum.target &&
         (sum.op == "total" || sum.op == row.op);
}

void add_cold(const std::vector<const BenchRow*>& rows, FileSum& sum) {
  Mean ratio;
  double all = 0;
  for (const BenchRow* row : rows) {
    if (!row->cold_median_us) continue;
    const double time = static_cast<double>(row->count) * *row->cold_median_us;
    all += time;
    if (const auto best = best_ratio(*row, &PeerResult::cold_ratio)) ratio.add(*best, time, 1);
  }
  if (all > 0) sum.sum_cold_us = all;
  sum.weighted_cold_ratio = ratio.arithmetic();
  sum.geomean_cold_ratio = ratio.geometric();
}

void add_speedups(const std::vector<const BenchRow*>& rows, FileSum& sum) {
  double one = 0, all = 0;
  for (const BenchRow* row : rows) {
    if (!row->speedup) continue;
    one += static_cast<double>(row->count) * *row->one_thread_median_us;
    all += static_cast<double>(row->count) * *row->median_us;
    sum.least_speedup = std::min(sum.least_speedup.value_or(*row->speedup), *row->speedup);
  }
  if (all > 0) sum.speedup = one / all;
}

void add_up(const std::vector<BenchRow>& all, FileSum& sum) {
  std::vector<const BenchRow*> rows;
  for (const BenchRow& row : all) {
    if (belongs(row, sum) && row.status == Status::ok && row.median_us) rows.push_back(&row);
  }
  Mean roofline, ratio;
  for (const BenchRow* row : rows) {
    const double time = static_cast<double>(row->count) * *row->median_us;
    sum.sum_us += time;
    if (row->of_roofline) roofline.add(*row->of_roofline, time, 1);
    if (const auto best = best_ratio(*row, &PeerResult::ratio)) ratio.add(*best, time, 1);
  }
  sum.weighted_of_roofline = roofline.arithmetic();
  sum.geomean_of_roofline = roofline.geometric();
  sum.weighted_ratio = ratio.arithmetic();
  sum.geomean_ratio = ratio.geometric();
  add_cold(rows, sum);
  add_speedups(rows, sum);
}

}  // namespace

double read_share(const spec::Cost& cost) {
  return 1 - static_cast<double>(cost.output_bytes) / static_cast<double>(cost.bytes());
}

double roofline_gflops(const spec::Cost& cost, double peak_gflops,
                       const measure::Ceilings& ceilings) {
  const auto level = static_cast<size_t>(measure::level_of(cost.bytes(), ceilings.sizes));
  return std::min(peak_gflops, cost.intensity() * ceilings.levels[level].at(read_share(cost)));
}

void set_roofline(BenchRow& row, const spec::Cost& cost, double peak_gflops,
                  const measure::Ceilings& ceilings) {
  const auto flops = 2.0 * static_cast<double>(cost.macs());
  row.gflops = flops / *row.median_us * 1e-3;
  if (peak_gflops <= 0) return;
  row.roofline_gflops = roofline_gflops(cost, peak_gflops, ceilings);
  row.of_roofline = *row.gflops / *row.roofline_gflops;
  const double executed = 1 - 2.0 * static_cast<double>(cost.padding_macs) / flops;
  if (*row.gflops * executed > peak_gflops) {
    row.status = Status::mistrusted;
    row.reason =
        "faster than the measured peak by more than its padding taps: the clock or the "
        "machine's speed changed during the run; measure again";
  }
}

void set_speedup(BenchRow& row, double one_thread_us, double one_thread_roofline_gflops) {
  row.one_thread_median_us = one_thread_us;
  row.speedup = one_thread_us / *row.median_us;
  if (row.roofline_gflops && one_thread_roofline_gflops > 0) {
    row.roofline_speedup = *row.roofline_gflops / one_thread_roofline_gflops;
  }
}

std::vector<FileSum> sums(const std::vector<BenchRow>& rows) {
  std::vector<FileSum> result;
  const auto want = [&](const BenchRow& row, const std::string& op) {
    for (const FileSum& sum : result) {
      if (sum.name == row.file && sum.target == row.target && sum.op == op) return;
    }
    FileSum sum;
    sum.name = row.file;
    sum.op = op;
    sum.target = row.target;
    result.push_back(std::move(sum));
  };
  for (const BenchRow& row : rows) want(row, row.op);
  for (const BenchRow& row : rows) want(row, "total");
  std::stable_sort(result.begin(), result.end(), [](const FileSum& a, const FileSum& b) {
    return a.name != b.name ? a.name < b.name : a.target < b.target;
  });
  for (FileSum& sum : result) add_up(rows, sum);
  return result;
}

}  // namespace sepconv::bench
