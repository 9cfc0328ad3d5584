// Measure, private to runner: a child process with a connection to its stdin and stdout. Knows no
// message's meaning.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "measure/runner.h"
#include "measure/runner/protocol.h"

namespace sepconv::measure {

/// A runner's process. Throws KernelLost with the reason when it ends, says FAULT, or does not
/// answer in time. It is killed with the value, and dies with the thread that started it.
class Connection {
 public:
  /// Starts the command through the shell, whose $0 is the program, and waits for HELLO.
  explicit Connection(const Runner& runner);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  struct Piece {
    const void* data;
    size_t bytes;
  };
  struct Answer {
    uint32_t code = 0;
    std::vector<char> payload;
  };
  /// Sends a request of these pieces and waits for its answer.
  Answer ask(uint32_t kind, const std::vector<Piece>& pieces);

 private:
  pid_t child_ = -1;
  int socket_ = -1;

  void send(const void* data, size_t bytes);
  void receive(void* data, size_t bytes, double seconds);
  Answer answer(uint32_t kind, double seconds);
  [[noreturn]] void lost();
};

}  // namespace sepconv::measure
