// Bench, peers: a dialogue with one rival's program. Knows no layer and no statistics.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "bench/peers/find.h"

namespace sepconv::bench {

/// A running program `PROGRAM FOLDER`, whose layer lies in FOLDER (exchange.h). The program writes
/// one output to FOLDER/output.f32 and says `ready IMPLEMENTATION`, or `unsupported REASON`. Then
/// each line `N` on its stdin makes it call the layer once untimed and N times timed; it answers
/// with microseconds a call. A line `cold` makes it write its inputs anew, wake its threads and
/// time one call; it answers with microseconds, with `again` where another such line, after caches
/// are emptied once more, is needed for an answer, or with `never REASON` where no call can be cold
/// as ours are. It ends when its stdin ends, and with this process. Between its turns it is
/// stopped, so that its waiting threads take no time from others.
class Session {
 public:
  /// Inherits the caller's CPU affinity. `threads` sets OMP_NUM_THREADS.
  static Session start(const Peer& peer, const std::filesystem::path& folder, int threads);
  Session(Session&& other) noexcept;
  Session& operator=(Session&&) = delete;
  ~Session();  ///< ends the program

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& implementation() const { return implementation_; }
  /// Why there are no times: not supported, a crash or silence. Empty while all is well.
  [[nodiscard]] const std::string& problem() const { return problem_; }
  /// Why there are only hot times; empty while there may be cold ones.
  [[nodiscard]] const std::string& cold_problem() const { return cold_problem_; }
  /// Microseconds a call; 0 and a problem when the program does not answer.
  double time(size_t calls);
  /// Of one call in caches that `empty` emptied; 0 with a cold problem; else as time().
  double time_cold(const std::function<void()>& empty);

 private:
  Session() = default;
  std::string name_, implementation_, problem_, cold_problem_, unread_;
  pid_t pid_ = -1;
  int to_ = -1, from_ = -1;

  std::optional<std::string> read_line(double seconds);
  std::optional<std::string> ask(const std::string& line);
  double microseconds(const std::optional<std::string>& answer);
  void greet();
};

}  // namespace sepconv::bench
