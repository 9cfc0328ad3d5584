// Measure: the guardian of a contained check: it sees to it that nothing of it is left. Knows no
// kernel.
#include "measure/contain.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "measure/confine.h"
#include "support/interrupt.h"

namespace sepconv::measure {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kPatience = 10;  ///< seconds that the guardian gets beyond those of its check

/// What the guardian leaves for the caller, in memory that both share.
struct Slip {
  bool filled;
  Status status;
  double max_error, bound;
  End end;
  int signal;
  char reason[4001];
};

/// Output goes to a file in memory, to which the limit of file sizes applies.
void silence() {
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int said = memfd_create("output", MFD_CLOEXEC);
  dup2(nothing, 0);
  for (const int descriptor : {1, 2}) dup2(said, descriptor);
}

/// The process whose child this one is; -1 when it is gone.
pid_t parent_of(pid_t process) {
  char path[64];
  std::snprintf(path, sizeof(path), "/proc/%d/stat", process);
  FILE* file = std::fopen(path, "re");
  if (file == nullptr) return -1;
  char text[512] = {};
  const size_t got = std::fread(text, 1, sizeof(text) - 1, file);
  std::fclose(file);
  // The name in parentheses may hold anything, parentheses included.
  const char* after = got > 0 ? std::strrchr(text, ')') : nullptr;
  int parent = -1;
  if (after == nullptr || std::sscanf(after + 1, " %*c %d", &parent) != 1) return -1;
  return parent;
}

void kill_children() {
  DIR* folder = opendir("/proc");
  if (folder == nullptr) return;
  while (const dirent* entry = readdir(folder)) {
    const auto process = static_cast<pid_t>(std::strtol(entry->d_name, nullptr, 10));
    if (process > 0 && parent_of(process) == getpid()) kill(process, SIGKILL);
  }
  closedir(folder);
}

/// Orphans of the check become children of this process, their children after them.
void kill_all_left() {
  while (true) {
    const pid_t ended = waitpid(-1, nullptr, WNOHANG);
    if (ended < 0 && errno == ECHILD) return;
    if (ended > 0) continue;
    kill_children();
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
}

[[noreturn]] void guard(const Containment& limits, const std::function<Outcome()>& check,
                        pid_t parent, Slip& slip) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  silence();
  const Outcome outcome = isolated(limits.seconds, [&] {
    confine(limits);
    return check();
  });
  kill_all_left();
  slip.status = outcome.status;
  slip.max_error = outcome.max_error;
  slip.bound = outcome.bound;
  slip.end = outcome.end;
  slip.signal = outcome.signal;
  std::snprintf(slip.reason, sizeof(slip.reason), "%s", outcome.reason.c_str());
  slip.filled = true;
  _exit(0);
}

/// Waits until the guardian ends; past its time, or when the user interrupts, it is told to and at
/// last made to.
void wait_for(pid_t guardian, double seconds) {
  const auto begin = Clock::now();
  auto told = Clock::time_point::max();
  while (waitpid(guardian, nullptr, WNOHANG) == 0) {
    const auto now = Clock::now();
    const bool late = now - begin > std::chrono::duration<double>(seconds + kPatience);
    if (told == Clock::time_point::max() && (late || support::interrupted())) {
      kill(guardian, SIGTERM);
      told = now;
    } else if (told != Clock::time_point::max() && now - told > std::chrono::seconds(2)) {
      kill(guardian, SIGKILL);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(500));
  }
}

Outcome read(const Slip& slip) {
  if (support::interrupted()) return {Status::skipped, 0, 0, "interrupted", End::not_run};
  if (!slip.filled) return {Status::failed, 0, 0, "its guardian process was ended", End::silent};
  return {slip.status, slip.max_error, slip.bound, slip.reason, slip.end, slip.signal};
}

Outcome refused(const char* what) {
  return {Status::skipped, 0, 0,
          std::string("the system refuses ") + what + ": " + std::strerror(errno), End::not_run};
}

}  // namespace

Outcome contained(const Containment& limits, const std::function<Outcome()>& check) {
  void* memory =
      mmap(nullptr, sizeof(Slip), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return refused("shared memory");
  auto* slip = new (memory) Slip{};
  std::fflush(nullptr);  // what is buffered must not be written twice
  const pid_t parent = getpid();
  const pid_t guardian = fork();
  Outcome outcome;
  if (guardian == 0) guard(limits, check, parent, *slip);
  if (guardian < 0) {
    outcome = refused("a process");
  } else {
    wait_for(guardian, limits.seconds);
    outcome = read(*slip);
  }
  munmap(memory, sizeof(Slip));
  return outcome;
}

}  // namespace sepconv::measure
