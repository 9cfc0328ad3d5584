// Tests of cli: the builder leaves out layers that do not compile and keeps the others.
#include "cli/build.h"

#include <gtest/gtest.h>

#include "measure/library.h"
#include "schedules/schedule.h"
#include "spec/name.h"

namespace sepconv::cli {
namespace {

constexpr const char* kGood = "pw_f32_n1h4w6c8_o16_relu";
constexpr const char* kBad = "dw_f32_n1h8w8c16_k3s1p1_relu6";

emit::CompileOptions options() {
  emit::CompileOptions compile;
  compile.worker = SEPCONV_TOOL;
  compile.cache.directory = SEPCONV_BINARY_DIR "/test-cache";
  return compile;
}

/// The heuristic, but for `refused`, which gets an error.
emit::Chooser all_but(std::string refused) {
  return
      [refused](const spec::Layer& layer, const targets::Target& target) -> Result<emit::Choice> {
        if (layer.name != refused) {
          return emit::Choice{schedules::heuristic(layer, target), "heuristic"};
        }
        Error error;
        error.layer = layer.name;
        error.message = "refused";
        return fail(error);
      };
}

std::vector<spec::Layer> layers() {
  return {spec::parse_name(kBad).value(), spec::parse_name(kGood).value()};
}

TEST(Builder, KeepsTheOrderAndTheErrorsOfLayers) {
  const auto target = targets::parse_target("x86-64-v2").value();
  const auto built = make_builder(all_but(kBad), options())(layers(), target);
  ASSERT_TRUE(built) << built.error().front().message;
  ASSERT_EQ(built->layers.size(), 2u);
  ASSERT_EQ(built->layers[0].errors.size(), 1u);
  EXPECT_EQ(built->layers[0].errors[0].message, "refused");
  EXPECT_TRUE(built->layers[1].errors.empty());
  EXPECT_EQ(built->layers[1].source, "heuristic");
  EXPECT_GT(built->layers[1].code_bytes, 0);
  EXPECT_TRUE(std::filesystem::exists(built->shared_object));
}

TEST(Builder, WithoutAnyLayerThereIsNoObject) {
  const auto target = targets::parse_target("x86-64-v2").value();
  const auto built =
      make_builder(all_but(kBad), options())({{spec::parse_name(kBad).value()}}, target);
  ASSERT_TRUE(built);
  EXPECT_TRUE(built->shared_object.empty());
  EXPECT_EQ(built->layers[0].errors.size(), 1u);
}

TEST(Builder, HoldsSeveralPointsOfOneLayer) {
  const auto target = targets::parse_target("x86-64-v2").value();
  std::vector<spec::Layer> twice(2, spec::parse_name(kGood).value());
  twice[0].name = "narrow";
  twice[1].name = "wide";
  const auto choose = [](const spec::Layer& layer, const targets::Target& to) {
    schedules::Point point = schedules::heuristic(layer, to);
    point["pw_x"] = layer.name == "narrow" ? 1 : 2;
    return Result<emit::Choice>(emit::Choice{point, "forced"});
  };
  const auto built = make_builder(choose, options())(twice, target);
  ASSERT_TRUE(built) << built.error().front().message;
  EXPECT_NE(built->layers[0].code_bytes, built->layers[1].code_bytes);
  const auto library = measure::Library::open(built->shared_object, built->library);
  ASSERT_TRUE(library);
  EXPECT_NE(library->find("narrow"), nullptr);
  EXPECT_NE(library->find("narrow"), library->find("wide"));
}

}  // namespace
}  // namespace sepconv::cli
