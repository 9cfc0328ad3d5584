// Tests of gpu: launches of compiled kernels, and libraries that hold device code.
#include <nlohmann/json.hpp>

#include "emit/describe.h"
#include "emit/library.h"
#include "schedules/gpu_space.h"
#include "support/files.h"
#include "support/process.h"
#include "tests/schedules/fixture.h"

namespace sepconv::emit {
namespace {

using schedules::layer_of;
using schedules::target_of;

const char* const kLayers[] = {"dw_f32_n1h14w14c33_k5s1p2_relu6",
                               "pw_f32_n1h13w13c24_o58_hard_swish",
                               "dwpw_f32_n1h28w28c128_o128_k3s1p1_relu6_relu6",
                               "dwpw_f32_n1h7w7c1024_o1024_k3s1p1_relu6_relu6",
                               "ir_f32_n1h14w14c24_e144_o24_k3s1p1_relu6_relu6_none_res",
                               "conv_f32_n1h32w32c3_o32_k3s2p1_relu6"};

CompileOptions compile_options() {
  CompileOptions options;
  options.worker = SEPCONV_TOOL;
  options.cache.directory = SEPCONV_BINARY_DIR "/test-cache";
  return options;
}

Chooser heuristic_chooser() {
  return [](const spec::Layer& layer, const targets::Target& target) -> Result<Choice> {
    Choice choice;
    choice.point = schedules::heuristic(layer, target);
    choice.source = "heuristic";
    return choice;
  };
}

std::vector<spec::Layer> all_layers() {
  std::vector<spec::Layer> layers;
  for (const char* name : kLayers) layers.push_back(layer_of(name));
  return layers;
}

void expect_planned(const spec::Layer& layer, const CompiledKernel& kernel) {
  const auto phases = schedules::gpu_phases(layer, kernel.point);
  ASSERT_EQ(kernel.launches.size(), phases.size());
  for (size_t i = 0; i < phases.size(); ++i) {
    const auto tile = schedules::gpu_tile(layer, phases[i], kernel.point);
    const Launch& launch = kernel.launches[i];
    EXPECT_EQ(launch.threads(), tile.threads()) << kernel.layer;
    EXPECT_EQ(launch.blocks(), schedules::blocks(tile)) << kernel.layer;
    EXPECT_EQ(launch.shared_bytes, schedules::shared_bytes(tile)) << kernel.layer;
  }
}

class Launches : public testing::TestWithParam<const char*> {};

TEST_P(Launches, AreThoseOfThePoint) {
  const auto layers = all_layers();
  const auto kernels =
      compile(layers, {target_of(GetParam())}, heuristic_chooser(), compile_options());
  ASSERT_TRUE(kernels) << kernels.error().front().message;
  for (size_t i = 0; i < layers.size(); ++i) expect_planned(layers[i], (*kernels)[i]);
}

INSTANTIATE_TEST_SUITE_P(Targets, Launches, testing::Values("cuda-sm80", "opencl"),
                         [](const auto& parameter) {
                           return std::string(parameter.param) == "opencl" ? "opencl" : "cuda";
                         });

TEST(Registers, OfEveryGenerationDoNotSpill) {
  if (support::find_program({"ptxas"}).empty()) GTEST_SKIP() << "ptxas is not on PATH";
  const auto kernels =
      compile(all_layers(), {target_of("cuda-sm80")}, heuristic_chooser(), compile_options());
  ASSERT_TRUE(kernels) << kernels.error().front().message;
  for (const CompiledKernel& kernel : *kernels) {
    for (const Launch& launch : kernel.launches) {
      ASSERT_EQ(launch.registers.size(), 3U) << kernel.layer;
      for (const auto& used : launch.registers) {
        EXPECT_EQ(used.spill_bytes, 0) << kernel.layer << " on sm_" << used.sm;
        EXPECT_LE(used.registers * launch.threads(), 65536) << kernel.layer;
      }
    }
  }
}

/// Generates with a PATH of its own, whose ptxas, if any, knows no sm_90.
class Assembler : public testing::Test {
 protected:
  Assembler() : folder_(std::move(*support::TempFolder::make())) {}

