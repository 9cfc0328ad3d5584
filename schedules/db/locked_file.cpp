// Schedules, database: files under flock, appended to in one piece or not at all. Knows no format.
#include "schedules/db/locked_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <vector>

#include "support/files.h"

namespace sepconv::db {
namespace fs = std::filesystem;

namespace {

constexpr size_t kLimitBytes = size_t{1} << 30;

/// 0 or errno.
int write_all(int descriptor, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    content.remove_prefix(static_cast<size_t>(written));
  }
  return 0;
}

/// 0 or errno.
int lock(int descriptor, int operation) {
  while (::flock(descriptor, operation) != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

bool same_file(const struct stat& one, const struct stat& other) {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/// A wrong name is the user's; a folder that is missing or closed is the machine's.
Error open_error(const fs::path& path, int code, bool append) {
  Error error = support::system_error("cannot open the file", path, code);
  if (code == EISDIR || (code == ENOENT && !append)) error.kind = ErrorKind::input;
  return error;
}

Error kind_error(const fs::path& path) {
  Error error;
  error.kind = ErrorKind::input;
  error.file = path.string();
  error.message = "this is no regular file";
  error.hint = "name a file";
  return error;
}

/// Without this a crash may lose the new directory entry.
void sync_folder(const fs::path& path) {
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

LockedFile::~LockedFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<LockedFile> LockedFile::open(const fs::path& path, Mode mode) {
  const bool append = mode == Mode::append;
  const int flags = (append ? O_RDWR | O_CREAT | O_APPEND : O_RDONLY) | O_CLOEXEC | O_NONBLOCK;
  while (true) {
    LockedFile file(path, ::open(path.c_str(), flags, 0666));
    if (file.descriptor_ < 0) return fail(open_error(path, errno, append));
    struct stat held {};
    struct stat named {};
    if (::fstat(file.descriptor_, &held) != 0) return fail(open_error(path, errno, append));
    if (!S_ISREG(held.st_mode)) return fail(kind_error(path));
    if (const int code = lock(file.descriptor_, append ? LOCK_EX : LOCK_SH); code != 0) {
      return fail(support::system_error("cannot lock the file", path, code));
    }
    if (::stat(path.c_str(), &named) == 0 && same_file(held, named)) return file;
  }
}

Result<std::string> LockedFile::read() const {
  std::string content;
  std::vector<char> buffer(1 << 16);
  while (content.size() <= kLimitBytes) {
    const ssize_t got =
        ::pread(descriptor_, buffer.data(), buffer.size(), static_cast<off_t>(content.size()));
    if (got == 0) return content;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(support::system_error("cannot read the file", path_, errno));
    content.append(buffer.data(), static_cast<size_t>(got));
  }
  Error error;
  error.kind = ErrorKind::input;
  error.file = path_.string();
  error.message = "the file is larger than 1 GiB";
  error.hint = "move it away and begin another";
  return fail(std::move(error));
}

Result<void> LockedFile::append_lines(std::string_view lines) const {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) {
    return fail(support::system_error("cannot read the file's size", path_, errno));
  }
  char last = '\n';
  if (status.st_size > 0 && ::pread(descriptor_, &last, 1, status.st_size - 1) != 1) {
    return fail(support::system_error("cannot read the file", path_, errno));
  }
  // A writer that died left half a line, which must not swallow this one.
  const std::string text = (last == '\n' ? "" : "\n") + std::string(lines) + "\n";
  int code = write_all(descriptor_, text);
  if (code == 0 && ::fsync(descriptor_) != 0) code = errno;
  if (code == 0) {
    if (status.st_size == 0) sync_folder(path_);
    return {};
  }
  if (::ftruncate(descriptor_, status.st_size) != 0) {
    return fail(support::system_error("cannot take half a line back", path_, errno));
  }
  return fail(support::system_error("cannot write the file", path_, code));
}

Result<void> make_if_missing(const fs::path& path, std::string_view content) {
  std::error_code ignored;
  if (fs::exists(path, ignored)) return {};
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  auto temporary = support::TempFolder::make(folder, ".sepconv-");
  if (!temporary) return fail(std::move(temporary.error()));
  const fs::path fresh = temporary->path() / "new";
  if (auto written = support::write_file_atomic(fresh, content); !written) return written;
  if (::link(fresh.c_str(), path.c_str()) != 0 && errno != EEXIST) {
    return fail(support::system_error("cannot make the file", path, errno));
  }
  sync_folder(path);
  return {};
}

fs::path real_path(const fs::path& path) {
  std::error_code code;
  fs::path real = fs::canonical(path, code);
  return code ? path : real;
}

}  // namespace sepconv::db
