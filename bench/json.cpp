// Bench: report to JSON, field by field. Knows no clock and no terminal.
#include "bench/json.h"

#include "bench/target_gaps.h"

namespace sepconv::bench {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json optional(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json text(const std::string& value) { return value.empty() ? Json(nullptr) : Json(value); }

Json peers_json(const std::vector<PeerResult>& peers) {
  Json list = Json::array();
  for (const PeerResult& peer : peers) {
    list.push_back({{"name", peer.name},
                    {"impl", text(peer.impl)},
                    {"min_us", peer.min_us},
                    {"median_us", peer.median_us},
                    {"ratio", optional(peer.ratio)},
                    {"cold_median_us", optional(peer.cold_median_us)},
                    {"cold_ratio", optional(peer.cold_ratio)},
                    {"agrees", peer.agrees}});
  }
  return list;
}

void add_times(const BenchRow& row, Json& item) {
  item["min_us"] = optional(row.min_us);
  item["median_us"] = optional(row.median_us);
  item["mean_us"] = optional(row.mean_us);
  item["std_us"] = optional(row.std_us);
  item["max_us"] = optional(row.max_us);
  item["p95_us"] = optional(row.p95_us);
  item["p99_us"] = optional(row.p99_us);
  item["cold_median_us"] = optional(row.cold_median_us);
  item["gflops"] = optional(row.gflops);
  item["roofline_gflops"] = optional(row.roofline_gflops);
  item["of_roofline"] = optional(row.of_roofline);
  item["one_thread_median_us"] = optional(row.one_thread_median_us);
  item["speedup"] = optional(row.speedup);
  item["roofline_speedup"] = optional(row.roofline_speedup);
}

Json row_json(const BenchRow& row, bool several_files) {
  Json item;
  if (several_files) item["file"] = text(row.file);
  item["layer"] = row.layer;
  item["name"] = row.name;
  item["op"] = row.op;
  item["target"] = row.target;
  item["count"] = row.count;
  item["schedule"] = text(row.schedule);
  item["flops"] = row.flops;
  item["dw_flops"] = row.dw_flops;
  item["pw_flops"] = row.pw_flops;
  item["params"] = row.params;
  item["bytes"] = row.bytes;
  item["level"] = text(row.level);
  add_times(row, item);
  item["code_bytes"] = optional(row.code_bytes);
  item["status"] = word(row.status);
  item["reason"] = text(row.reason);
  item["peers"] = peers_json(row.peers);
  return item;
}

Json machine_json(const Machine& machine) {
  Json peaks = Json::object();
  for (const auto& [target, value] : machine.peak_gflops) peaks[target] = value;
  const auto gbs = [&](size_t level) {
    return machine.gbs[level] > 0 ? Json(machine.gbs[level]) : Json(nullptr);
  };
  Json object{{"cpu", machine.cpu},
              {"peak_gflops", peaks},
              {"l1_gbs", gbs(0)},
              {"l2_gbs", gbs(1)},
              {"l3_gbs", gbs(2)},
              {"dram_gbs", gbs(3)},
              {"core", text(machine.core)},
              {"l1_bytes", machine.sizes.bytes[0]},
              {"l2_bytes", machine.sizes.bytes[1]},
              {"l3_bytes", machine.sizes.bytes[2]},
              {"emulator", text(machine.emulator)}};
  for (const DeviceMachine& device : machine.devices) {
    object["devices"][device.target] = {{"name", device.name},
                                        {"l2_gbs", device.cache_gbs},
                                        {"dram_gbs", device.dram_gbs},
                                        {"l2_bytes", device.cache_bytes}};
  }
  return object;
}

Json gaps_json(const std::vector<TargetGap>& gaps) {
  Json list = Json::array();
  for (const TargetGap& gap : gaps) {
    list.push_back({{"name", text(gap.file)},
                    {"op", gap.op},
                    {"target", gap.target},
                    {"base", gap.base},
                    {"layers", gap.layers},
                    {"of_roofline", gap.of_roofline},
                    {"base_of_roofline", gap.base_of_roofline},
                    {"points_lost", gap.points()},
                    {"most_points_lost", gap.most_points},
                    {"most_layer", gap.most_layer},
                    {"time_ratio", gap.time_ratio}});
  }
  return list;
}

}  // namespace

Json to_json(const BenchReport& report, bool several_files) {
  Json rows = Json::array(), files = Json::array();
  for (const BenchRow& row : report.rows) rows.push_back(row_json(row, several_files));
  for (const FileSum& sum : report.files) {
    files.push_back({{"name", text(sum.name)},
                     {"op", sum.op},
                     {"target", sum.target},
                     {"sum_us", sum.sum_us},
                     {"weighted_of_roofline", optional(sum.weighted_of_roofline)},
                     {"geomean_of_roofline", optional(sum.geomean_of_roofline)},
                     {"weighted_ratio", optional(sum.weighted_ratio)},
                     {"geomean_ratio", optional(sum.geomean_ratio)},
                     {"sum_cold_us", optional(sum.sum_cold_us)},
                     {"weighted_cold_ratio", optional(sum.weighted_cold_ratio)},
                     {"geomean_cold_ratio", optional(sum.geomean_cold_ratio)},
                     {"speedup", optional(sum.speedup)},
                     {"least_speedup", optional(sum.least_speedup)}});
  }
  return {{"machine", machine_json(report.machine)},
          {"threads", report.threads},
          {"results", std::move(rows)},
          {"files", std::move(files)},
          {"targets", gaps_json(target_gaps(report))}};
}

}  // namespace sepconv::bench
