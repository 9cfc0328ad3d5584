// Cli: the temporary folder of a tuning session, in which all its temporary files lie. Knows no
// file's content.
#include "cli/tune_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

namespace sepconv::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPrefix = "sepconv-tune-";
constexpr const char* kLock = "lock";

/// Removes what killed sessions left. Another user's folder refuses, which is as well.
void remove_stale(const fs::path& parent) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(parent, ignored)) {
    if (entry.path().filename().string().rfind(kPrefix, 0) != 0) continue;
    const int lock = open((entry.path() / kLock).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (lock < 0) continue;
    if (flock(lock, LOCK_EX | LOCK_NB) == 0) fs::remove_all(entry.path(), ignored);
    close(lock);
  }
}

/// A held lock in the folder, which gets its name when it is held; -1 on failure.
int hold(const fs::path& folder) {
  const fs::path early = folder / "early";
  const int lock = open(early.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (lock < 0) return -1;
  if (flock(lock, LOCK_EX) == 0 && rename(early.c_str(), (folder / kLock).c_str()) == 0) {
    return lock;
  }
  close(lock);
  return -1;
}

}  // namespace

Result<TuneFolder> TuneFolder::make() {
  std::error_code ignored;
  const fs::path parent = fs::temp_directory_path(ignored);
  remove_stale(parent);
  auto folder = support::TempFolder::make(parent, kPrefix);
  if (!folder) return fail(std::move(folder.error()));
  const int lock = hold(folder->path());
  if (lock < 0) {
    return fail(support::system_error("locking the session's folder", folder->path(), errno));
  }
  const char* outer = std::getenv("TMPDIR");
  TuneFolder made(std::move(*folder), lock, outer == nullptr ? "" : outer);
  setenv("TMPDIR", made.path().c_str(), 1);
  return made;
}

TuneFolder::TuneFolder(TuneFolder&& other) noexcept
    : folder_(std::move(other.folder_)),
      lock_(std::exchange(other.lock_, -1)),
      outer_(std::move(other.outer_)) {}

TuneFolder::~TuneFolder() {
  if (lock_ < 0) return;
  close(lock_);
  if (outer_.empty()) {
    unsetenv("TMPDIR");
  } else {
    setenv("TMPDIR", outer_.c_str(), 1);
  }
}

}  // namespace sepconv::cli
