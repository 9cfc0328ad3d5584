// Cli: the temporary folder of a tuning session, in which all its temporary files lie. Knows no
// file's content.
#include "cli/tune_folder.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

namespace sepconv::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPrefix = "sepconv-tune-";

/// The process that a folder's name names; 0 when it names none.
pid_t owner(const std::string& name) {
  const std::string prefix = kPrefix;
  if (name.compare(0, prefix.size(), prefix) != 0) return 0;
  return static_cast<pid_t>(std::strtol(name.c_str() + prefix.size(), nullptr, 10));
}

/// Removes what killed sessions left. Another user's folder refuses, which is as well.
void remove_stale(const fs::path& parent) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(parent, ignored)) {
    const pid_t process = owner(entry.path().filename().string());
    if (process <= 0 || kill(process, 0) == 0 || errno != ESRCH) continue;
    fs::remove_all(entry.path(), ignored);
  }
}

}  // namespace

Result<TuneFolder> TuneFolder::make() {
  std::error_code ignored;
  const fs::path parent = fs::temp_directory_path(ignored);
  remove_stale(parent);
  auto folder = support::TempFolder::make(parent, kPrefix + std::to_string(getpid()) + "-");
  if (!folder) return fail(std::move(folder.error()));
  const char* outer = std::getenv("TMPDIR");
  TuneFolder made(std::move(*folder), outer == nullptr ? "" : outer);
  setenv("TMPDIR", made.path().c_str(), 1);
  return made;
}

TuneFolder::~TuneFolder() {
  if (outer_.empty()) {
    unsetenv("TMPDIR");
  } else {
    setenv("TMPDIR", outer_.c_str(), 1);
  }
}

}  // namespace sepconv::cli
