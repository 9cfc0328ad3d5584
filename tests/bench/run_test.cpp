// Tests of bench: every layer and target has its row, whatever becomes of the build.
#include <algorithm>

#include "fixture.h"
#include "spec/name.h"

namespace sepconv::bench {
namespace {

std::vector<spec::Layer> layers() {
  std::vector<spec::Layer> result;
  for (const char* name :
       {"pw_f32_n1h4w6c8_o16_relu", "pw_f32_n1h4w6c8_o17_relu", "pw_f32_n1h4w6c8_o16_relu"}) {
    result.push_back(spec::parse_name(name).value());
  }
  result[2].name = "again";
  return result;
}

Error error(const char* message) {
  Error error;
  error.message = message;
  error.hint = "look there";
  return error;
}

BenchReport run_with(const measure::Builder& build, const std::string& target) {
  BenchOptions options;
  options.repeat = [](const auto& layer, const auto&) { return "again: " + layer.name; };
  size_t calls = 0;
  options.progress = [&](const BenchRow&, size_t done, size_t total) {
    EXPECT_EQ(done, ++calls);
    EXPECT_EQ(total, 3u);
  };
  return run(layers(), {"a.json", "a.json", "b.json"}, {targets::parse_target(target).value()},
             build, options);
}

TEST(Run, GivesFailedRowsForLayersThatDoNotCompile) {
  size_t asked = 0;
  const auto report = run_with(
      [&](const measure::BuildRequest& request, const targets::Target&) {
        const auto& wanted = request.layers;
        asked = wanted.size();
        measure::Built built;
        for (const auto& layer : wanted) {
          EXPECT_EQ(layer.name, spec::canonical_name(layer));
          built.layers.push_back({"", "heuristic", 0, {error("too many knobs")}});
        }
        return Result<measure::Built>(built);
      },
      "native");
  EXPECT_EQ(asked, 2u);  // equal layers are built once
  ASSERT_EQ(report.rows.size(), 3u);
  for (const BenchRow& row : report.rows) {
    EXPECT_EQ(row.status, Status::failed);
    EXPECT_NE(row.reason.find("too many knobs; look there"), std::string::npos) << row.reason;
    EXPECT_FALSE(row.median_us);
  }
  EXPECT_EQ(report.rows[2].layer, "again");
  EXPECT_EQ(report.rows[2].file, "b.json");
  EXPECT_EQ(report.rows[2].repeat, "again: again");
  EXPECT_EQ(report.rows[0].flops, 2 * 4 * 6 * 8 * 16);
}

TEST(Run, GivesFailedRowsWhenNothingCanBeBuilt) {
  const auto report = run_with(
      [](const auto&, const auto&) -> Result<measure::Built> { return fail(error("no linker")); },
      "native");
  ASSERT_EQ(report.rows.size(), 3u);
  for (const BenchRow& row : report.rows) {
    EXPECT_EQ(row.status, Status::failed);
    EXPECT_EQ(row.reason, "no linker; look there");
  }
}

TEST(Run, SkipsTargetsThatThisMachineCannotRunWithoutBuilding) {
#ifdef __x86_64__
  const char* foreign = "arm64";
#else
  const char* foreign = "x86-64-v2";
#endif
  const auto report = run_with(
      [](const auto&, const auto&) -> Result<measure::Built> {
        ADD_FAILURE() << "built for a target that cannot run";
        return fail(error("unused"));
      },
      foreign);
  ASSERT_EQ(report.rows.size(), 3u);
  for (const BenchRow& row : report.rows) {
    EXPECT_EQ(row.status, Status::skipped);
    EXPECT_FALSE(row.reason.empty());
  }
  EXPECT_TRUE(report.machine.peak_gflops.empty());
}

}  // namespace
}  // namespace sepconv::bench