  void install_old_ptxas() const {
    const auto program = folder_.path() / "ptxas";
    ASSERT_TRUE(support::write_file(
        program,
        "#!/bin/sh\n"
        "case \"$*\" in\n"
        "*sm_90*) echo \"ptxas fatal   : Value 'sm_90' is not defined for option 'gpu-name'\"\n"
        "  exit 255;;\n"
        "esac\n"
        "echo 'ptxas info    : Used 32 registers'\n"));
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  }

  /// What the manifest has of the only launch.
  std::string registers() const {
    support::Command command;
    command.folder = folder_.path();
    command.argv = {SEPCONV_TOOL, "generate", "pw_f32_n1h4w4c8_o16_relu", "--target", "cuda-sm80",
                    "--out",      "out"};
    command.environment = {{"PATH", folder_.path().string() + ":/usr/bin:/bin"},
                           {"SEPCONV_CACHE_DIR", (folder_.path() / "cache").string()}};
    command.limits.seconds = 120;
    const auto outcome = support::run(command);
    EXPECT_TRUE(outcome.ok()) << outcome.err;
    const auto text = support::read_file(folder_.path() / "out/manifest.json");
    if (!text) return "no manifest";
    return nlohmann::json::parse(*text)["layers"][0]["schedules"][0]["launches"][0]["registers"]
        .dump();
  }

 private:
  support::TempFolder folder_;
};

TEST_F(Assembler, LeavesOutGenerationsThatItDoesNotKnow) {
  install_old_ptxas();
  EXPECT_EQ(registers(), R"({"sm_80":32,"sm_86":32})");
}

TEST_F(Assembler, IsAskedWhereTheCacheHasAKernelFromBeforeIt) {
  if (std::filesystem::exists("/usr/bin/ptxas")) GTEST_SKIP() << "ptxas is in /usr/bin";
  EXPECT_EQ(registers(), "{}");
  install_old_ptxas();
  EXPECT_NE(registers(), "{}");
}

TEST(DeviceLibrary, PrefersCodeForTheNewerGeneration) {
  const auto targets =
      best_first({target_of("x86-64-v3"), target_of("cuda-sm80"), target_of("cuda-sm86")});
  ASSERT_EQ(targets.size(), 3U);
  EXPECT_EQ(targets[0].name, "cuda-sm86");
  EXPECT_EQ(targets[1].name, "cuda-sm80");
}

/// A library of a CPU and a device: the app below runs its CPU code where there is no device.
TEST(DeviceLibrary, LinksAndFallsBackWithoutADevice) {
  const auto folder = support::TempFolder::make();
  ASSERT_TRUE(folder);
  LibraryRequest request;
  request.name = "mixed";
  request.layers = {layer_of("pw_f32_n1h4w4c8_o16_relu")};
  request.layers.front().name = "first";
  request.targets = {target_of("x86-64-v2"), target_of("cuda-sm80")};
  request.out = folder->path() / "out";
  request.command = "sepconv generate";
  request.choose = heuristic_chooser();
  request.compile = compile_options();
  const auto library = write_library(request);
  ASSERT_TRUE(library) << library.error().front().message;
  support::Command command;
  command.folder = folder->path();
  command.argv = {"cc",
                  "-std=c99",
                  "-Wall",
                  "-Werror",
                  "-pedantic",
                  "-Iout",
                  "-Iout/include",
                  SEPCONV_SOURCE_DIR "/tests/gpu/consumer.c",
                  "out/libmixed.a",
                  "-ldl",
                  "-o",
                  "app"};
  command.limits.seconds = 120;
  auto outcome = support::run(command);
  ASSERT_TRUE(outcome.ok()) << outcome.err;
  command.argv = {(folder->path() / "app").string()};
  command.environment = {{"LD_LIBRARY_PATH", "/nonexistent"}};
  outcome = support::run(command);
  ASSERT_TRUE(outcome.ok()) << outcome.err;
  if (outcome.out.starts_with("device")) GTEST_SKIP() << "this machine has a CUDA device";
  EXPECT_EQ(outcome.out, "open 15 run 0 on x86-64-v2\n");
}

}  // namespace
}  // namespace sepconv::emit
