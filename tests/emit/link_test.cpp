// Tests of emit: archives: their symbols, their bytes, and programs that link them.
#include "emit/link.h"

#include <dlfcn.h>

#include "emit/elf.h"
#include "emit/library.h"
#include "emit/tools.h"
#include "fixture.h"
#include "runtime/embedded.h"
#include "sepconv/sepconv.h"
#include "support/process.h"
#include "support/sha256.h"

namespace sepconv::emit {
namespace {
namespace fs = std::filesystem;

LibraryData library(const std::string& name) {
  LibraryData data;
  data.name = name;
  ImplData impl;
  impl.layer_hash = 77;
  impl.packing_version = 1;
  impl.parts = {{0, 4, 8, 16, 1, 1, 0, 512, {16, 8, 1, 0, 9}}};
  PhaseData phase;
  phase.function = "sepconv_test_0_argv";
  phase.tasks = 4;
  phase.output_hwc = {4, 6, 16};
  phase.part_count = 1;
  impl.variants = {{"x86-64-v2", 1, 192, 0, {phase}}};
  data.impls = {impl};
  for (const char* layer : {"first", "second"}) {
    LayerData entry;
    entry.layer = layer;
    entry.canonical_name = "pw_f32_n1h4w6c8_o16_relu";
    entry.layout = "nhwc";
    entry.input = {{1, 4, 6, 8}, {192, 48, 8, 1}};
    entry.output = {{1, 4, 6, 16}, {384, 96, 16, 1}};
    entry.packed_bytes = 576;
    data.layers.push_back(entry);
  }
  return data;
}

class Link : public EmitTest {
 protected:
  void execute(const std::vector<std::string>& argv) {
    support::Command command;
    command.argv = argv;
    command.folder = path("");
    const auto outcome = support::run(command);
    ASSERT_TRUE(outcome.ok()) << argv[0] << ": " << outcome.err << outcome.message;
    output_ = outcome.out;
  }
  void SetUp() override {
    EmitTest::SetUp();
    const auto compiled = compile({test_job("works", "heap")});
    ASSERT_TRUE(compiled[0]);
    kernel_ = compiled[0]->folder / kObjectFile;
    execute({"clang", "-O2", "-fPIC", "-ffreestanding", "-fno-stack-protector", "-c",
             include("runtime/src"), include("runtime/include"), source("fake_runtime.c"), "-o",
             "runtime.o"});
    if (HasFatalFailure()) return;
    runtime_ = support::read_file(path("runtime.o")).value();
  }
  static std::string source(const std::string& file) {
    return std::string(SEPCONV_SOURCE_DIR) + "/tests/emit/" + file;
  }
  static std::string include(const std::string& folder) {
    return "-I" + std::string(SEPCONV_SOURCE_DIR) + "/" + folder;
  }
  Result<fs::path> link(const std::string& name, const std::string& folder) {
    LinkInput input;
    input.library = library(name);
    input.kernels = {kernel_};
    input.runtime = runtime_;
    EXPECT_TRUE(support::make_folder(path(folder)));
    return link_archive(input, path(folder));
  }

