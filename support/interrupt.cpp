// Support: the user's wish to stop, as a flag. Knows no work.
#include "support/interrupt.h"

#include <csignal>

#include <atomic>

namespace sepconv::support {
namespace {

std::atomic<bool> flag{false};
static_assert(std::atomic<bool>::is_always_lock_free, "set in a signal handler");

void on_signal(int) { interrupt(); }

}  // namespace

bool interrupted() { return flag.load(std::memory_order_relaxed); }
void interrupt() { flag.store(true, std::memory_order_relaxed); }
void clear_interrupt() { flag.store(false, std::memory_order_relaxed); }

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  // Back to the default action after the first, so that a stuck process can still be ended.
  action.sa_flags = SA_RESETHAND;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

}  // namespace sepconv::support
