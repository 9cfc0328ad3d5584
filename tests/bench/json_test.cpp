// Tests of bench: the JSON object has every field of the contract, null where it does not apply.
#include "bench/json.h"

#include "fixture.h"

namespace sepconv::bench {
namespace {

BenchReport report_of(std::vector<BenchRow> rows) {
  BenchReport report;
  report.machine = {"A CPU", {{"x86-64-v3", 118.5}}, {4, 3, 2, 1}, "zen4", {{32, 64, 96}}};
  report.threads = 2;
  report.rows = std::move(rows);
  return report;
}

TEST(Json, DescribesTheMachine) {
  const auto json = to_json(report_of({}), false);
  EXPECT_EQ(json["machine"].dump(),
            R"({"cpu":"A CPU","peak_gflops":{"x86-64-v3":118.5},"l1_gbs":4.0,"l2_gbs":3.0,)"
            R"("l3_gbs":2.0,"dram_gbs":1.0,"core":"zen4","l1_bytes":32,"l2_bytes":64,)"
            R"("l3_bytes":96,"emulator":null})");
  EXPECT_EQ(json["threads"], 2);
  EXPECT_EQ(json["results"].dump(), "[]");
  EXPECT_EQ(json["files"].dump(), "[]");
}

TEST(Json, ATimedRowHasEveryFieldInOrder) {
  BenchRow row = timed_row("a", "pointwise", 10, 0.5);
  row.flops = 20;
  row.peers = {peer("onednn", 1.5, true)};
  EXPECT_EQ(
      to_json(report_of({row}), false)["results"][0].dump(),
      R"({"layer":"a","name":"pw_f32_n1h4w6c8_o16_relu","op":"pointwise","target":"x86-64-v3",)"
      R"("count":1,"schedule":"heuristic","flops":20,"dw_flops":0,"pw_flops":0,"params":0,)"
      R"("bytes":0,"level":"L2","min_us":5.0,"median_us":10.0,"mean_us":10.0,"std_us":0.5,)"
      R"("max_us":20.0,"p95_us":20.0,"p99_us":20.0,"cold_median_us":30.0,"gflops":50.0,)"
      R"("roofline_gflops":100.0,"of_roofline":0.5,"one_thread_median_us":null,"speedup":null,)"
      R"("roofline_speedup":null,"code_bytes":640,"status":"ok",)"
      R"("reason":null,"peers":[{"name":"onednn","impl":"jit","min_us":15.0,"median_us":30.0,)"
      R"("ratio":1.5,"cold_median_us":null,"cold_ratio":null,"agrees":true}]})");
}

TEST(Json, AFailedRowHasTheSameFieldsWithNulls) {
  const auto json =
      to_json(report_of({timed_row("a", "pointwise", 10, 0.5), failed_row("b")}), false);
  const auto& good = json["results"][0];
  const auto& bad = json["results"][1];
  ASSERT_EQ(good.size(), bad.size());
  for (const auto& [field, value] : good.items()) EXPECT_TRUE(bad.contains(field)) << field;
  for (const char* field :
       {"schedule", "min_us", "median_us", "mean_us", "std_us", "max_us", "p95_us", "p99_us",
        "cold_median_us", "gflops", "roofline_gflops", "of_roofline", "code_bytes"}) {
    EXPECT_TRUE(bad[field].is_null()) << field;
  }
  EXPECT_EQ(bad["status"], "failed");
  EXPECT_EQ(bad["reason"], "killed by signal 11");
  EXPECT_EQ(bad["peers"].dump(), "[]");
}

TEST(Json, RowsOfSeveralFilesNameTheirFile) {
  BenchRow by_name = timed_row("b", "pointwise", 10, 0.5);
  by_name.file.clear();
  const auto json = to_json(report_of({timed_row("a", "pointwise", 10, 0.5), by_name}), true);
  EXPECT_EQ(json["results"][0]["file"], "net.json");
  EXPECT_TRUE(json["results"][1]["file"].is_null());
}

TEST(Json, SumsHaveNullMeansWithoutRows) {
  BenchReport report = report_of({});
  report.files.resize(1);
  report.files[0].name = "net.json";
  report.files[0].op = "total";
  const auto json = to_json(report, false)["files"][0];
  EXPECT_EQ(json["name"], "net.json");
  EXPECT_EQ(json["sum_us"], 0.0);
  for (const char* field :
       {"weighted_of_roofline", "geomean_of_roofline", "weighted_ratio", "geomean_ratio",
        "sum_cold_us", "weighted_cold_ratio", "geomean_cold_ratio", "speedup", "least_speedup"}) {
    ASSERT_TRUE(json.contains(field)) << field;
    EXPECT_TRUE(json[field].is_null()) << field;
  }
}

}  // namespace
}  // namespace sepconv::bench
