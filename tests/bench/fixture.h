// Tests of bench: rows and ceilings with numbers that are easy to reckon with.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "bench/rows.h"

namespace sepconv::bench {

/// 10 GB/s from DRAM, 10 times as much with every level nearer; reads and writes alike.
inline measure::Ceilings ceilings() {
  measure::Ceilings result;
  result.sizes.bytes = {1000, 10000, 100000};
  double gbs = 10000;
  for (auto& level : result.levels) {
    level = {{0, 1}, {gbs, gbs}};
    gbs /= 10;
  }
  return result;
}

inline BenchRow timed_row(const std::string& layer, const std::string& op, double median_us,
                          double of_roofline) {
  BenchRow row;
  row.file = "net.json";
  row.layer = layer;
  row.name = "pw_f32_n1h4w6c8_o16_relu";
  row.op = op;
  row.target = "x86-64-v3";
  row.schedule = "heuristic";
  row.level = "L2";
  row.min_us = median_us / 2;
  row.median_us = row.mean_us = median_us;
  row.max_us = row.p95_us = row.p99_us = 2 * median_us;
  row.std_us = 0.5;
  row.cold_median_us = 3 * median_us;
  row.gflops = 100 * of_roofline;
  row.roofline_gflops = 100;
  row.of_roofline = of_roofline;
  row.code_bytes = 640;
  row.status = Status::ok;
  return row;
}

inline BenchRow failed_row(const std::string& layer) {
  BenchRow row;
  row.file = "net.json";
  row.layer = layer;
  row.name = "pw_f32_n1h4w6c8_o17_relu";
  row.op = "pointwise";
  row.target = "x86-64-v3";
  row.level = "L1d";
  row.status = Status::failed;
  row.reason = "killed by signal 11";
  row.repeat = "sepconv bench pw_f32_n1h4w6c8_o17_relu --target x86-64-v3";
  return row;
}

inline PeerResult peer(const std::string& name, double ratio, bool agrees) {
  PeerResult result;
  result.name = name;
  result.impl = "jit";
  result.min_us = ratio * 10;
  result.median_us = ratio * 20;
  result.ratio = ratio;
  result.agrees = agrees;
  return result;
}

}  // namespace sepconv::bench
