// Tests of arm: the instructions that emit counts in a kernel's assembly are those that it
// executes, counted by a plugin of the emulator.
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "cli/runner.h"
#include "emit/assembly.h"
#include "fixture.h"
#include "measure/runner.h"
#include "spec/name.h"
#include "support/files.h"
#include "support/process.h"

namespace sepconv::cli {
namespace {

namespace fs = std::filesystem;

/// For the checks and the dispatch around the kernel, some two thousand instructions, and for
/// border tiles, whose tests of rows are branches that the assembly alone does not decide.
constexpr double kTolerance = 0.05;

bool takes_plugins() {
  support::Command command;
  command.argv = {"qemu-aarch64", "--help"};
  return support::run(command).out.find("-plugin") != std::string::npos;
}

/// Instructions of a kernel's run by the assembly.
double by_assembly(const spec::Layer& layer, const targets::Target& target) {
  emit::CompileOptions compile = compile_with_cache();
  compile.emits = {"asm"};
  const auto kernels = emit::compile({layer}, {target}, heuristic, compile);
  if (!kernels) throw std::runtime_error(kernels.error().front().message);
  const emit::CompiledKernel& kernel = kernels->front();
  return emit::read_assembly(kernel.texts.at("asm"), target, kernel.loops).executed;
}

/// The sum of what runners wrote into a folder; waits until none is at work. -1: one wrote nothing,
/// as the plugin was not loaded.
int64_t sum_of_counts(const fs::path& folder, size_t runners) {
  for (int patience = 0; patience < 600; ++patience) {
    int64_t sum = 0, value = 0;
    size_t finished = 0;
    for (const auto& entry : fs::directory_iterator(folder)) {
      std::ifstream file(entry.path());
      for (std::string word; file >> word;) {
        if (word != "counted" || !(file >> value)) continue;
        sum += value;
        ++finished;
      }
    }
    if (finished >= runners) return sum;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return -1;
}

/// Instructions that libraries execute in so many runs, packing and listing included.
int64_t counted(const spec::Layer& layer, const measure::Built& built, int runs) {
  const auto folder = support::TempFolder::make().value();
  const std::string program = (folder.path() / "runner").string();
  EXPECT_TRUE(support::write_file(program, measure::runner_program("arm64")));
  fs::permissions(program, fs::perms::owner_all);
  const fs::path counts = folder.path() / "counts";
  EXPECT_TRUE(support::make_folder(counts));
  // The shell outlives the end of the connection no longer than the emulator, which then writes
  // its count. The runner lies below 1 GiB, libraries above.
  const std::string command =
      "sh -c 'qemu-aarch64 -cpu cortex-a76 -d plugin -D " + counts.string() +
      "/$$ -plugin " SEPCONV_COUNT_PLUGIN ",above=0x40000000 " + program + "; true'";
  {
    const auto library =
        measure::RemoteLibrary::open(built.shared_object, built.library, {command});
    if (!library) throw std::runtime_error(library.error().front().message);
    outputs(layer, library->kernel(layer).value(), runs);
  }
  return sum_of_counts(counts, 2);  // one lists the kernels, one runs them
}

class Count : public testing::TestWithParam<const char*> {};

TEST_P(Count, OfTheAssemblyIsThatOfTheEmulator) {
  const targets::Target arm = targets::parse_target("arm64").value();
  if (emulator(arm).empty()) GTEST_SKIP() << "qemu-aarch64 is not on PATH";
  if (!takes_plugins()) GTEST_SKIP() << "this qemu-aarch64 takes no plugins";
  const spec::Layer layer = spec::parse_name(GetParam()).value();
  const measure::Built built = build(layer, arm);
  const int64_t once = counted(layer, built, 1);
  if (once < 0) GTEST_SKIP() << "this qemu-aarch64 does not load the plugin";
  const auto executed = static_cast<double>(counted(layer, built, 2) - once);
  const double expected = by_assembly(layer, arm);
  RecordProperty("executed", std::to_string(executed));
  RecordProperty("expected", std::to_string(expected));
  EXPECT_NEAR(executed / expected, 1, kTolerance) << executed << " of " << expected;
}

INSTANTIATE_TEST_SUITE_P(Layers, Count,
                         testing::Values("pw_f32_n1h14w14c64_o60_relu6",
                                         "dw_f32_n1h28w28c32_k3s1p1_relu6",
                                         "dwpw_f32_n1h14w14c64_o64_k3s1p1_relu6_relu6",
                                         "ir_f32_n1h14w14c16_e48_o16_k3s1p1_relu6_relu6_none_res"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace sepconv::cli
