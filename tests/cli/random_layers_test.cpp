// Tests of cli: layers that nobody listed compile and give the reference's values, on every kind of
// CPU target. SEPCONV_RANDOM_LAYERS sets how many a target.
#include <cstdlib>
#include <random>

#include "schedules/schedule.h"
#include "spec/name.h"
#include "tests/cli/fixture.h"
#include "tests/spec/random_layer.h"

namespace sepconv::cli {
namespace {

int wanted_layers() {
  const char* count = std::getenv("SEPCONV_RANDOM_LAYERS");
  return count == nullptr ? 16 : std::max(1, std::atoi(count));
}

std::vector<std::string> random_names(const targets::Target& target, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::string> names;
  while (names.size() < static_cast<size_t>(wanted_layers())) {
    const spec::Layer layer = tests::random_layer(random);
    if (schedules::unsupported(layer, target).empty()) names.push_back(spec::canonical_name(layer));
  }
  return names;
}

class RandomLayers : public ToolTest, public testing::WithParamInterface<const char*> {};

TEST_P(RandomLayers, Verify) {
  const std::string name = GetParam();
  const auto target = targets::parse_target(name);
  ASSERT_TRUE(target);
  std::vector<std::string> arguments{"verify", "--target", name, "--threads", "2"};
  const auto names = random_names(*target, static_cast<unsigned>(name.size()));
  arguments.insert(arguments.end(), names.begin(), names.end());
  const auto outcome = run(arguments);
  if (outcome.code == 4) GTEST_SKIP() << outcome.err;
  EXPECT_EQ(outcome.code, 0) << outcome.out;
}

INSTANTIATE_TEST_SUITE_P(Targets, RandomLayers,
                         testing::Values("x86-64-v2", "x86-64-v3", "x86-64-v4", "arm64",
                                         "arm64+fp16"),
                         [](const auto& info) {
                           std::string name = info.param;
                           for (char& letter : name)
                             if (letter == '-' || letter == '+') letter = '_';
                           return name;
                         });

}  // namespace
}  // namespace sepconv::cli
