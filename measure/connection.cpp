// Measure: a child process with a connection to its stdin and stdout. Knows no message's meaning.
#include "measure/connection.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

#include "measure/kernel.h"
#include "support/interrupt.h"

namespace sepconv::measure {

namespace {

constexpr double kStartSeconds = 60;
constexpr double kAnswerSeconds = 600;
constexpr uint64_t kMostBytes = uint64_t{1} << 34;

[[noreturn]] void be_the_runner(int socket, const char* command, const char* program) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(socket, STDIN_FILENO);
  dup2(socket, STDOUT_FILENO);
  execl("/bin/sh", "sh", "-c", command, program, static_cast<char*>(nullptr));
  _exit(127);
}

}  // namespace

Connection::Connection(const Runner& runner) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    throw KernelLost{std::string("the system refuses a socket: ") + std::strerror(errno)};
  }
  const std::string line = "exec " + runner.command;
  child_ = fork();
  if (child_ == 0) be_the_runner(ends[1], line.c_str(), runner.program.c_str());
  close(ends[1]);
  socket_ = ends[0];
  if (child_ < 0) {
    close(socket_);
    throw KernelLost{std::string("the system refuses a process: ") + std::strerror(errno)};
  }
  try {
    const Answer hello = answer(SEPCONV_RUNNER_HELLO, kStartSeconds);
    if (hello.code != SEPCONV_RUNNER_VERSION) {
      throw KernelLost{"the runner is of version " + std::to_string(hello.code) + ", needed is " +
                       std::to_string(SEPCONV_RUNNER_VERSION) + ": copy it anew"};
    }
  } catch (...) {
    this->~Connection();
    child_ = -1;
    throw;
  }
}

Connection::~Connection() {
  if (child_ <= 0) return;
  close(socket_);
  kill(child_, SIGKILL);
  while (waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
  }
  child_ = -1;
}

void Connection::lost() {
  // The end of the connection comes just before that of the process.
  int status = 0;
  for (int i = 0; i < 50 && waitpid(child_, &status, WNOHANG) == 0; ++i) poll(nullptr, 0, 20);
  std::string how = "closed its output";
  if (WIFSIGNALED(status)) {
    how = std::string("was killed by ") + strsignal(WTERMSIG(status));
  } else if (WEXITSTATUS(status) != 0) {
    how = "ended with exit code " + std::to_string(WEXITSTATUS(status));
  }
  throw KernelLost{"the runner " + how};
}

void Connection::send(const void* data, size_t bytes) {
  const auto* from = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t sent = ::send(socket_, from, bytes, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return;  // what the runner said before its end is read next
    from += sent;
    bytes -= static_cast<size_t>(sent);
  }
}

void Connection::receive(void* data, size_t bytes, double seconds) {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + std::chrono::duration<double>(seconds);
  auto* to = static_cast<char*>(data);
  while (bytes > 0) {
    if (support::interrupted()) throw KernelLost{"interrupted"};
    if (Clock::now() >= deadline) throw KernelLost{"the runner does not answer"};
    pollfd waited{socket_, POLLIN, 0};
    if (poll(&waited, 1, 50) <= 0) continue;
    const ssize_t got = recv(socket_, to, bytes, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) lost();
    to += got;
    bytes -= static_cast<size_t>(got);
  }
}

Connection::Answer Connection::answer(uint32_t kind, double seconds) {
  sepconv_runner_frame frame{};
  receive(&frame, sizeof(frame), seconds);
  if (frame.magic != SEPCONV_RUNNER_MAGIC || frame.bytes > kMostBytes) {
    throw KernelLost{
        "what the command says is no answer of the runner; its stdout must be left "
        "alone"};
  }
  Answer result;
  result.code = frame.code;
  result.payload.resize(frame.bytes);
  receive(result.payload.data(), result.payload.size(), seconds);
  if (frame.kind == SEPCONV_RUNNER_FAULT) {
    throw KernelLost{std::string(result.payload.begin(), result.payload.end())};
  }
  if (frame.kind != kind) throw KernelLost{"the runner answers another request"};
  return result;
}

Connection::Answer Connection::ask(uint32_t kind, const std::vector<Piece>& pieces) {
  sepconv_runner_frame frame{SEPCONV_RUNNER_MAGIC, kind, 0, 0};
  for (const Piece& piece : pieces) frame.bytes += piece.bytes;
  send(&frame, sizeof(frame));
  for (const Piece& piece : pieces) send(piece.data, piece.bytes);
  return answer(kind, kAnswerSeconds);
}

}  // namespace sepconv::measure
