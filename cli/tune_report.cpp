// Cli: what the verb tune says at the end: JSON, words, a page. Knows no measurement.
#include "cli/tune_report.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "cli/progress.h"
#include "spec/name.h"
#include "tune/page.h"

namespace sepconv::cli {
namespace {

std::map<std::string, int64_t> failures(const tune::Search& search) {
  std::map<std::string, int64_t> counts;
  for (const tune::Entry& entry : search.history()) {
    if (entry.result.outcome != db::TrialOutcome::ok) ++counts[db::word(entry.result.outcome)];
  }
  return counts;
}

/// The fastest entry of the search, if any.
const tune::Entry* best(const TuneRow& row) {
  if (row.search == nullptr) return nullptr;
  const auto index = row.search->best();
  return index ? &row.search->history()[*index] : nullptr;
}

Json verdict_json(const std::optional<tune::Verdict>& verdict) {
  if (!verdict) return nullptr;
  return {{"ratio", verdict->ratio},       {"low", verdict->low},
          {"high", verdict->high},         {"noise", verdict->noise},
          {"sessions", verdict->sessions}, {"accepted", verdict->accepted}};
}

Json point_or_null(const schedules::Point& point) {
  return point.empty() ? Json(nullptr) : Json(schedules::to_string(point));
}

/// In turn with the point that the database holds, where both were measured so.
double heuristic_us(const TuneRow& row) {
  const auto& record = row.decision.record;
  return record && record->heuristic_us > 0 ? record->heuristic_us : row.heuristic_us;
}

std::string words(const TuneRow& row) {
  if (!row.reason.empty()) return coloured("skipped", "33") + "  " + row.reason;
  const tune::Entry* fastest = best(row);
  std::string text = fmt::format("{} trials", row.search->history().size());
  if (fastest != nullptr) text += fmt::format(", best {:.3f}x", fastest->result.relative);
  if (row.best_known > 0 && fastest != nullptr) {
    return text + fmt::format(", regret {:.3f}", fastest->result.relative / row.best_known);
  }
  if (const auto& record = row.decision.record) {
    text += fmt::format(", {:.1f} us of {:.1f} us", record->us, record->heuristic_us);
  }
  if (const auto& verdict = row.decision.verdict) {
    text += fmt::format(", confirmed {:.3f} [{:.3f}, {:.3f}] noise {:.3f}", verdict->ratio,
                        verdict->low, verdict->high, verdict->noise);
  }
  return coloured(row.decision.accepted ? "faster" : "kept", row.decision.accepted ? "32" : "0") +
         "  " + text;
}

}  // namespace

Json failures_json(const tune::Search& search) {
  Json object = Json::object();
  for (const auto& [kind, count] : failures(search)) object[kind] = count;
  return object;
}

std::string failures_text(const std::vector<const tune::Search*>& searches) {
  std::map<std::string, int64_t> all;
  for (const tune::Search* search : searches) {
    for (const auto& [kind, count] : failures(*search)) all[kind] += count;
  }
  std::string text;
  for (const auto& [kind, count] : all) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", kind, count);
  }
  return text;
}

Json to_json(const TuneRow& row) {
  const tune::Entry* fastest = best(row);
  const auto& record = row.decision.record;
  Json item;
  item["layer"] = row.layer;
  item["name"] = spec::canonical_name(row.task->layer);
  item["target"] = row.task->target.name;
  item["count"] = row.count;
  item["space"] = {{"points", row.size.points}, {"exact", row.size.exact}};
  item["trials"] = row.search == nullptr ? 0 : row.search->history().size();
  item["failures"] = row.search == nullptr ? Json::object() : failures_json(*row.search);
  item["best_relative"] = fastest == nullptr ? Json(nullptr) : Json(fastest->result.relative);
  item["best_schedule"] =
      fastest == nullptr ? Json(nullptr) : Json(schedules::to_string(fastest->proposal.point));
  item["best_origin"] = fastest == nullptr ? Json(nullptr) : Json(fastest->proposal.origin);
  item["best_known"] = row.best_known > 0 ? Json(row.best_known) : Json(nullptr);
  item["winner"] = point_or_null(row.decision.winner);
  item["confirmed"] = verdict_json(row.decision.verdict);
  item["accepted"] = row.decision.accepted;
  item["schedule"] = record ? Json(schedules::to_string(record->point)) : Json(nullptr);
  item["us"] = record ? Json(record->us) : Json(nullptr);
  const double heuristic = heuristic_us(row);
  item["heuristic_us"] = heuristic > 0 ? Json(heuristic) : Json(nullptr);
  item["reason"] = row.reason;
  return item;
}

void print(const std::vector<TuneRow>& rows) {
  for (const TuneRow& row : rows) {
    fmt::print("{} {}  {}\n", row.layer, row.task->target.name, words(row));
  }
}

std::string tune_page(const std::vector<TuneRow>& rows, const std::string& command) {
  std::vector<tune::PageRow> shown;
  for (const TuneRow& row : rows) {
    if (row.search == nullptr) continue;
    tune::PageRow one;
    one.layer = row.layer;
    one.target = row.task->target.name;
    one.heuristic_us = heuristic_us(row);
    one.search = row.search;
    one.space = row.task->domain.space;
    if (row.decision.record) one.chosen = schedules::to_string(row.decision.record->point);
    one.verdict = row.decision.verdict;
    shown.push_back(std::move(one));
  }
  return tune::page(shown, command);
}

}  // namespace sepconv::cli
