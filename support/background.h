// Support: work in a child process while this one goes on. Knows nothing of the work.
#pragma once

#include <sys/types.h>

#include <functional>
#include <utility>

#include "support/error.h"

namespace sepconv::support {

/// A forked child at work; it ends with the value and dies with this process. What it finds it must
/// leave in files. Start it from a process of one thread. Movable.
class Background {
 public:
  /// Kind environment when the system refuses a process.
  [[nodiscard]] static Result<Background> start(const std::function<void()>& work);
  Background(Background&& other) noexcept : child_(std::exchange(other.child_, -1)) {}
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  Background& operator=(Background&&) = delete;
  /// Asks the child to stop; kills it where it does not.
  ~Background();

  /// Waits. False when the child did not come to the end of its work, or the user interrupts.
  [[nodiscard]] bool wait();

 private:
  explicit Background(pid_t child) : child_(child) {}
  pid_t child_ = -1;  ///< -1: reaped or moved away
};

}  // namespace sepconv::support
