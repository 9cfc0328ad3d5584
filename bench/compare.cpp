// Bench: a report against an earlier one. Knows no clock and no terminal.
#include "bench/compare.h"

#include <fmt/core.h>

#include <algorithm>

#include "bench/columns.h"
#include "support/files.h"

namespace sepconv::bench {
namespace {

using nlohmann::json;

/// Slower than this is no regression however quiet the machine seemed.
constexpr double kLeastLimit = 0.05;
/// Half of the samples lie within (median - min) of each other; the medians of two runs on a shared
/// machine differ by a few times that.
constexpr double kSpreads = 2;

Error bad_base(const std::string& path, std::string message) {
  Error error;
  error.kind = ErrorKind::input;
  error.file = path;
  error.field = "--compare";
  error.message = std::move(message);
  error.hint = "give a file that `sepconv bench --json` wrote";
  return error;
}

bool is_number(const json& row, const char* field) {
  const auto place = row.find(field);
  return place != row.end() && place->is_number();
}

bool is_text(const json& row, const char* field) {
  const auto place = row.find(field);
  return place != row.end() && place->is_string();
}

bool is_report(const json& base) {
  if (!base.is_object() || !is_number(base, "threads")) return false;
  const auto rows = base.find("results");
  if (rows == base.end() || !rows->is_array()) return false;
  return std::all_of(rows->begin(), rows->end(), [](const json& row) {
    return row.is_object() && is_text(row, "name") && is_text(row, "target") &&
           is_text(row, "status");
  });
}

const json* find_row(const json& base, const BenchRow& row) {
  for (const json& candidate : base["results"]) {
    if (candidate["name"] == row.name && candidate["target"] == row.target &&
        candidate["status"] == "ok" && is_number(candidate, "median_us") &&
        is_number(candidate, "min_us") && candidate["median_us"].get<double>() > 0) {
      return &candidate;
    }
  }
  return nullptr;
}

Comparison compare_row(const BenchRow& row, const json& base) {
  Comparison result;
  result.layer = row.layer;
  result.name = row.name;
  result.target = row.target;
  result.us = *row.median_us;
  result.base_us = base["median_us"].get<double>();
  const double base_spread = 1 - base["min_us"].get<double>() / result.base_us;
  const double spread = 1 - row.min_us.value_or(result.us) / result.us;
  result.slower = row.of_roofline && is_number(base, "of_roofline")
                      ? base["of_roofline"].get<double>() / *row.of_roofline
                      : result.us / result.base_us;
  result.limit = 1 + std::max(kLeastLimit, kSpreads * (base_spread + spread));
  return result;
}

}  // namespace

Result<json> read_base(const std::string& path) {
  const auto text = support::read_file(path);
  if (!text) return fail(text.error());
  json base = json::parse(*text, nullptr, false);
  if (base.is_discarded()) return fail(bad_base(path, "is not JSON"));
  if (!is_report(base)) return fail(bad_base(path, "is not a report of bench"));
  return base;
}

Result<std::vector<Comparison>> compare(const BenchReport& report, const json& base,
                                        const std::string& path) {
  if (base["threads"] != report.threads) {
    Error error = bad_base(path, "was measured on another number of threads");
    error.value = base["threads"].dump();
    error.hint = fmt::format("measure with --threads {}", error.value);
    return fail(std::move(error));
  }
  std::vector<Comparison> rows;
  for (const BenchRow& row : report.rows) {
    if (row.status != Status::ok || !row.median_us) continue;
    if (const json* other = find_row(base, row)) rows.push_back(compare_row(row, *other));
  }
  return rows;
}

nlohmann::ordered_json to_json(const std::vector<Comparison>& rows) {
  auto list = nlohmann::ordered_json::array();
  for (const Comparison& row : rows) {
    list.push_back({{"layer", row.layer},
                    {"name", row.name},
                    {"target", row.target},
                    {"base_median_us", row.base_us},
                    {"median_us", row.us},
                    {"slower", row.slower},
                    {"limit", row.limit},
                    {"regressed", row.regressed()}});
  }
  return list;
}

std::string comparison_table(const std::vector<Comparison>& rows) {
  Columns columns({true, false, false, false, false, true});
  columns.add({"layer", "base us", "us", "slower", "limit", ""});
  for (const Comparison& row : rows) {
    columns.add({row.layer, fmt::format("{:.1f}", row.base_us), fmt::format("{:.1f}", row.us),
                 fmt::format("{:.3f}x", row.slower), fmt::format("{:.3f}x", row.limit),
                 row.regressed() ? "REGRESSED" : ""});
  }
  return columns.text();
}

}  // namespace sepconv::bench
