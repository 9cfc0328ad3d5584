// Support: files on disk. Knows no format of ours.
#include "support/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>
#include <vector>

namespace sepconv::support {
namespace fs = std::filesystem;

namespace {

/// Writes everything, whatever the interruptions; 0 or errno.
int write_all(int descriptor, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    content.remove_prefix(static_cast<size_t>(written));
  }
  return 0;
}

/// Reads to the end, at most limit + 1 bytes; 0 or errno.
int read_all(int descriptor, int64_t limit, std::string& content) {
  std::vector<char> buffer(1 << 16);
  while (static_cast<int64_t>(content.size()) <= limit) {
    const ssize_t got = ::read(descriptor, buffer.data(), buffer.size());
    if (got == 0) return 0;
    if (got < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    content.append(buffer.data(), static_cast<size_t>(got));
  }
  return 0;
}

/// Without this a crash after the rename may lose the new directory entry.
void sync_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

/// mkstemp makes files private; a written file gets the mode that the umask allows.
mode_t ordinary_mode() {
  const mode_t mask = ::umask(022);
  ::umask(mask);
  return 0666 & ~mask;
}

Error input_error(std::string message, const fs::path& path, std::string hint) {
  Error error;
  error.kind = ErrorKind::input;
  error.message = std::move(message);
  error.file = path.string();
  error.hint = std::move(hint);
  return error;
}

}  // namespace

Error system_error(std::string_view what, const fs::path& path, int code) {
  Error error;
  error.kind = ErrorKind::environment;
  error.message = std::string(what) + ": " + std::generic_category().message(code);
  error.file = path.string();
  error.hint = "check the path, its permissions and the free space";
  return error;
}

Result<std::string> read_file(const fs::path& path, int64_t limit_bytes) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    const std::string reason = std::generic_category().message(errno);
    return fail(input_error("cannot open the file: " + reason, path, "check the path"));
  }
  struct stat status {};
  if (::fstat(descriptor, &status) != 0 || S_ISDIR(status.st_mode)) {
    ::close(descriptor);
    return fail(input_error("this is a folder, not a file", path, "name a file"));
  }
  std::string content;
  const int code = read_all(descriptor, limit_bytes, content);
  ::close(descriptor);
  if (code != 0) {
    const std::string reason = std::generic_category().message(code);
    return fail(input_error("cannot read the file: " + reason, path, "check the path"));
  }
  if (static_cast<int64_t>(content.size()) > limit_bytes) {
    return fail(input_error("the file is larger than " + std::to_string(limit_bytes) + " bytes",
                            path, "name a smaller file"));
  }
  return content;
}

Result<void> write_file(const fs::path& path, std::string_view content) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) return fail(system_error("cannot write the file", path, errno));
  int code = write_all(descriptor, content);
  if (::close(descriptor) != 0 && code == 0) code = errno;
  if (code != 0) return fail(system_error("cannot write the file", path, code));
  return {};
}

Result<void> write_file_atomic(const fs::path& path, std::string_view content) {
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::string temporary = (folder / (".sepconv-" + path.filename().string() + ".XXXXXX")).string();
  const int descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (descriptor < 0) return fail(system_error("cannot write the file", path, errno));
  int code = write_all(descriptor, content);
  if (code == 0 && ::fchmod(descriptor, ordinary_mode()) != 0) code = errno;
  if (code == 0 && ::fsync(descriptor) != 0) code = errno;
  if (::close(descriptor) != 0 && code == 0) code = errno;
  if (code == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) code = errno;
  if (code != 0) {
    ::unlink(temporary.c_str());
    return fail(system_error("cannot write the file", path, code));
  }
  sync_folder(folder);
  return {};
}

Result<void> make_folder(const fs::path& path) {
  std::error_code code;
  fs::create_directories(path, code);
  if (code) return fail(system_error("cannot make the folder", path, code.value()));
  if (!fs::is_directory(path, code)) {
    return fail(system_error("cannot make the folder", path, ENOTDIR));
  }
  return {};
}

bool is_safe_relative_path(std::string_view text, std::string* why) {
  const auto refuse = [why](const char* reason) {
    if (why != nullptr) *why = reason;
    return false;
  };
  if (text.empty()) return refuse("it is empty");
  for (const char letter : text) {
    const auto code = static_cast<unsigned char>(letter);
    if (code < 32 || code == 127) return refuse("it holds a control character");
  }
  const fs::path path{std::string(text)};
  if (path.is_absolute()) return refuse("it is an absolute path");
  for (const fs::path& part : path) {
    if (part == "..") return refuse("it leaves its folder through '..'");
  }
  return true;
}

Result<TempFolder> TempFolder::make(const fs::path& parent, std::string_view prefix) {
  std::error_code code;
  const fs::path base = parent.empty() ? fs::temp_directory_path(code) : parent;
  if (code) return fail(system_error("no temporary folder", "TMPDIR", code.value()));
  std::string name = (base / (std::string(prefix) + "XXXXXX")).string();
  if (::mkdtemp(name.data()) == nullptr) {
    return fail(system_error("cannot make a temporary folder", base, errno));
  }
  return TempFolder(fs::path(name));
}

TempFolder::TempFolder(TempFolder&& other) noexcept : path_(other.release()) {}

TempFolder& TempFolder::operator=(TempFolder&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

TempFolder::~TempFolder() {
  if (path_.empty()) return;
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path TempFolder::release() { return std::exchange(path_, fs::path{}); }

Result<FileLock> FileLock::acquire(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor < 0) return fail(system_error("cannot open the lock file", path, errno));
  while (::flock(descriptor, LOCK_EX) != 0) {
    if (errno == EINTR) continue;
    const int code = errno;
    ::close(descriptor);
    return fail(system_error("cannot lock the file", path, code));
  }
  return FileLock(descriptor);
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace sepconv::support
