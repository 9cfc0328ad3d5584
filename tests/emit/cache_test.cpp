// Tests of emit: the cache of kernels: hits, misses, damage, eviction, several users at once.
#include "emit/cache.h"

#include <thread>

#include "fixture.h"
#include "support/sha256.h"

namespace sepconv::emit {
namespace {
namespace fs = std::filesystem;

class Cache : public EmitTest {
 protected:
  /// A folder as a worker leaves it, with an object of 1000 bytes.
  fs::path kernel(const std::string& name) {
    const fs::path folder = path(name);
    KernelFacts facts;
    const std::string object(1000, name[0]);
    facts.object_sha256 = support::sha256(object);
    EXPECT_TRUE(support::make_folder(folder));
    EXPECT_TRUE(support::write_file(folder / kObjectFile, object));
    EXPECT_TRUE(support::write_file(folder / kFactsFile, to_text(facts)));
    return folder;
  }
  bool has(const std::string& key) {
    return cache_fetch(path("cache"), key, path("out" + std::to_string(++fetches_))).has_value();
  }

 private:
  int fetches_ = 0;
};

TEST_F(Cache, SecondCompileIsAHitWithTheSameObject) {
  const auto first = compile({test_job("works")});
  const auto second = compile({test_job("works")});
  ASSERT_TRUE(first[0] && second[0]);
  EXPECT_FALSE(first[0]->cached);
  EXPECT_TRUE(second[0]->cached);
  EXPECT_EQ(support::sha256_file(first[0]->folder / kObjectFile).value(),
            support::sha256_file(second[0]->folder / kObjectFile).value());
}

TEST_F(Cache, AnotherPointOrToolIsAMiss) {
  EXPECT_NE(cache_key(test_job("works"), "a"), cache_key(test_job("works", "heap"), "a"));
  EXPECT_NE(cache_key(test_job("works"), "a"), cache_key(test_job("works"), "b"));
  EXPECT_EQ(cache_key(test_job("works"), "a"), cache_key(test_job("works"), "a"));
}

TEST_F(Cache, NoCacheNeitherReadsNorWrites) {
  options_.cache.use = false;
  ASSERT_TRUE(compile({test_job("works")})[0]);
  EXPECT_FALSE(fs::exists(path("cache")));
}

TEST_F(Cache, ADamagedEntryIsRemovedAndMissed) {
  ASSERT_TRUE(cache_store(path("cache"), "k", kernel("a"), 1 << 20));
  ASSERT_TRUE(has("k"));
  ASSERT_TRUE(support::write_file(path("cache") / "v1" / "k" / kObjectFile, "torn"));
  EXPECT_FALSE(has("k"));
  EXPECT_FALSE(fs::exists(path("cache") / "v1" / "k"));
}

TEST_F(Cache, TheEntryLongestUnusedGoesFirst) {
  ASSERT_TRUE(cache_store(path("cache"), "old", kernel("a"), 1 << 20));
  ASSERT_TRUE(cache_store(path("cache"), "used", kernel("b"), 1 << 20));
  const auto past = fs::file_time_type::clock::now() - std::chrono::hours(1);
  fs::last_write_time(path("cache") / "v1" / "old" / kFactsFile, past);
  fs::last_write_time(path("cache") / "v1" / "used" / kFactsFile, past - std::chrono::hours(1));
  ASSERT_TRUE(has("used"));
  ASSERT_TRUE(cache_store(path("cache"), "new", kernel("c"), 3000));
  EXPECT_TRUE(has("new"));
  EXPECT_TRUE(has("used"));
  EXPECT_FALSE(has("old"));
}

TEST_F(Cache, ManyUsersAtOnceSeeWholeEntriesOnly) {
  const fs::path a = kernel("a"), b = kernel("b");
  std::vector<std::thread> users;
  std::atomic<int> failures{0};
  for (int user = 0; user < 4; ++user) {
    users.emplace_back([&, user] {
      for (int i = 0; i < 20; ++i) {
        const bool first = (user + i) % 2 == 0;
        // The limit holds one entry: storing one evicts the other.
        if (!cache_store(path("cache"), first ? "a" : "b", first ? a : b, 1500)) ++failures;
        const fs::path out = path("u" + std::to_string(user) + "_" + std::to_string(i));
        if (cache_fetch(path("cache"), first ? "a" : "b", out) &&
            support::read_file(out / kObjectFile).value() != std::string(1000, first ? 'a' : 'b')) {
          ++failures;
        }
      }
    });
  }
  for (auto& user : users) user.join();
  EXPECT_EQ(failures, 0);
  int left = 0;
  for (const auto& item : fs::directory_iterator(path("cache"))) {
    if (item.path().filename().string().starts_with("new-")) ++left;
  }
  EXPECT_EQ(left, 0);
}

}  // namespace
}  // namespace sepconv::emit
