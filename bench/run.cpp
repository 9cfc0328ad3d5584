// Bench: layers and targets to rows: every kernel checked and timed. Knows no compiler and no
// output format.
#include <algorithm>
#include <map>
#include <thread>

#include "bench/roofline.h"
#include "bench/row_timing.h"
#include "bench/rows.h"
#include "bench/target_build.h"
#include "measure/check.h"
#include "measure/fill.h"
#include "spec/name.h"
#include "support/interrupt.h"

namespace sepconv::bench {
namespace {

constexpr double kPeakSeconds = 0.05;

/// The layers under canonical names, each once, and which of them each row runs.
struct Distinct {
  std::vector<spec::Layer> layers;
  std::vector<size_t> index;
};

Distinct distinct(const std::vector<spec::Layer>& layers) {
  Distinct result;
  std::map<std::string, size_t> places;
  for (const spec::Layer& layer : layers) {
    const std::string name = spec::canonical_name(layer);
    const auto [place, is_new] = places.emplace(name, result.layers.size());
    if (is_new) {
      result.layers.push_back(layer);
      result.layers.back().name = name;
    }
    result.index.push_back(place->second);
  }
  return result;
}

BenchRow begin_row(const spec::Layer& layer, const std::string& file, const targets::Target& target,
                   const spec::Cost& cost, const measure::CacheSizes& sizes) {
  BenchRow row;
  row.file = file;
  row.layer = layer.name;
  row.name = spec::canonical_name(layer);
  row.op = spec::word(layer.op);
  row.target = target.name;
  row.count = layer.count;
  row.flops = 2 * cost.macs();
  row.dw_flops = 2 * cost.depthwise_macs;
  row.pw_flops = 2 * cost.pointwise_macs;
  row.padding_flops = 2 * cost.padding_macs;
  row.params = cost.parameters();
  row.bytes = cost.bytes();
  row.level = measure::word(measure::level_of(cost.bytes(), sizes));
  return row;
}

/// Real values and what must come out: a quick check, since `verify` is the gate.
measure::Prepared quick_case(const spec::Layer& layer) {
  measure::Prepared prepared;
  prepared.real.layer = layer;
  prepared.real.operands = measure::real_fill(layer, layer.input.n + 1);
  const int cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  prepared.real.expected = reference::run(layer, prepared.real.operands, true, cores);
  return prepared;
}

void set_times(const RowTimes& times, BenchRow& row) {
  row.min_us = times.hot.min;
  row.median_us = times.hot.median;
  row.mean_us = times.hot.mean;
  row.std_us = times.hot.std;
  row.max_us = times.hot.max;
  row.p95_us = times.hot.p95;
  row.p99_us = times.hot.p99;
  if (times.cold.samples > 0) row.cold_median_us = times.cold.median;
}

void set_peers(const RowTimes& times, const BenchOptions& options, BenchRow& row) {
  for (const PeerTimes& peer : times.peers) {
    if (!peer.problem.empty()) {
      if (options.note) options.note(row.layer + ": " + peer.name + ": " + peer.problem);
      continue;
    }
    PeerResult result;
    result.name = peer.name;
    result.impl = peer.implementation;
    result.min_us = peer.hot.min;
    result.median_us = peer.hot.median;
    result.ratio = peer.hot.median / times.hot.median;
    if (peer.cold.samples > 0) {
      result.cold_median_us = peer.cold.median;
      result.cold_ratio = peer.cold.median / times.cold.median;
    } else if (options.cold && options.note) {
      const std::string reason =
          peer.cold_problem.empty() ? "other processes disturbed it" : peer.cold_problem;
      options.note(row.layer + ": " + peer.name + ": no cold times: " + reason);
    }
    result.agrees = peer.agrees;
    row.peers.push_back(std::move(result));
  }
}

/// What all rows share.
struct Run {
  const BenchOptions& options;
  std::optional<measure::Ceilings> one_thread;  ///< of the CPU, beside several threads
};

void measure_row(const Run& run, const targets::Target& target, const spec::Layer& layer,
                 const measure::Kernel& kernel, const std::optional<measure::Prepared>& prepared,
                 TargetBuild& build, BenchRow& row) {
  if (prepared) {
    const auto checked = measure::isolated(run.options.limit_seconds, [&] {
      return measure::check(*prepared, {}, kernel, run.options.threads);
    });
    if (support::interrupted()) return;
    if (checked.status != measure::Status::passed) return set_failed(row, checked.reason);
  }
  const RowTimes times = time_row(layer, target, kernel, run.options);
  if (support::interrupted()) return;
  if (!times.failure.empty()) return set_failed(row, times.failure);
  row.status = Status::ok;
  set_times(times, row);
  set_peers(times, run.options, row);
  if (!run.options.machine.emulator.empty()) {
    row.reason = "timed in " + run.options.machine.emulator + ": says nothing of the target";
    return;  // nor does a share of what it reaches at best
  }
  build.peaks.push_back(times.peak_gflops);
  const spec::Cost cost = spec::cost(layer);
  set_roofline(row, cost, times.peak_gflops, build.ceilings);
  if (run.one_thread && build.device.empty()) {
    set_speedup(row, times.one_thread.median,
                roofline_gflops(cost, times.one_thread_peak_gflops, *run.one_thread));
  }
}

void skip_if_interrupted(BenchRow& row) {
  if (!support::interrupted()) return;
  row.status = Status::skipped;
  row.reason = "interrupted";
}

/// The median of the rows' peaks, measured between their samples; without rows a burst of its own.
std::optional<double> peak_of(const TargetBuild& build, const targets::Target& target,
                              const BenchOptions& options) {
  if (build.status == Status::skipped) return std::nullopt;
  if (!build.peaks.empty()) return measure::statistics(build.peaks).median;
  if (target.device != targets::Device::cpu) return std::nullopt;
  try {
    return measure::peak_gflops(options.machine, target, options.threads, kPeakSeconds);
  } catch (const measure::KernelLost&) {
    return std::nullopt;
  }
}

/// The machine's bandwidths; where its runner is lost meanwhile, no row can be measured.
measure::Ceilings ceilings(const BenchOptions& options, int threads,
                           std::vector<TargetBuild>& builds) {
  try {
    return measure::measure_bandwidths(options.machine, threads);
  } catch (const measure::KernelLost& lost) {
    for (TargetBuild& build : builds) {
      build.status = Status::skipped;
      build.reason = "the machine's bandwidths cannot be measured: " + lost.reason;
    }
    return {};
  }
}

bool any_on_cpu(const std::vector<targets::Target>& targets) {
  return std::any_of(targets.begin(), targets.end(), [](const targets::Target& target) {
    return target.device == targets::Device::cpu;
  });
}

Machine describe_machine(const BenchOptions& options, const measure::Ceilings& cpu,
                         const std::vector<TargetBuild>& builds,
                         const std::vector<targets::Target>& targets) {
  Machine machine;
  machine.cpu = options.machine.cpu;
  machine.emulator = options.machine.emulator;
  const auto native = targets::parse_target("native");
  const bool here = !options.runner;
  machine.core = here && native ? std::string(native->core.name) : "generic";
  machine.sizes = cpu.sizes;
  for (size_t level = 0; level < measure::kLevels; ++level) {
    machine.gbs[level] = cpu.levels[level].at(0.5);
  }
  for (size_t t = 0; t < targets.size(); ++t) {
    const auto peak = peak_of(builds[t], targets[t], options);
    if (peak) machine.peak_gflops.emplace_back(targets[t].name, *peak);
    if (builds[t].device.empty()) continue;
    const auto& levels = builds[t].ceilings.levels;
    machine.devices.push_back({targets[t].name, builds[t].device, levels[1].at(0.5),
                               levels[3].at(0.5), builds[t].ceilings.sizes.bytes[1]});
  }
  return machine;
}

}  // namespace

BenchReport run(const std::vector<spec::Layer>& layers, const std::vector<std::string>& files,
                const std::vector<targets::Target>& targets, const measure::Builder& build,
                const BenchOptions& options) {
  const Distinct kernels = distinct(layers);
  std::vector<TargetBuild> builds;
  for (const auto& target : targets) {
    const auto runner = options.runner ? options.runner(target) : std::nullopt;
    builds.push_back(build_target(target, kernels.layers, build, runner));
  }
  measure::Ceilings cpu;
  Run run{options, {}};
  if (any_on_cpu(targets)) {
    cpu = ceilings(options, options.threads, builds);
    if (options.threads > 1) run.one_thread = ceilings(options, 1, builds);
  }
  for (size_t t = 0; t < targets.size(); ++t) {
    if (targets[t].device == targets::Device::cpu) builds[t].ceilings = cpu;
  }
  BenchReport report;
  report.threads = options.threads;
  for (size_t i = 0; i < layers.size(); ++i) {
    std::optional<measure::Prepared> prepared;  // one serves every target
    for (size_t t = 0; t < targets.size(); ++t) {
      BenchRow row = begin_row(layers[i], files[i], targets[t], spec::cost(layers[i]),
                               builds[t].ceilings.sizes);
      if (options.repeat) row.repeat = options.repeat(layers[i], targets[t]);
      const auto kernel =
          find_kernel(builds[t], kernels.layers[kernels.index[i]], kernels.index[i], row);
      if (kernel && !support::interrupted()) {
        if (!prepared && options.check) prepared = quick_case(layers[i]);
        measure_row(run, targets[t], layers[i], *kernel, prepared, builds[t], row);
      }
      skip_if_interrupted(row);
      report.rows.push_back(std::move(row));
      if (options.progress) {
        options.progress(report.rows.back(), report.rows.size(), layers.size() * targets.size());
      }
    }
  }
  report.machine = describe_machine(options, cpu, builds, targets);
  report.files = sums(report.rows);
  return report;
}

}  // namespace sepconv::bench
