// Bench, private to the page: a table whose headings sort it. Knows no row of bench.
#include "bench/page_table.h"

#include <fmt/core.h>

#include "bench/roofline_plot.h"

namespace sepconv::bench {
namespace {

constexpr const char* kClasses[] = {"", " class=\"word\"", " class=\"word long\""};

}  // namespace

void PageTable::add(const std::vector<std::string>& cells, bool bad) {
  body_ += bad ? "<tr class=\"bad\">" : "<tr>";
  for (size_t i = 0; i < cells.size(); ++i) {
    body_ += fmt::format("<td{}>{}</td>", kClasses[columns_[i].kind], escaped(cells[i]));
  }
  body_ += "</tr>\n";
}

std::string PageTable::html() const {
  std::string head;
  for (const PageColumn& column : columns_) {
    head += fmt::format("<th scope=\"col\"{} title=\"{}\">{}</th>",
                        column.kind == PageColumn::number ? "" : " class=\"word\"",
                        escaped(column.meaning), escaped(column.heading));
  }
  return "<div class=\"wide\"><table><thead><tr>" + head + "</tr></thead><tbody>\n" + body_ +
         "</tbody></table></div>\n";
}

}  // namespace sepconv::bench
