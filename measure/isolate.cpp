// Measure: runs a check in a child process and says how it ended. Knows no kernel.
#include "measure/isolate.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <exception>
#include <new>
#include <utility>

#include "measure/append.h"
#include "measure/buffers.h"
#include "support/interrupt.h"

namespace sepconv::measure {

namespace {

constexpr int kFatalSignals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

/// What the child leaves behind even when it dies: memory that both processes share.
struct Board {
  char activity[201];
  char fault[201];
};
Board* board = nullptr;

void on_fatal_signal(int signal, siginfo_t* info, void*) {
  if (board != nullptr && signal != SIGABRT) {
    describe_fault(info->si_addr, board->fault, sizeof(board->fault));
  }
  raise(signal);  // the handler is reset: this ends the process by the same signal
}

void catch_fatal_signals() {
  static char stack[1 << 16];
  stack_t alternate{};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof(stack);
  sigaltstack(&alternate, nullptr);
  struct sigaction action {};
  action.sa_sigaction = on_fatal_signal;
  action.sa_flags = static_cast<int>(SA_SIGINFO | SA_ONSTACK | SA_RESETHAND);
  for (const int signal : kFatalSignals) sigaction(signal, &action, nullptr);
}

bool write_all(int descriptor, const void* data, size_t bytes) {
  const auto* from = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t written = write(descriptor, from, bytes);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    from += written;
    bytes -= static_cast<size_t>(written);
  }
  return true;
}

/// The outcome as it goes through the pipe, followed by the reason's characters.
struct Message {
  Status status;
  double max_error, bound;
  End end;
};

void send(int descriptor, const Outcome& outcome) {
  const Message message{outcome.status, outcome.max_error, outcome.bound, outcome.end};
  if (write_all(descriptor, &message, sizeof(message))) {
    write_all(descriptor, outcome.reason.data(), outcome.reason.size());
  }
}

Outcome failed(End end, std::string reason, int signal = 0) {
  return {Status::failed, 0, 0, std::move(reason), end, signal};
}
Outcome skipped(std::string reason) {
  return {Status::skipped, 0, 0, std::move(reason), End::not_run};
}

Outcome guarded(const std::function<Outcome()>& check) {
  try {
    return check();
  } catch (const std::bad_alloc&) {
    return failed(End::out_of_memory, "the check ran out of memory");
  } catch (const std::exception& error) {
    return failed(End::threw, std::string("the check threw an exception: ") + error.what());
  } catch (...) {
    return failed(End::threw, "the check threw an exception of an unknown type");
  }
}

[[noreturn]] void be_the_child(int descriptor, pid_t parent,
                               const std::function<Outcome()>& check) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  catch_fatal_signals();
  send(descriptor, guarded(check));
  _exit(0);
}

enum class Wait { ended, timed_out, interrupted };

/// Reads until the child closes its end of the pipe.
Wait receive(int descriptor, double seconds, std::string& bytes) {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + std::chrono::duration<double>(seconds);
  char part[4096];
  while (true) {
    if (support::interrupted()) return Wait::interrupted;
    if (Clock::now() >= deadline) return Wait::timed_out;
    pollfd waited{descriptor, POLLIN, 0};
    if (poll(&waited, 1, 50) <= 0) continue;
    const ssize_t got = read(descriptor, part, sizeof(part));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return Wait::ended;
    bytes.append(part, static_cast<size_t>(got));
  }
}

int reap(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

std::string during(const Board& left) {
  return left.activity[0] == '\0' ? "" : std::string(" during: ") + left.activity;
}

Outcome ended(int status, const std::string& bytes, const Board& left) {
  if (WIFSIGNALED(status)) {
    std::string reason = "crashed with signal " + std::to_string(WTERMSIG(status)) + " (" +
                         strsignal(WTERMSIG(status)) + ")";
    if (left.fault[0] != '\0') reason += std::string(": ") + left.fault;
    // Nobody but the system's keeper of memory kills a process that is within its time.
    const End end = WTERMSIG(status) == SIGKILL ? End::out_of_memory : End::crashed;
    return failed(end, reason + during(left), WTERMSIG(status));
  }
  if (bytes.size() < sizeof(Message)) {
    return failed(End::silent, "ended the process with exit code " +
                                   std::to_string(WEXITSTATUS(status)) + during(left));
  }
  Message message{};
  std::memcpy(&message, bytes.data(), sizeof(message));
  return {message.status, message.max_error, message.bound, bytes.substr(sizeof(message)),
          message.end};
}

Outcome watch(pid_t child, int descriptor, double seconds, const Board& left) {
  std::string bytes;
  const Wait wait = receive(descriptor, seconds, bytes);
  if (wait != Wait::ended) kill(child, SIGKILL);
  const int status = reap(child);
  if (wait == Wait::interrupted) return skipped("interrupted");
  if (wait == Wait::timed_out) {
    const auto limit = std::to_string(seconds);
    return failed(End::timed_out, "did not end within " + limit.substr(0, limit.find('.') + 2) +
                                      " s" + during(left));
  }
  return ended(status, bytes, left);
}

Outcome refused(const char* what) {
  return skipped(std::string("the system refuses ") + what + ": " + std::strerror(errno));
}

Outcome fork_and_watch(double seconds, const std::function<Outcome()>& check, const Board& left) {
  int ends[2];
  if (pipe(ends) != 0) return refused("a pipe");
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) {
    const Outcome outcome = refused("a process");
    close(ends[0]);
    close(ends[1]);
    return outcome;
  }
  if (child == 0) {
    close(ends[0]);
    be_the_child(ends[1], parent, check);
  }
  close(ends[1]);
  Outcome outcome = watch(child, ends[0], seconds, left);
  close(ends[0]);
  return outcome;
}

}  // namespace

const char* word(Status status) {
  constexpr const char* words[] = {"passed", "failed", "mistrusted", "skipped"};
  return words[static_cast<int>(status)];
}

void note(const std::string& activity) {
  if (board != nullptr) Appender{board->activity, sizeof(board->activity)}.add(activity.c_str());
}

Outcome isolated(double seconds, const std::function<Outcome()>& check) {
  if (support::interrupted()) return skipped("interrupted");
  void* shared =
      mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return refused("shared memory");
  Board* outer = std::exchange(board, static_cast<Board*>(shared));
  Outcome outcome = fork_and_watch(seconds, check, *board);
  board = outer;
  munmap(shared, sizeof(Board));
  return outcome;
}

}  // namespace sepconv::measure
