// Support: work in a child process while this one goes on. Knows nothing of the work.
#include "support/background.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <thread>

#include "support/files.h"
#include "support/interrupt.h"

namespace sepconv::support {
namespace {

constexpr std::chrono::milliseconds kPoll{2};
constexpr std::chrono::seconds kPatience{2};  ///< for a child that was asked to stop

[[noreturn]] void be_the_child(const std::function<void()>& work, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  catch_interrupts();
  try {
    work();
  } catch (const std::exception&) {
    _exit(1);
  }
  _exit(interrupted() ? 1 : 0);
}

}  // namespace

Result<Background> Background::start(const std::function<void()>& work) {
  std::fflush(nullptr);  // what is buffered must not be written twice
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) be_the_child(work, parent);
  if (child < 0) return fail(system_error("starting a process", {}, errno));
  return Background(child);
}

bool Background::wait() {
  int status = 0;
  while (child_ > 0) {
    const pid_t ended = waitpid(child_, &status, WNOHANG);
    if (ended == child_ || (ended < 0 && errno != EINTR)) {
      child_ = -1;
      return ended > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    if (interrupted()) return false;
    std::this_thread::sleep_for(kPoll);
  }
  return false;
}

Background::~Background() {
  if (child_ <= 0) return;
  kill(child_, SIGTERM);
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (waitpid(child_, nullptr, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > end) kill(child_, SIGKILL);
    std::this_thread::sleep_for(kPoll);
  }
}

}  // namespace sepconv::support
