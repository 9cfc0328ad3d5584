// Cli: what this machine can do for each named target, for targets and doctor. Knows no layer.
#pragma once

#include <string>
#include <vector>

#include "cli/output.h"
#include "targets/target.h"

namespace sepconv::cli {

struct TargetRow {
  std::string name, halide;
  bool generate = false;
  std::string run = "no";  ///< native, runner, opencl or no
  bool time = false;
  std::string reason;  ///< why something is not possible; else empty
};

[[nodiscard]] std::vector<TargetRow> target_rows();

/// Whether this version has schedules for the target; otherwise why not.
[[nodiscard]] bool can_generate(const targets::Target& target, std::string* why);

}  // namespace sepconv::cli
