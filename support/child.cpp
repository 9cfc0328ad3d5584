// Support, private to process.cpp: one running child: its start, its pipes, its end.
#include "support/child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>
#include <utility>

#include "support/interrupt.h"

extern char** environ;

namespace sepconv::support {
namespace {

/// Everything the child needs between fork and exec, where nothing may allocate.
struct Launch {
  std::string program, folder;
  std::vector<char*> argv, envp;
  std::vector<std::string> environment;
  ProcessLimits limits;
  pid_t parent = 0;
  int in = -1, out = -1, err = -1, report = -1;
};

void limit(__rlimit_resource resource, int64_t value) {
  if (value <= 0) return;
  const struct rlimit bound { static_cast<rlim_t>(value), static_cast<rlim_t>(value) };
  ::setrlimit(resource, &bound);
}

[[noreturn]] void become(const Launch& launch) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have died before the line above.
  if (::getppid() != launch.parent) ::_exit(127);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int signal : {SIGINT, SIGTERM, SIGPIPE, SIGHUP}) ::signal(signal, SIG_DFL);
  const struct rlimit no_core { 0, 0 };
  ::setrlimit(RLIMIT_CORE, &no_core);
  limit(RLIMIT_FSIZE, launch.limits.file_bytes);
  bool ready =
      ::dup2(launch.in, 0) >= 0 && ::dup2(launch.out, 1) >= 0 && ::dup2(launch.err, 2) >= 0;
  ready = ready && (launch.folder.empty() || ::chdir(launch.folder.c_str()) == 0);
  // Descriptors of ours that lack close-on-exec must not keep other children's pipes open.
  ::syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */);
  limit(RLIMIT_AS, launch.limits.memory_bytes);
  if (ready) ::execve(launch.program.c_str(), launch.argv.data(), launch.envp.data());
  const int code = errno;
  (void)!::write(launch.report, &code, sizeof code);
  ::_exit(127);
}

std::vector<std::string> merged_environment(const std::map<std::string, std::string>& changes) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (!changes.contains(std::string(text.substr(0, text.find('='))))) all.emplace_back(text);
  }
  for (const auto& [name, value] : changes) all.push_back(name + "=" + value);
  return all;
}

Launch prepare(const Command& command) {
  Launch launch;
  launch.limits = command.limits;
  launch.folder = command.folder.string();
  launch.parent = ::getpid();
  if (command.argv.empty()) return launch;
  launch.program = command.argv[0].find('/') != std::string::npos
                       ? command.argv[0]
                       : find_program({command.argv[0]}).string();
  for (const std::string& text : command.argv)
    launch.argv.push_back(const_cast<char*>(text.c_str()));
  launch.argv.push_back(nullptr);
  launch.environment = merged_environment(command.environment);
  for (std::string& text : launch.environment) launch.envp.push_back(text.data());
  launch.envp.push_back(nullptr);
  return launch;
}

/// The four pipes of a start; whatever is still here at the end is closed.
struct Pipes {
  int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1}, report[2] = {-1, -1};

  bool open() {
    return ::pipe2(in, O_CLOEXEC) == 0 && ::pipe2(out, O_CLOEXEC) == 0 &&
           ::pipe2(err, O_CLOEXEC) == 0 && ::pipe2(report, O_CLOEXEC) == 0;
  }
  static void close_one(int& descriptor) {
    if (descriptor >= 0) ::close(descriptor);
    descriptor = -1;
  }
  ~Pipes() {
    for (auto* ends : {in, out, err, report}) {
      close_one(ends[0]);
      close_one(ends[1]);
    }
  }
};

/// 0 when the child executes its program, else the errno of what failed.
int started(Pipes& pipes) {
  Pipes::close_one(pipes.report[1]);
  int code = 0;
  ssize_t got = 0;
  do {
    got = ::read(pipes.report[0], &code, sizeof code);
  } while (got < 0 && errno == EINTR);
  return got == static_cast<ssize_t>(sizeof code) ? code : 0;
}

/// Input is bounded by what a pipe holds, so that this never blocks and needs no second loop.
bool feed(Pipes& pipes, std::string_view input) {
  ::fcntl(pipes.in[1], F_SETFL, O_NONBLOCK);
  const bool ok = input.empty() || ::write(pipes.in[1], input.data(), input.size()) ==
                                       static_cast<ssize_t>(input.size());
  Pipes::close_one(pipes.in[1]);
  return ok;
}

