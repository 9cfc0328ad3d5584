// Bench, peers: a dialogue with one rival's program. Knows no layer and no statistics.
#include "bench/peers/session.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <utility>

namespace sepconv::bench {
namespace {

constexpr double kReadySeconds = 60;  // a Python program loads its libraries
constexpr double kTimeSeconds = 30;
constexpr int kColdAttempts = 32;

[[noreturn]] void become(const Peer& peer, const std::filesystem::path& folder, int threads, int in,
                         int out) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere >= 0) dup2(nowhere, STDERR_FILENO);
  setenv("OMP_NUM_THREADS", std::to_string(threads).c_str(), 1);
  execl(peer.program.c_str(), peer.program.c_str(), folder.c_str(), nullptr);
  _exit(127);
}

bool starts_with(const std::string& text, const std::string& start) {
  return text.compare(0, start.size(), start) == 0;
}

}  // namespace

Session Session::start(const Peer& peer, const std::filesystem::path& folder, int threads) {
  Session session;
  session.name_ = peer.name;
  int to[2], from[2];
  if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) {
    session.problem_ = "no pipes for its program";
    return session;
  }
  std::signal(SIGPIPE, SIG_IGN);  // a program that died shows as a line that does not come
  session.pid_ = fork();
  if (session.pid_ == 0) {
    std::signal(SIGPIPE, SIG_DFL);
    become(peer, folder, threads, to[0], from[1]);
  }
  close(to[0]);
  close(from[1]);
  session.to_ = to[1];
  session.from_ = from[0];
  if (session.pid_ < 0) {
    session.problem_ = "no process for its program";
  } else {
    session.greet();
  }
  return session;
}

Session::Session(Session&& other) noexcept
    : name_(std::move(other.name_)),
      implementation_(std::move(other.implementation_)),
      problem_(std::move(other.problem_)),
      cold_problem_(std::move(other.cold_problem_)),
      unread_(std::move(other.unread_)),
      pid_(std::exchange(other.pid_, -1)),
      to_(std::exchange(other.to_, -1)),
      from_(std::exchange(other.from_, -1)) {}

Session::~Session() {
  if (to_ >= 0) close(to_);
  if (from_ >= 0) close(from_);
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void Session::greet() {
  const auto line = read_line(kReadySeconds);
  if (!line) {
    problem_ = "its program ended or hung before it was ready";
  } else if (starts_with(*line, "ready ")) {
    implementation_ = line->substr(6);
    kill(pid_, SIGSTOP);
  } else if (starts_with(*line, "unsupported ")) {
    problem_ = line->substr(12);
  } else {
    problem_ = "its program said: " + *line;
  }
}

std::optional<std::string> Session::ask(const std::string& line) {
  kill(pid_, SIGCONT);
  const bool written = write(to_, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  auto answer = written ? read_line(kTimeSeconds) : std::nullopt;
  kill(pid_, SIGSTOP);
  return answer;
}

double Session::microseconds(const std::optional<std::string>& answer) {
  const double microseconds = answer ? std::strtod(answer->c_str(), nullptr) : 0;
  if (microseconds <= 0) problem_ = "its program ended or hung while it was timed";
  return microseconds;
}

double Session::time(size_t calls) {
  if (!problem_.empty()) return 0;
  return microseconds(ask(std::to_string(calls) + "\n"));
}

double Session::time_cold(const std::function<void()>& empty) {
  if (!problem_.empty() || !cold_problem_.empty()) return 0;
  std::optional<std::string> answer = "again";
  for (int attempt = 0; attempt < kColdAttempts && answer == "again"; ++attempt) {
    empty();
    answer = ask("cold\n");
  }
  if (answer && starts_with(*answer, "never ")) {
    cold_problem_ = answer->substr(6);
    return 0;
  }
  return microseconds(answer);
}

std::optional<std::string> Session::read_line(double seconds) {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + std::chrono::duration<double>(seconds);
  while (true) {
    if (const size_t end = unread_.find('\n'); end != std::string::npos) {
      std::string line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return line;
    }
    if (Clock::now() >= deadline) return std::nullopt;
    pollfd waited{from_, POLLIN, 0};
    if (poll(&waited, 1, 100) <= 0) continue;
    char part[512];
    const ssize_t got = read(from_, part, sizeof(part));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::nullopt;
    unread_.append(part, static_cast<size_t>(got));
  }
}

}  // namespace sepconv::bench
