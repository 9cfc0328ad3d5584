// Support: child processes with limits. Knows nothing of what they compute.
#include "support/process.h"

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string_view>
#include <thread>

#include "support/child.h"
#include "support/interrupt.h"

namespace sepconv::support {

std::vector<Outcome> run_all(const std::vector<Command>& commands, int jobs,
                             const std::function<void(size_t, const Outcome&)>& on_end) {
  const size_t at_once = static_cast<size_t>(jobs > 0 ? jobs : core_count());
  std::vector<Outcome> outcomes(commands.size());
  std::vector<Child> running;
  size_t next = 0;
  const auto report = [&](size_t index) {
    if (on_end) on_end(index, outcomes[index]);
  };
  // One thread starts, reads and reaps: a child's death signal follows the thread that forked it.
  while (next < commands.size() || !running.empty()) {
    while (next < commands.size() && running.size() < at_once) {
      const size_t index = next++;
      if (interrupted()) {
        outcomes[index].end = Outcome::End::interrupted;
        report(index);
      } else if (auto child = start(commands[index], index, outcomes[index])) {
        running.push_back(std::move(*child));
      } else {
        report(index);
      }
    }
    wait_for_any(running);
    for (size_t i = 0; i < running.size();) {
      Child& child = running[i];
      if (!finished(child, outcomes[child.index])) {
        ++i;
        continue;
      }
      const size_t index = child.index;
      running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
      report(index);
    }
  }
  return outcomes;
}

Outcome run(const Command& command) { return std::move(run_all({command}, 1).front()); }

std::string describe(const Outcome& outcome, const ProcessLimits& limits) {
  std::ostringstream text;
  switch (outcome.end) {
    case Outcome::End::exited:
      text << "ended with exit code " << outcome.code;
      break;
    case Outcome::End::signalled:
      text << "was killed by signal " << outcome.code << " (" << ::strsignal(outcome.code) << ")";
      break;
    case Outcome::End::timed_out:
      text << "ran longer than " << limits.seconds << " s";
      break;
    case Outcome::End::interrupted:
      text << "was interrupted";
      break;
    case Outcome::End::not_started:
      text << "could not start: " << outcome.message;
      break;
  }
  return text.str();
}

std::filesystem::path find_program(const std::vector<std::string>& names) {
  const char* search = std::getenv("PATH");
  const std::string folders = search != nullptr ? search : "/usr/local/bin:/usr/bin:/bin";
  for (const std::string& name : names) {
    std::istringstream parts(folders);
    for (std::string folder; std::getline(parts, folder, ':');) {
      const std::filesystem::path path = std::filesystem::path(folder) / name;
      std::error_code ignored;
      if (!folder.empty() && std::filesystem::is_regular_file(path, ignored) &&
          ::access(path.c_str(), X_OK) == 0) {
        return path;
      }
    }
  }
  return {};
}

std::filesystem::path own_executable() {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored);
}

int core_count() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace sepconv::support