/// False when the pipe is at its end.
bool drain(int descriptor, int64_t keep, std::string& text, bool& truncated) {
  char buffer[1 << 14];
  while (true) {
    const ssize_t got = ::read(descriptor, buffer, sizeof buffer);
    if (got == 0) return false;
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    const int64_t room =
        keep > 0 ? std::max<int64_t>(0, keep - static_cast<int64_t>(text.size())) : got;
    text.append(buffer, static_cast<size_t>(std::min<int64_t>(room, got)));
    truncated = truncated || got > room;
  }
}

void read_pipes(Child& child, Outcome& outcome) {
  const int64_t keep = child.limits.output_bytes;
  if (child.out >= 0 && !drain(child.out, keep, outcome.out, outcome.truncated)) {
    Pipes::close_one(child.out);
  }
  if (child.err >= 0 && !drain(child.err, keep, outcome.err, outcome.truncated)) {
    Pipes::close_one(child.err);
  }
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// The child is dead but not reaped, so its process group's number still belongs to it.
void bury(Child& child, const siginfo_t& info, bool killed, Outcome& outcome) {
  ::kill(-child.pid, SIGKILL);
  if (!killed) {
    outcome.end = info.si_code == CLD_EXITED ? Outcome::End::exited : Outcome::End::signalled;
    outcome.code = info.si_status;
  }
  read_pipes(child, outcome);
  Pipes::close_one(child.out);
  Pipes::close_one(child.err);
  while (::waitpid(child.pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  outcome.seconds = seconds_since(child.begin);
}

}  // namespace

std::optional<Child> start(const Command& command, size_t index, Outcome& outcome) {
  Launch launch = prepare(command);
  Pipes pipes;
  const auto refuse = [&outcome](std::string why) {
    outcome.end = Outcome::End::not_started;
    outcome.message = std::move(why);
    return std::nullopt;
  };
  if (launch.program.empty()) return refuse("the program is not on PATH");
  if (!pipes.open()) return refuse(std::strerror(errno));
  if (!feed(pipes, command.input)) return refuse("its input is longer than a pipe holds");
  launch.in = pipes.in[0];
  launch.out = pipes.out[1];
  launch.err = pipes.err[1];
  launch.report = pipes.report[1];
  Child child;
  child.begin = std::chrono::steady_clock::now();
  child.pid = ::fork();
  if (child.pid == 0) become(launch);
  if (child.pid < 0) return refuse(std::strerror(errno));
  ::setpgid(child.pid, child.pid);  // as in the child: whoever comes first
  if (const int code = started(pipes); code != 0) {
    ::waitpid(child.pid, nullptr, 0);
    return refuse(std::strerror(code));
  }
  child.index = index;
  child.limits = command.limits;
  child.out = std::exchange(pipes.out[0], -1);
  child.err = std::exchange(pipes.err[0], -1);
  ::fcntl(child.out, F_SETFL, O_NONBLOCK);
  ::fcntl(child.err, F_SETFL, O_NONBLOCK);
  return child;
}

void wait_for_any(const std::vector<Child>& children) {
  std::vector<pollfd> waiting;
  int milliseconds = 100;
  for (const Child& child : children) {
    for (const int descriptor : {child.out, child.err}) {
      if (descriptor >= 0) waiting.push_back({descriptor, POLLIN, 0});
    }
    // A child without pipes is about to end, or has closed them; there is nothing else to wait for.
    if (child.out < 0 && child.err < 0) milliseconds = 1;
    if (child.limits.seconds > 0) {
      const double left = (child.limits.seconds - seconds_since(child.begin)) * 1000;
      milliseconds = std::min(milliseconds, std::max(1, static_cast<int>(left)));
    }
  }
  if (!children.empty()) ::poll(waiting.data(), waiting.size(), milliseconds);
}

bool finished(Child& child, Outcome& outcome) {
  read_pipes(child, outcome);
  siginfo_t info{};
  const auto dead = [&](int flags) {
    info.si_pid = 0;
    return ::waitid(P_PID, static_cast<id_t>(child.pid), &info, WEXITED | WNOWAIT | flags) == 0 &&
           info.si_pid == child.pid;
  };
  if (dead(WNOHANG)) {
    bury(child, info, false, outcome);
    return true;
  }
  const bool late = child.limits.seconds > 0 && seconds_since(child.begin) > child.limits.seconds;
  if (!late && !interrupted()) return false;
  ::kill(-child.pid, SIGKILL);
  while (!dead(0)) {
  }
  outcome.end = late ? Outcome::End::timed_out : Outcome::End::interrupted;
  bury(child, info, true, outcome);
  return true;
}

}  // namespace sepconv::support
