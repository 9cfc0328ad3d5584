// Tests of emit: header and manifest against goldens, and the install of a finished folder.
#include "emit/texts.h"

#include <cstdlib>

#include "emit/install.h"
#include "fixture.h"
#include "support/process.h"

namespace sepconv::emit {
namespace {
namespace fs = std::filesystem;

LibraryWords example_words() {
  LibraryWords words;
  words.data.name = "blocks";
  words.command = "sepconv generate --layers blocks.json --target x86-64-v3,x86-64-v2 --out .";
  words.tool_version = "0.1.0";
  words.halide_version = "21.0.0";
  words.targets = {"x86-64-v3", "x86-64-v2"};
  words.data.impls.resize(1);
  for (const char* name : {"stem", "again"}) {
    LayerData layer;
    layer.layer = name;
    layer.canonical_name = "pw_f32_n1h4w6c8_o16_relu";
    layer.layout = "nhwc";
    layer.input = {{1, 4, 6, 8}, {192, 48, 8, 1}};
    layer.output = {{1, 4, 6, 16}, {384, 96, 16, 1}};
    layer.packed_bytes = 640;
    words.data.layers.push_back(layer);
    LayerWords said;
    said.lines = {"pointwise 8 -> 16 channels, bias, relu"};
    said.flops = 6144;
    said.workspace_bytes = 192;
    said.schedules = {"tx=6,tv=2", ""};
    said.sources = {"db", "heuristic"};
    said.code_bytes = 1234;
    words.layers.push_back(said);
  }
  return words;
}

/// SEPCONV_UPDATE_GOLDENS=1 rewrites the golden instead of comparing.
void expect_golden(const std::string& name, const std::string& text) {
  const fs::path path = fs::path(SEPCONV_SOURCE_DIR) / "tests/emit/goldens" / name;
  if (std::getenv("SEPCONV_UPDATE_GOLDENS") != nullptr) {
    ASSERT_TRUE(support::write_file(path, text));
  }
  const auto golden = support::read_file(path);
  ASSERT_TRUE(golden) << "missing golden; run once with SEPCONV_UPDATE_GOLDENS=1";
  EXPECT_EQ(*golden, text) << "if this is meant, run with SEPCONV_UPDATE_GOLDENS=1";
}

using Texts = EmitTest;

TEST_F(Texts, HeaderIsTheGolden) { expect_golden("blocks.h", header_text(example_words())); }

TEST_F(Texts, ManifestIsTheGolden) {
  expect_golden("manifest.json", manifest_text(example_words(), {{"blocks.h", "00ff"}}));
}

TEST_F(Texts, CMakePackageAndNoticeAreTheGoldens) {
  expect_golden("blocksConfig.cmake", cmake_text(example_words()));
  expect_golden("NOTICE.txt", notice_text(example_words()));
}

TEST_F(Texts, HeaderCompilesAsCAndCpp) {
  ASSERT_TRUE(support::write_file(path("blocks.h"), header_text(example_words())));
  ASSERT_TRUE(support::write_file(path("a.c"), "#include \"blocks.h\"\n"));
  for (const std::vector<std::string>& compiler :
       {std::vector<std::string>{"cc", "-std=c99", "-x", "c"},
        {"c++", "-std=c++17", "-x", "c++"}}) {
    support::Command command;
    command.argv = compiler;
    command.argv.insert(command.argv.end(),
                        {"-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-I.",
                         "-I" + std::string(SEPCONV_SOURCE_DIR) + "/runtime/include", "a.c"});
    command.folder = path("");
    const auto outcome = support::run(command);
    EXPECT_TRUE(outcome.ok()) << outcome.err;
  }
}

using Install = EmitTest;

TEST_F(Install, ReplacesItsFilesAndKeepsOthers) {
  ASSERT_TRUE(support::make_folder(path("new/sub")));
  ASSERT_TRUE(support::make_folder(path("out")));
  ASSERT_TRUE(support::write_file(path("new/a"), "new"));
  ASSERT_TRUE(support::write_file(path("new/sub/b"), "b"));
  ASSERT_TRUE(support::write_file(path("out/a"), "old"));
  ASSERT_TRUE(support::write_file(path("out/mine"), "mine"));
  ASSERT_TRUE(install_tree(path("new"), path("out")));
  EXPECT_EQ(support::read_file(path("out/a")).value(), "new");
  EXPECT_EQ(support::read_file(path("out/sub/b")).value(), "b");
  EXPECT_EQ(support::read_file(path("out/mine")).value(), "mine");
}

TEST_F(Install, AFailureChangesNothing) {
  ASSERT_TRUE(support::make_folder(path("new")));
  ASSERT_TRUE(support::make_folder(path("out/b")));
  ASSERT_TRUE(support::write_file(path("new/a"), "new"));
  ASSERT_TRUE(support::write_file(path("new/b"), "a folder is there"));
  ASSERT_TRUE(support::write_file(path("out/a"), "old"));
  EXPECT_FALSE(install_tree(path("new"), path("out")));
  EXPECT_EQ(support::read_file(path("out/a")).value(), "old");
  EXPECT_TRUE(fs::is_directory(path("out/b")));
}

}  // namespace
}  // namespace sepconv::emit
