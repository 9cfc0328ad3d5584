// Tests of schedules: layers by name and targets by name, which must exist.
#pragma once

#include <gtest/gtest.h>

#include "schedules/schedule.h"
#include "spec/name.h"

namespace sepconv::schedules {

inline spec::Layer layer_of(const std::string& name) {
  auto layer = spec::parse_name(name);
  if (!layer) ADD_FAILURE() << name << ": " << layer.error().front().message;
  return layer ? *layer : spec::Layer{};
}

inline targets::Target target_of(const std::string& name) {
  auto target = targets::parse_target(name);
  if (!target) ADD_FAILURE() << name << ": " << target.error().front().message;
  return target ? *target : targets::Target{};
}

inline const char* const kCpuTargets[] = {"x86-64-v2", "x86-64-v3", "x86-64-v4", "x86-64-v4@zen4",
                                          "x86-64-v4@sapphirerapids"};

}  // namespace sepconv::schedules
