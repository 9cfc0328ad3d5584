// Emit, private: the content-addressed cache of compiled kernels, shared by processes. Knows no
// Halide.
#include "emit/cache.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "support/files.h"
#include "support/sha256.h"

namespace sepconv::emit {
namespace {

namespace fs = std::filesystem;
using support::FileLock;

/// Changes when the meaning of an entry's files changes.
constexpr const char* kCacheFormat = "v1";

struct Entry {
  fs::path folder;
  fs::file_time_type used;
  int64_t bytes = 0;
};

fs::path entry_folder(const fs::path& cache, const std::string& key) {
  return cache / kCacheFormat / key;
}

std::vector<Entry> entries(const fs::path& cache) {
  std::vector<Entry> all;
  std::error_code code;
  for (const auto& item : fs::directory_iterator(entry_folder(cache, ""), code)) {
    Entry entry;
    entry.folder = item.path();
    entry.used = fs::last_write_time(item.path() / kFactsFile, code);
    for (const auto& file : fs::directory_iterator(item.path(), code)) {
      const auto size = file.file_size(code);
      if (!code) entry.bytes += static_cast<int64_t>(size);
    }
    all.push_back(std::move(entry));
  }
  return all;
}

void evict(const fs::path& cache, int64_t limit_bytes) {
  std::vector<Entry> all = entries(cache);
  std::sort(all.begin(), all.end(), [](const Entry& a, const Entry& b) { return a.used < b.used; });
  int64_t total = 0;
  for (const Entry& entry : all) total += entry.bytes;
  std::error_code ignored;
  for (const Entry& entry : all) {
    if (total <= limit_bytes) break;
    fs::remove_all(entry.folder, ignored);
    total -= entry.bytes;
  }
}

/// The facts of a folder whose object is whole.
std::optional<KernelFacts> whole(const fs::path& folder) {
  const auto text = support::read_file(folder / kFactsFile);
  if (!text) return std::nullopt;
  auto facts = parse_facts(*text);
  const auto digest = support::sha256_file(folder / kObjectFile);
  if (!facts || !digest || *digest != facts->object_sha256) return std::nullopt;
  return std::move(*facts);
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace

Result<fs::path> cache_folder(const CacheOptions& options) {
  if (!options.directory.empty()) return options.directory;
  if (const auto own = variable("SEPCONV_CACHE_DIR"); !own.empty()) return fs::path(own);
  if (const auto base = variable("XDG_CACHE_HOME"); !base.empty())
    return fs::path(base) / "sepconv";
  if (const auto home = variable("HOME"); !home.empty()) return fs::path(home) / ".cache/sepconv";
  Error error;
  error.kind = ErrorKind::environment;
  error.message = "no folder for the cache: neither SEPCONV_CACHE_DIR nor HOME is set";
  error.hint = "set SEPCONV_CACHE_DIR, or pass --no-cache";
  return fail(error);
}

std::string cache_key(const Job& job, const std::string& tool_identity) {
  return support::sha256(to_text(job) + '\n' + tool_identity);
}

std::optional<KernelFacts> cache_fetch(const fs::path& cache, const std::string& key,
                                       const fs::path& destination) {
  const fs::path folder = entry_folder(cache, key);
  std::error_code code;
  if (!fs::exists(folder, code)) return std::nullopt;
  const auto lock = FileLock::acquire(cache / "lock");
  if (!lock) return std::nullopt;
  auto facts = whole(folder);
  if (!facts) {
    fs::remove_all(folder, code);
    return std::nullopt;
  }
  fs::create_directories(destination, code);
  fs::copy(folder, destination, fs::copy_options::recursive, code);
  if (code) return std::nullopt;
  fs::last_write_time(folder / kFactsFile, fs::file_time_type::clock::now(), code);
  return facts;
}

Result<void> cache_store(const fs::path& cache, const std::string& key, const fs::path& source,
                         int64_t limit_bytes) {
  const fs::path folder = entry_folder(cache, key);
  auto made = support::make_folder(folder.parent_path());
  if (!made) return made;
  // The copy is made beside the entries, outside the lock; only the rename is inside.
  auto copy = support::TempFolder::make(cache, "new-");
  if (!copy) return fail(std::move(copy.error()));
  std::error_code code;
  fs::copy(source, copy->path(), fs::copy_options::recursive, code);
  if (code) return fail(support::system_error("cannot write the cache", cache, code.value()));
  const auto lock = FileLock::acquire(cache / "lock");
  if (!lock) return fail(lock.error());
  if (!fs::exists(folder, code)) {
    fs::rename(copy->path(), folder, code);
    if (code) return fail(support::system_error("cannot write the cache", cache, code.value()));
    copy->release();
  }
  evict(cache, limit_bytes);
  return {};
}

}  // namespace sepconv::emit
