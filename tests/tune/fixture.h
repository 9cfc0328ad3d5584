// Tests of tune: small spaces with known times.
#pragma once

#include <cmath>
#include <string>

#include "schedules/schedule.h"
#include "spec/name.h"
#include "targets/target.h"
#include "tune/session.h"

namespace sepconv::tune {

/// Knobs a, b, c, d of 12 values each; legal where a * b is at most 60.
inline Domain toy_domain() {
  Domain domain;
  for (const char* name : {"p_a", "p_b", "q_c", "q_d"}) {
    schedules::Knob knob{name, "", {}};
    for (int64_t i = 1; i <= 12; ++i) knob.values.push_back(i);
    domain.space.knobs.push_back(std::move(knob));
  }
  domain.reasons = [](const Point& point) {
    Errors errors;
    if (point.at("p_a") * point.at("p_b") <= 60) return errors;
    Error error;
    error.field = "schedule.p_a";
    errors.push_back(error);
    return errors;
  };
  return domain;
}

/// Least, 0.8, at a=9 b=6 c=4 d=10, with interactions between the knobs.
inline double toy_time(const Point& point) {
  const auto at = [&](const char* name) { return static_cast<double>(point.at(name)); };
  const double product = at("p_a") * at("p_b") - 54;
  const double sum = at("q_c") + at("q_d") - 14;
  return 0.8 + 0.0004 * product * product + 0.01 * std::abs(at("p_a") - 9) + 0.004 * sum * sum +
         0.02 * std::abs(at("q_c") - 4);
}

inline Task toy_task() {
  Task task;
  task.layer = *spec::parse_name("pw_f32_n1h4w4c8_o16_none");
  task.target = *targets::parse_target("x86-64-v3");
  task.domain = toy_domain();
  return task;
}

inline std::vector<Result> toy_results(const std::vector<Proposal>& proposals) {
  std::vector<Result> results;
  for (const Proposal& proposal : proposals) {
    results.push_back({db::TrialOutcome::ok, toy_time(proposal.point)});
  }
  return results;
}

/// The best relative time that a strategy finds in that many trials.
inline double found(const Task& task, Strategy strategy, uint64_t seed, size_t trials) {
  Search search(task, strategy, seed);
  while (search.history().size() < trials) {
    const auto proposals = search.propose(4);
    const auto results = toy_results(proposals);
    for (size_t i = 0; i < proposals.size(); ++i) search.tell(proposals[i], results[i]);
  }
  return search.best_of_first(trials);
}

}  // namespace sepconv::tune
