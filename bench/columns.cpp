// Bench: aligned columns of text. Knows no row and no number.
#include "bench/columns.h"

#include <algorithm>

namespace sepconv::bench {

std::string Columns::text() const {
  std::vector<size_t> widths(left_.size(), 0);
  for (const auto& cells : lines_) {
    if (cells.size() != widths.size()) continue;
    for (size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], cells[i].size());
  }
  std::string result;
  for (const auto& cells : lines_) {
    const bool aligned = cells.size() == widths.size();
    std::string line;
    for (size_t i = 0; i < cells.size(); ++i) {
      if (aligned && widths[i] == 0) continue;
      if (!line.empty()) line += "  ";
      const std::string gap(aligned ? widths[i] - cells[i].size() : 0, ' ');
      line += i < left_.size() && left_[i] ? cells[i] + gap : gap + cells[i];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    result += line + "\n";
  }
  return result;
}

}  // namespace sepconv::bench
