// Tests: layers and targets become rows, whatever the builder and the kernels do.
#include "measure/verify.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "measure/library.h"
#include "spec/name.h"
#include "support/interrupt.h"

namespace sepconv::tests {
namespace {

using measure::Status;
using measure::VerifyRow;

// What fake_library.cpp does with them: right, right, wrong, crashing, missing.
constexpr const char* kRelu = "pw_f32_n1h4w4c8_o12_relu";
constexpr const char* kSilu = "pw_f32_n1h4w4c8_o12_silu";
constexpr const char* kWrong = "pw_f32_n1h4w4c8_o13_relu";
constexpr const char* kCrashing = "pw_f32_n1h4w4c8_o14_relu";
constexpr const char* kMissing = "pw_f32_n1h4w4c8_o15_relu";

spec::Layer layer(const std::string& canonical, const std::string& name = {}) {
  auto parsed = spec::parse_name(canonical);
  EXPECT_TRUE(parsed) << canonical;
  if (!parsed) return {};
  if (!name.empty()) parsed->name = name;
  return *parsed;
}

targets::Target target(const char* name) {
  const auto parsed = targets::parse_target(name);
  EXPECT_TRUE(parsed) << name;
  return parsed ? *parsed : targets::Target{};
}

#ifdef __x86_64__
constexpr const char* kForeign = "arm64";
#else
constexpr const char* kForeign = "x86-64-v2";
#endif

Error problem(const char* message) {
  Error error;
  error.message = message;
  return error;
}

/// A builder whose library is the fake one, and what it was asked for.
struct FakeBuilder {
  std::vector<std::vector<spec::Layer>> asked;
  std::vector<size_t> point_of;  ///< of the last request
  std::function<void(measure::Built&, const std::vector<spec::Layer>&)> adjust;

  measure::Builder callable() {
    return [this](const measure::BuildRequest& request,
                  const targets::Target&) -> Result<measure::Built> {
      const std::vector<spec::Layer>& layers = request.layers;
      asked.push_back(layers);
      point_of = request.point_of;
      measure::Built built;
      built.shared_object = FAKE_LIBRARY;
      built.library = "fake";
      built.layers.resize(layers.size());
      for (auto& one : built.layers) one.point = "x=1";
      if (adjust) adjust(built, layers);
      return built;
    };
  }
};

std::vector<VerifyRow> rows_of(const std::vector<spec::Layer>& layers, FakeBuilder& builder,
                               const measure::VerifyOptions& options = {}) {
  return measure::verify(layers, {target("native")}, builder.callable(), options);
}

VerifyRow row_of(const char* name, FakeBuilder& builder) {
  const auto rows = rows_of({layer(name)}, builder);
  EXPECT_EQ(rows.size(), 1U);
  return rows.empty() ? VerifyRow{} : rows[0];
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Verify, RightKernelsPassWithinTheirBounds) {
  FakeBuilder builder;
  for (const char* name : {kRelu, kSilu}) {
    const VerifyRow row = row_of(name, builder);
    EXPECT_EQ(row.status, Status::passed) << row.reason;
    ASSERT_TRUE(row.max_error && row.bound);
    EXPECT_LE(*row.max_error, *row.bound);
    EXPECT_EQ(row.reason, "");
  }
}

TEST(Verify, WrongKernelsFailWithErrorAndReason) {
  FakeBuilder builder;
  const VerifyRow row = row_of(kWrong, builder);
  EXPECT_EQ(row.status, Status::failed);
  EXPECT_TRUE(contains(row.reason, "exact pass: output [")) << row.reason;
  ASSERT_TRUE(row.max_error && row.bound);
  EXPECT_GT(*row.max_error, 0);
  EXPECT_EQ(*row.bound, 0);
}

TEST(Verify, CrashingKernelsFailWithoutNumbersAndTheRestGoesOn) {
  FakeBuilder builder;
  const auto rows = rows_of({layer(kCrashing), layer(kRelu)}, builder);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].status, Status::failed);
  EXPECT_TRUE(contains(rows[0].reason, "after the end of input")) << rows[0].reason;
  EXPECT_FALSE(rows[0].max_error || rows[0].bound);
  EXPECT_EQ(rows[1].status, Status::passed);
}

