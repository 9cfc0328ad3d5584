// Bench: separable layers beside ordinary convolutions of the same shape, as a table for people.
// Knows no clock and no terminal.
#include <fmt/core.h>

#include "bench/columns.h"
#include "bench/table.h"
#include "spec/name.h"

namespace sepconv::bench {
namespace {

/// Whether `dense` is the ordinary convolution of `separable`'s shape. Layouts may differ.
bool same_shape(const spec::Layer& separable, const spec::Layer& dense) {
  return separable.op == spec::Op::depthwise_separable && dense.op == spec::Op::conv2d &&
         separable.input == dense.input &&
         separable.stages.front().window == dense.stages.front().window &&
         separable.stages.back().channels_out == dense.stages.back().channels_out;
}

void add_row(Columns& columns, const BenchRow& row, const std::string& faster) {
  const auto us = [](const std::optional<double>& value) {
    return value ? fmt::format("{:.1f}", *value) : "-";
  };
  const auto megaflops = [](int64_t flops) {
    return flops == 0 ? "-" : fmt::format("{:.2f}", static_cast<double>(flops) * 1e-6);
  };
  columns.add({row.layer, row.op, std::to_string(row.params), megaflops(row.dw_flops),
               megaflops(row.pw_flops), megaflops(row.flops), us(row.mean_us), us(row.std_us),
               us(row.min_us), us(row.max_us), us(row.p95_us), us(row.p99_us), faster});
}

}  // namespace

std::string convolution_table(const BenchReport& report) {
  std::vector<bool> left(13, false);
  left[0] = left[1] = true;
  Columns columns(left);
  columns.add({"layer", "op", "params", "dw MFLOP", "pw MFLOP", "MFLOP", "mean us", "std", "min",
               "max", "P95", "P99", "faster"});
  bool found = false;
  for (const BenchRow& row : report.rows) {
    const auto layer = spec::parse_name(row.name);
    if (!layer || layer->op != spec::Op::depthwise_separable) continue;
    for (const BenchRow& other : report.rows) {
      if (other.file != row.file || other.target != row.target) continue;
      const auto dense = spec::parse_name(other.name);
      if (!dense || !same_shape(*layer, *dense)) continue;
      found = true;
      const bool both = row.median_us && other.median_us;
      add_row(columns, row, both ? fmt::format("{:.2f}x", *other.median_us / *row.median_us) : "-");
      add_row(columns, other, "");
      break;
    }
  }
  return found ? "Beside ordinary convolution of the same shape (latency of a call in us)\n" +
                     columns.text()
               : "";
}

}  // namespace sepconv::bench
