// Tests of support: files and digests.
#include "support/files.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "support/sha256.h"

namespace {
namespace fs = std::filesystem;
using namespace sepconv;
using namespace sepconv::support;

TEST(Sha256, MatchesPublishedVectors) {
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_prefix("abc"), 0xba7816bf8f01cfeaULL);
}

TEST(Files, AtomicWriteReplacesAndLeavesNothingElse) {
  auto folder = TempFolder::make();
  ASSERT_TRUE(folder);
  const fs::path path = folder->path() / "a.txt";
  ASSERT_TRUE(write_file_atomic(path, "one"));
  ASSERT_TRUE(write_file_atomic(path, "two"));
  EXPECT_EQ(read_file(path).value(), "two");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder->path()), fs::directory_iterator()), 1);
}

TEST(Files, WriteIntoMissingFolderIsAnEnvironmentError) {
  const auto result = write_file_atomic("/nonexistent-folder/a.txt", "x");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error()[0].kind, ErrorKind::environment);
  EXPECT_EQ(result.error()[0].file, "/nonexistent-folder/a.txt");
}

TEST(Files, MissingFileFolderAndOversizeAreInputErrors) {
  auto folder = TempFolder::make();
  ASSERT_TRUE(folder);
  ASSERT_TRUE(write_file(folder->path() / "big", "12345"));
  for (const auto& result : {read_file(folder->path() / "missing"), read_file(folder->path()),
                             read_file(folder->path() / "big", 4)}) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error()[0].kind, ErrorKind::input);
  }
  EXPECT_EQ(read_file(folder->path() / "big", 5).value(), "12345");
}

TEST(Files, TempFolderGoesAwayWithItsContent) {
  fs::path path;
  {
    auto folder = TempFolder::make();
    ASSERT_TRUE(folder);
    path = folder->path();
    ASSERT_TRUE(write_file(path / "x", "y"));
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(Files, SafeRelativePathsStayInside) {
  for (const char* good : {"a", "a/b.txt", "a..b", ".hidden"})
    EXPECT_TRUE(is_safe_relative_path(good)) << good;
  for (const char* bad : {"", "/a", "..", "a/../b", "a\nb", "\x7f"}) {
    std::string why;
    EXPECT_FALSE(is_safe_relative_path(bad, &why)) << bad;
    EXPECT_FALSE(why.empty());
  }
}

TEST(Files, LockExcludesOthersUntilItIsDropped) {
  auto folder = TempFolder::make();
  ASSERT_TRUE(folder);
  const fs::path path = folder->path() / "lock";
  std::string order;
  std::thread other;
  {
    auto lock = FileLock::acquire(path);
    ASSERT_TRUE(lock);
    other = std::thread([&] {
      auto second = FileLock::acquire(path);
      order += second ? "b" : "failed";
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    order += "a";
  }
  other.join();
  EXPECT_EQ(order, "ab");
}

}  // namespace