TEST(Verify, RowsAreLayersTimesTargetsLayersOutermost) {
  FakeBuilder builder;
  const auto rows = measure::verify({layer(kRelu, "one"), layer(kSilu, "two")},
                                    {target(kForeign), target("native")}, builder.callable(), {});
  ASSERT_EQ(rows.size(), 4U);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(rows[i].layer, i < 2 ? "one" : "two");
    EXPECT_EQ(rows[i].name, i < 2 ? kRelu : kSilu);
    EXPECT_EQ(rows[i].target, target(i % 2 == 0 ? kForeign : "native").name);
    EXPECT_EQ(rows[i].status, i % 2 == 0 ? Status::skipped : Status::passed) << rows[i].reason;
  }
}

TEST(Verify, TargetsOfAnotherMachineAreSkippedUnbuilt) {
  FakeBuilder builder;
  const auto rows = measure::verify({layer(kRelu)}, {target(kForeign)}, builder.callable(), {});
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].status, Status::skipped);
  EXPECT_TRUE(contains(rows[0].reason, "cannot run here: "));
  EXPECT_FALSE(rows[0].max_error);
  EXPECT_TRUE(builder.asked.empty());
}

TEST(Verify, BuildsLayersAndExactTwinsUnderCanonicalNamesEachOnce) {
  FakeBuilder builder;
  spec::Layer counted = layer(kSilu, "one");
  counted.count = 7;
  (void)rows_of({counted, layer(kRelu, "two"), layer(kSilu, "three")}, builder);
  ASSERT_EQ(builder.asked.size(), 1U);
  std::vector<std::string> names;
  for (const spec::Layer& asked : builder.asked[0]) {
    names.push_back(asked.name);
    EXPECT_EQ(asked.name, spec::canonical_name(asked));
    EXPECT_EQ(asked.count, 1);
  }
  EXPECT_EQ(names, (std::vector<std::string>{kSilu, kRelu, "pw_f32_n1h4w4c8_o12_none"}));
}

TEST(Verify, RepeatedLayersGetRowsOfTheirOwn) {
  FakeBuilder builder;
  const auto rows = rows_of({layer(kWrong, "one"), layer(kWrong, "two")}, builder);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].layer, "one");
  EXPECT_EQ(rows[1].layer, "two");
  EXPECT_EQ(rows[1].status, Status::failed);
  EXPECT_EQ(rows[1].reason, rows[0].reason);
  EXPECT_EQ(rows[1].max_error, rows[0].max_error);
}

TEST(Verify, LayersThatDoNotCompileFail) {
  FakeBuilder builder;
  builder.adjust = [](measure::Built& built, const auto&) {
    built.layers[0].errors = {problem("too many registers")};
  };
  const auto rows = rows_of({layer(kRelu), layer(kSilu)}, builder);
  EXPECT_EQ(rows.at(0).status, Status::failed);
  EXPECT_TRUE(contains(rows.at(0).reason, "does not compile: too many registers"));
  EXPECT_EQ(rows.at(1).status, Status::passed);
}

TEST(Verify, TwinsThatDoNotCompileFail) {
  FakeBuilder builder;
  builder.adjust = [](measure::Built& built, const auto&) {
    built.layers[1].errors = {problem("too many registers")};
  };
  const VerifyRow row = row_of(kSilu, builder);
  EXPECT_EQ(row.status, Status::failed);
  EXPECT_TRUE(contains(row.reason, "its exact twin does not compile"));
}

TEST(Verify, AnExactPassOfAnotherScheduleIsMistrusted) {
  FakeBuilder builder;
  builder.adjust = [](measure::Built& built, const auto&) { built.layers[1].point = "x=2"; };
  const VerifyRow row = row_of(kSilu, builder);
  EXPECT_EQ(row.status, Status::mistrusted);
  EXPECT_TRUE(contains(row.reason, "x=2 for x=1")) << row.reason;
  EXPECT_TRUE(row.max_error);
}

TEST(Verify, TwinsAskForTheirLayersPoints) {
  FakeBuilder builder;
  rows_of({layer(kSilu), layer("pw_f32_n1h4w4c8_o12_none"), layer("pw_f32_n1h4w4c8_o12_gelu")},
          builder);
  ASSERT_EQ(builder.asked.size(), 1U);
  const std::vector<spec::Layer>& asked = builder.asked[0];
  ASSERT_EQ(asked.size(), 5U);  // two twins, equal in all but their points, beside the plain layer
  EXPECT_EQ(builder.point_of, (std::vector<size_t>{0, 1, 2, 0, 2}));
  EXPECT_EQ(spec::canonical_name(asked[3]), asked[1].name);
  EXPECT_EQ(spec::canonical_name(asked[4]), asked[1].name);
  EXPECT_NE(asked[3].name, asked[4].name);
}

