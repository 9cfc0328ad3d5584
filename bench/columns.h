// Bench: aligned columns of text. Knows no row and no number.
#pragma once

#include <string>
#include <vector>

namespace sepconv::bench {

/// Cells by line, the first line the heading. Words are aligned left where `left` says so, else
/// right; two spaces between columns, none at the ends of lines. A column without any text is left
/// out.
class Columns {
 public:
  explicit Columns(std::vector<bool> left) : left_(std::move(left)) {}
  void add(std::vector<std::string> cells) { lines_.push_back(std::move(cells)); }
  /// A line of its own below the last one, not aligned.
  void note(std::string text) { lines_.push_back({std::move(text)}); }
  [[nodiscard]] std::string text() const;

 private:
  std::vector<bool> left_;
  std::vector<std::vector<std::string>> lines_;
};

}  // namespace sepconv::bench