  fs::path kernel_;
  std::string runtime_, output_;
};

TEST_F(Link, OnlyDocumentedSymbolsAreGlobal) {
  ASSERT_TRUE(link("one", "a"));
  const auto symbols = global_symbols(support::read_file(path("a") / "one.o").value());
  ASSERT_TRUE(symbols);
  EXPECT_EQ(symbols->defined,
            (std::set<std::string>{"one_at", "one_count", "one_find", "one_first", "one_second"}));
  for (const std::string& name : symbols->undefined) EXPECT_TRUE(name.starts_with("mem")) << name;
}

TEST_F(Link, BytesDoNotDependOnTheFolder) {
  const auto a = link("one", "a"), b = link("one", "another folder");
  ASSERT_TRUE(a && b);
  EXPECT_EQ(support::sha256_file(*a).value(), support::sha256_file(*b).value());
}

TEST_F(Link, TwoLibrariesServeCAndCppPrograms) {
  const auto one = link("one", "a"), two = link("two", "b");
  ASSERT_TRUE(one && two);
  const std::vector<std::vector<std::string>> compilers{
      {"cc", "-std=c99", "-x", "c"}, {"c++", "-std=c++17", "-x", "c++", "-pie", "-fPIE"}};
  for (std::vector<std::string> argv : compilers) {
    argv.insert(argv.end(), {"-Wl,--fatal-warnings,--gc-sections", include("runtime/src"),
                             include("runtime/include"), source("consumer.c"), "-x", "none",
                             one->string(), two->string(), "-o", "app"});
    execute(argv);
    execute({"./app"});
    EXPECT_EQ(output_,
              "2 2 first pw_f32_n1h4w6c8_o16_relu nhwc 2 f32 4\n8 16 576 77\n4 512 9 1\n"
              "4 192 x86-64-v2 16 -1 1\n1 1 1\n1 1\n");
  }
}

TEST_F(Link, ASharedObjectExportsTheLibrary) {
  const auto one = link("one", "a");
  ASSERT_TRUE(one);
  const auto shared = link_shared(*one, "one", path("libone.so"));
  ASSERT_TRUE(shared);
  const auto symbols = global_symbols(support::read_file(*shared).value());
  ASSERT_TRUE(symbols);
  EXPECT_TRUE(symbols->defined.contains("one_find"));
}

TEST_F(Link, ASharedObjectOfTheRealRuntimeOpensAndAnswers) {
  runtime_ = runtime::object_x86_64();
  const auto one = link("one", "a");
  ASSERT_TRUE(one);
  const auto shared = link_shared(*one, "one", path("libone.so"));
  ASSERT_TRUE(shared);
  void* handle = dlopen(shared->c_str(), RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(handle, nullptr) << dlerror();
  const auto count = reinterpret_cast<size_t (*)()>(dlsym(handle, "one_count"));
  const auto find =
      reinterpret_cast<const sepconv_kernel* (*)(const char*)>(dlsym(handle, "one_find"));
  ASSERT_TRUE(count != nullptr && find != nullptr);
  EXPECT_EQ(count(), 2u);
  const sepconv_kernel* kernel = find("second");
  ASSERT_NE(kernel, nullptr);
  EXPECT_EQ(sepconv_tasks(kernel, nullptr), 4u);
  EXPECT_EQ(sepconv_workspace_bytes(kernel, nullptr), 192u);
  dlclose(handle);
}

TEST(EmbeddedRuntime, NeedsTheDescriptorsAndLibcOnly) {
  const std::set<std::string> x86{"getenv", "memcpy", "memset", "sepconv_library"};
  std::set<std::string> arm = x86;
  arm.insert("getauxval");
  EXPECT_EQ(global_symbols(runtime::object_x86_64()).value().undefined, x86);
  EXPECT_EQ(global_symbols(runtime::object_arm64()).value().undefined, arm);
}

TEST(EmbeddedRuntime, IsSmall) {
  EXPECT_LT(code_bytes(runtime::object_x86_64()).value(), 11264);
  EXPECT_LT(code_bytes(runtime::object_arm64()).value(), 11264);
}

TEST_F(Link, AMissingKernelIsAnErrorNamingIt) {
  LinkInput input;
  input.library = library("one");
  input.runtime = runtime_;
  const auto result = link_archive(input, path(""));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error()[0].value, "sepconv_test_0_argv");
}

TEST_F(Link, DescriptorsAssembleForArm) {
  ASSERT_TRUE(
      support::write_file(path("d.s"), descriptor_assembly(library("one"), Architecture::arm64)));
  EXPECT_TRUE(run_tool(
      "llvm-mc", {"-filetype=obj", "-triple=aarch64-linux-gnu", "d.s", "-o", "d.o"}, path("")));
}

}  // namespace
}  // namespace sepconv::emit