TEST(Verify, MissingKernelsFail) {
  FakeBuilder builder;
  const VerifyRow row = row_of(kMissing, builder);
  EXPECT_EQ(row.status, Status::failed);
  EXPECT_TRUE(contains(row.reason, "no kernel of this name"));
}

TEST(Verify, ABuilderThatFailsIsNeverSkipped) {
  const measure::Builder broken = [](const auto&, const auto&) -> Result<measure::Built> {
    return fail(problem("the disk is full"));
  };
  const auto rows = measure::verify({layer(kRelu)}, {target("native")}, broken, {});
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].status, Status::failed);
  EXPECT_TRUE(contains(rows[0].reason, "the disk is full"));
}

TEST(Verify, ALibraryThatCannotBeOpenedFails) {
  FakeBuilder builder;
  builder.adjust = [](measure::Built& built, const auto&) { built.library = "other"; };
  const VerifyRow row = row_of(kRelu, builder);
  EXPECT_EQ(row.status, Status::failed);
  EXPECT_TRUE(contains(row.reason, "does not export other_find"));
}

TEST(Verify, HangingKernelsFailAfterTheRowsLimit) {
  FakeBuilder builder;
  measure::VerifyOptions options;
  options.row_seconds = 0;
  const auto rows = rows_of({layer(kRelu)}, builder, options);
  EXPECT_EQ(rows.at(0).status, Status::failed);
  EXPECT_TRUE(contains(rows.at(0).reason, "did not end within"));
}

TEST(Verify, ReportsProgressAndHowToRepeat) {
  FakeBuilder builder;
  std::vector<size_t> done;
  measure::VerifyOptions options;
  options.progress = [&](const VerifyRow&, size_t count, size_t total) {
    EXPECT_EQ(total, 2U);
    done.push_back(count);
  };
  options.repeat = [](const spec::Layer& one, const targets::Target& on) {
    return "again " + one.name + " on " + on.isa;
  };
  const auto rows = rows_of({layer(kRelu, "one"), layer(kSilu, "two")}, builder, options);
  EXPECT_EQ(done, (std::vector<size_t>{1, 2}));
  EXPECT_EQ(rows.at(1).repeat, "again two on " + target("native").isa);
}

TEST(Verify, SkipsTheRestWhenInterrupted) {
  FakeBuilder builder;
  measure::VerifyOptions options;
  options.progress = [](const VerifyRow&, size_t, size_t) { support::interrupt(); };
  const auto rows = rows_of({layer(kRelu), layer(kSilu)}, builder, options);
  support::clear_interrupt();
  EXPECT_EQ(rows.at(0).status, Status::passed);
  EXPECT_EQ(rows.at(1).status, Status::skipped);
  EXPECT_EQ(rows.at(1).reason, "interrupted");
}

TEST(Library, SaysWhyItCannotBeOpened) {
  const auto library = measure::Library::open("/nowhere/lib.so", "fake");
  ASSERT_FALSE(library);
  EXPECT_EQ(library.error().at(0).kind, ErrorKind::internal);
  EXPECT_TRUE(contains(library.error().at(0).message, "/nowhere/lib.so"));
}

TEST(Library, KernelsOutliveTheirLibrary) {
  Result<measure::Kernel> kernel = fail(Error{});
  {
    const auto library = measure::Library::open(FAKE_LIBRARY, "fake");
    ASSERT_TRUE(library);
    EXPECT_EQ(library->find("nonsense"), nullptr);
    kernel = library->kernel(kRelu);
  }
  ASSERT_TRUE(kernel);
  std::vector<float> blob(kernel->packed_bytes / sizeof(float));
  const std::vector<float> weights(8 * 12, 1.0F), bias(12, 2.0F);
  sepconv_weights given{};
  given.weights = weights.data();
  given.bias = bias.data();
  EXPECT_EQ(kernel->pack(given, blob.data(), kernel->packed_bytes), SEPCONV_OK);
  EXPECT_EQ(std::count(blob.begin(), blob.end(), 2.0F), 12);
}

}  // namespace
}  // namespace sepconv::tests
