// Bench: layers and targets to measured rows beside their rooflines. Knows no compiler and no
// output format.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bench/peers/find.h"
#include "measure/build.h"
#include "measure/ceilings.h"
#include "measure/machine.h"
#include "measure/runner.h"
#include "spec/layer.h"
#include "targets/target.h"

namespace sepconv::bench {

enum class Status { ok, failed, mistrusted, skipped };
[[nodiscard]] const char* word(Status status);

/// A rival's result on one row.
struct PeerResult {
  std::string name, impl;
  double min_us = 0, median_us = 0;
  std::optional<double> ratio;  ///< its median / ours; above 1: ours is faster
  std::optional<double> cold_median_us, cold_ratio;
  bool agrees = false;  ///< whether its outputs equal ours
};

/// One layer on one target. What does not apply is empty.
struct BenchRow {
  std::string file;  ///< as typed; empty for a canonical name
  std::string layer, name, op, target;
  int64_t count = 1;
  std::string schedule;  ///< heuristic, db or forced
  int64_t flops = 0, dw_flops = 0, pw_flops = 0, params = 0, bytes = 0, padding_flops = 0;
  std::string level;  ///< L1d, L2, L3 or DRAM
  std::optional<double> min_us, median_us, mean_us, std_us, max_us, p95_us, p99_us, cold_median_us;
  std::optional<double> gflops, roofline_gflops, of_roofline;
  /// On several threads: the same kernel on one, how many times faster it is on all, and how many
  /// times higher their roofline is.
  std::optional<double> one_thread_median_us, speedup, roofline_speedup;
  std::optional<int64_t> code_bytes;
  Status status = Status::skipped;
  std::string reason;
  std::string repeat;  ///< command that measures this row again
  std::vector<PeerResult> peers;
};

void set_failed(BenchRow& row, std::string reason);

/// A device that a target's kernels run on, measured.
struct DeviceMachine {
  std::string target, name;
  double cache_gbs = 0, dram_gbs = 0;  ///< half reads, half writes
  int64_t cache_bytes = 0;             ///< its last cache, the rows' L2; 0: not known
};

struct Machine {
  std::string cpu;
  std::vector<std::pair<std::string, double>> peak_gflops;  ///< by target, in the order asked for
  std::array<double, measure::kLevels> gbs{};               ///< half reads, half writes; of the CPU
  std::string core;                                         ///< the word of targets/, or generic
  measure::CacheSizes sizes;                                ///< of all threads together
  std::string emulator = {};  ///< not empty: no time here says anything of the targets
  std::vector<DeviceMachine> devices;
};

/// Sums over one op of one file, or over the file (op "total").
struct FileSum {
  std::string name, op, target;
  double sum_us = 0;
  std::optional<double> weighted_of_roofline, geomean_of_roofline, weighted_ratio, geomean_ratio;
  std::optional<double> sum_cold_us, weighted_cold_ratio, geomean_cold_ratio;
  /// On several threads: sum on one over sum on all, and the least of the rows.
  std::optional<double> speedup, least_speedup;
};

struct BenchReport {
  Machine machine;
  int threads = 1;
  std::vector<BenchRow> rows;
  std::vector<FileSum> files;
};

struct BenchOptions {
  int threads = 1;
  double row_seconds = 1.0;    ///< time spent on sampling one row
  double limit_seconds = 120;  ///< wall time after which a row's kernel counts as hanging
  bool cold = true;
  bool check = true;  ///< a quick look at each kernel's values before it is timed
  /// The machine that the kernels run on, and what starts them there; without a function, here.
  measure::Machine machine = measure::this_machine();
  std::function<std::optional<measure::Runner>(const targets::Target& target)> runner;
  std::vector<Peer> peers;  ///< timed in turn with ours
  /// Says why a row lacks a rival.
  std::function<void(const std::string& text)> note;
  std::function<void(const BenchRow& row, size_t done, size_t total)> progress;
  std::function<std::string(const spec::Layer& layer, const targets::Target& target)> repeat;
};

/// One row per layer and target, layers outermost. `files` has one entry per layer.
[[nodiscard]] BenchReport run(const std::vector<spec::Layer>& layers,
                              const std::vector<std::string>& files,
                              const std::vector<targets::Target>& targets,
                              const measure::Builder& build, const BenchOptions& options);

}  // namespace sepconv::bench
