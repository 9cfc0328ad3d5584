// Tests of cli: databases and journals with records that this version can use.
#pragma once

#include "fixture.h"
#include "schedules/db/database.h"
#include "schedules/db/journal.h"
#include "schedules/schedule.h"
#include "spec/name.h"

namespace sepconv::cli {

inline constexpr const char* kTuned = "pw_f32_n1h4w6c8_o16_relu";
inline constexpr const char* kTunedTarget = "x86-64-v2";

/// A usable record of kTuned with the heuristic's point, but for the channels of a tile.
[[nodiscard]] inline db::Record usable_record(int64_t tile = 1,
                                              const std::string& machine = "zen4") {
  const spec::Layer layer = spec::parse_name(kTuned).value();
  const targets::Target target = targets::parse_target(kTunedTarget).value();
  db::Record record;
  record.layer = kTuned;
  record.target = kTunedTarget;
  record.machine = machine;
  record.point = schedules::heuristic(layer, target);
  record.point["pw_v"] = tile;
  record.us = 40;
  record.heuristic_us = 50;
  record.noise = 0.01;
  record.trials = 100;
  const db::Versions versions = db::current_versions(schedules::space(layer, target).version);
  record.halide = versions.halide;
  record.space = versions.space;
  record.provenance = "0123456789abcdef";
  return record;
}

[[nodiscard]] inline std::string database_text(std::vector<db::Record> records) {
  return db::to_text({std::move(records), {}});
}

/// A trial of the usable record.
[[nodiscard]] inline db::Trial usable_trial(int64_t number, double us,
                                            const std::string& origin = "random") {
  const db::Record record = usable_record(1 + number % 2);
  db::Trial trial;
  trial.layer = record.layer;
  trial.target = record.target;
  trial.machine = record.machine;
  trial.point = schedules::to_string(record.point);
  trial.outcome = db::TrialOutcome::ok;
  trial.samples_us = {us, us, us};
  trial.number = number;
  trial.origin = origin;
  trial.versions = {"0.1.0", record.halide, record.space};
  trial.time = "2026-01-31T23:59:59Z";
  return trial;
}

[[nodiscard]] inline std::string journal_text(const std::vector<db::Trial>& trials) {
  std::string text;
  for (const db::Trial& trial : trials) text += db::to_line(trial) + "\n";
  return text;
}

}  // namespace sepconv::cli
