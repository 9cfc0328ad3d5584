// Bench, private to the page: a table whose headings sort it. Knows no row of bench.
#pragma once

#include <string>
#include <vector>

namespace sepconv::bench {

/// A heading and what stands below it: numbers, words, or words that may wrap.
struct PageColumn {
  enum Kind { number, word, long_word };
  std::string heading;
  Kind kind = number;
  std::string meaning = {};  ///< shown when one points at the heading
};

/// Cells are escaped.
class PageTable {
 public:
  explicit PageTable(std::vector<PageColumn> columns) : columns_(std::move(columns)) {}
  void add(const std::vector<std::string>& cells, bool bad = false);
  [[nodiscard]] bool empty() const { return body_.empty(); }
  [[nodiscard]] std::string html() const;

 private:
  std::vector<PageColumn> columns_;
  std::string body_;
};

}  // namespace sepconv::bench
