// Tests of emit: finding and running LLVM's programs, reading ELF.
#include "emit/tools.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "emit/elf.h"
#include "support/files.h"

namespace sepconv::emit {
namespace {

TEST(Tools, AMissingProgramIsAnEnvironmentErrorNamingThePackage) {
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", "/nonexistent", 1);
  const auto tool = find_tool("ld.lld");
  ::setenv("PATH", path.c_str(), 1);
  ASSERT_FALSE(tool);
  EXPECT_EQ(tool.error()[0].kind, ErrorKind::environment);
  EXPECT_NE(tool.error()[0].hint.find("lld"), std::string::npos);
}

TEST(Tools, AVersionedNameIsFound) {
  auto folder = support::TempFolder::make();
  ASSERT_TRUE(folder);
  const auto program = folder->path() / "llvm-mc-17";
  ASSERT_TRUE(support::write_file(program, "#!/bin/sh\n"));
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", folder->path().c_str(), 1);
  const auto tool = find_tool("llvm-mc");
  ::setenv("PATH", path.c_str(), 1);
  ASSERT_TRUE(tool);
  EXPECT_EQ(*tool, program);
}

TEST(Tools, CodeBytesAreThoseOfExecutableSections) {
  auto folder = support::TempFolder::make();
  ASSERT_TRUE(folder);
  ASSERT_TRUE(support::write_file(folder->path() / "a.s",
                                  ".text\n.zero 48\n.section .text.b,\"ax\"\n.zero 16\n"
                                  ".data\n.zero 100\n"));
  for (const char* triple : {"x86_64-linux-gnu", "aarch64-linux-gnu"}) {
    ASSERT_TRUE(run_tool("llvm-mc",
                         {"-filetype=obj", std::string("-triple=") + triple, "a.s", "-o", "a.o"},
                         folder->path()));
    EXPECT_EQ(code_bytes(support::read_file(folder->path() / "a.o").value()).value(), 64);
  }
}

TEST(Tools, CutOffObjectsAreErrors) {
  EXPECT_FALSE(code_bytes(""));
  EXPECT_FALSE(code_bytes(std::string(64, 'x')));
}

}  // namespace
}  // namespace sepconv::emit
