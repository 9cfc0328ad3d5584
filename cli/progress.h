// Cli: says on stderr how far long work is. Knows no work.
#pragma once

#include <cstddef>
#include <string>

namespace sepconv::cli {

/// One line that is overwritten on a terminal, plain lines elsewhere. The line is cleared when the
/// value goes away. Silent where `quiet`.
class Progress {
 public:
  explicit Progress(std::string verb, bool quiet = false);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  void step(size_t done, size_t total, const std::string& what);
  /// Removes the line, so that other output starts at the left margin.
  void clear();

 private:
  std::string verb_;
  bool quiet_, terminal_, shown_ = false;
};

/// `text` in a colour's escape sequence ("31" red, "32" green, "33" yellow) where stdout is a
/// terminal and neither NO_COLOR nor TERM=dumb forbids it; else `text`.
[[nodiscard]] std::string coloured(const std::string& text, const char* colour);

}  // namespace sepconv::cli
