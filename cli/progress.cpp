// Cli: says on stderr how far long work is. Knows no work.
#include "cli/progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace sepconv::cli {
namespace {

bool dumb_terminal() {
  const char* term = std::getenv("TERM");
  return term == nullptr || std::string_view(term) == "dumb";
}

}  // namespace

Progress::Progress(std::string verb, bool quiet)
    : verb_(std::move(verb)),
      quiet_(quiet),
      terminal_(isatty(STDERR_FILENO) != 0 && !dumb_terminal()) {}

Progress::~Progress() { clear(); }

void Progress::step(size_t done, size_t total, const std::string& what) {
  if (quiet_) return;
  if (terminal_) {
    fmt::print(stderr, "\r\033[K{} {}/{} {}", verb_, done, total, what.substr(0, 60));
    std::fflush(stderr);
    shown_ = true;
  } else {
    fmt::print(stderr, "{} {}/{} {}\n", verb_, done, total, what);
  }
}

void Progress::clear() {
  if (!shown_) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
  shown_ = false;
}

std::string coloured(const std::string& text, const char* colour) {
  const char* forbidden = std::getenv("NO_COLOR");
  if (isatty(STDOUT_FILENO) == 0 || dumb_terminal() || (forbidden && *forbidden)) return text;
  return fmt::format("\033[{}m{}\033[0m", colour, text);
}

}  // namespace sepconv::cli
