// Cli: the verb doctor: what this machine can generate, run and measure, and why not. Changes
// nothing but a probe file in the cache folder. Knows no layer.
#include <fmt/core.h>

#include <fstream>
#include <memory>

#include "cli/options.h"
#include "cli/target_rows.h"
#include "cli/verbs.h"
#include "emit/cache.h"
#include "emit/predict.h"
#include "emit/tools.h"
#include "support/files.h"
#include "support/process.h"

namespace sepconv::cli {
namespace {

struct Check {
  std::string name, serves;  ///< serves: generate, run, measure, predict
  bool ok = false, required = false;
  std::string detail, hint;
};

Check tool_check(const std::string& tool) {
  Check check{tool, "generate", false, true, {}, {}};
  if (const auto path = emit::find_tool(tool)) {
    check.ok = true;
    check.detail = path->string();
  } else {
    check.detail = path.error().front().message;
    check.hint = path.error().front().hint;
  }
  return check;
}

/// A program that only some work needs.
Check program_check(const std::string& program, const std::string& serves,
                    const std::string& hint) {
  Check check{program, serves, false, false, {}, hint};
  const auto path = support::find_program({program});
  check.ok = !path.empty();
  check.detail = check.ok ? path.string() : "the program " + program + " is not on PATH";
  if (check.ok) check.hint.clear();
  return check;
}

Check mca_check() {
  Check check{"llvm-mca", "predict", false, false, {}, {}};
  if (const auto path = emit::find_mca()) {
    check.ok = true;
    check.detail = path->string();
  } else {
    check.detail = path.error().front().message;
    check.hint = "predictions stay out: " + path.error().front().hint;
  }
  return check;
}

Check cache_check() {
  Check check{"cache folder", "generate", false, true, {}, {}};
  const auto folder = emit::cache_folder({});
  Errors errors;
  if (!folder) {
    errors = folder.error();
  } else if (const auto made = support::make_folder(*folder); !made) {
    errors = made.error();
  } else if (const auto probe = support::TempFolder::make(*folder, ".probe-"); !probe) {
    errors = probe.error();
  }
  check.ok = errors.empty();
  check.detail = check.ok ? folder->string() : errors.front().message;
  if (!check.ok) check.hint = "set SEPCONV_CACHE_DIR to a writable folder, or use --no-cache";
  return check;
}

Check host_check() {
  Check check{"this machine", "run", false, true, {}, {}};
  if (const auto target = targets::parse_target("native")) {
    check.ok = true;
    check.detail = target->name + ", Halide " + target->halide;
  } else {
    check.detail = target.error().front().message;
    check.hint = target.error().front().hint;
  }
  return check;
}

/// A device that a target needs, as verify would find it.
Check device_check(const std::string& name) {
  Check check{"device for " + name, "run", false, false, {}, {}};
  const auto target = targets::parse_target(name);
  std::string why;
  check.ok = target && targets::runs_here(*target, &why);
  check.detail = check.ok ? "found" : why;
  if (!check.ok) check.hint = "only verify on this target needs it";
  return check;
}

Check governor_check() {
  Check check{"frequency governor", "measure", true, false, "not visible here", {}};
  std::ifstream file("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  std::string governor;
  if (file >> governor) {
    check.detail = governor;
    check.ok = governor == "performance";
    if (!check.ok) check.hint = "times vary less with: cpupower frequency-set -g performance";
  }
  return check;
}

std::vector<Check> checks() {
  std::vector<Check> all;
  for (const char* tool : {"llvm-mc", "ld.lld", "llvm-objcopy", "llvm-ar"}) {
    all.push_back(tool_check(tool));
  }
  all.push_back(cache_check());
  all.push_back(host_check());
  all.push_back(program_check("qemu-x86_64", "run", "install the package qemu-user"));
  all.push_back(program_check("qemu-aarch64", "run", "install the package qemu-user"));
  all.push_back(program_check("ptxas", "generate",
                              "registers of CUDA kernels stay unknown; ptxas comes with CUDA's "
                              "toolkit or in the PyPI package nvidia-cuda-nvcc-cu12: put its bin "
                              "folder on PATH"));
  all.push_back(mca_check());
  all.push_back(device_check("opencl"));
  all.push_back(device_check("cuda-sm80"));
  all.push_back(governor_check());
  Check cores{"cores", "measure", true, false, std::to_string(support::core_count()), {}};
  all.push_back(cores);
  return all;
}

int doctor(const Options& options) {
  Json list = Json::array();
  bool well = true;
  for (const Check& check : checks()) {
    well &= check.ok || !check.required;
    list.push_back({{"name", check.name},
                    {"serves", check.serves},
                    {"ok", check.ok},
                    {"required", check.required},
                    {"detail", check.detail},
                    {"hint", check.hint}});
    if (options.json) continue;
    fmt::print("{:<4} {:<20} {:<9} {}\n",
               check.ok         ? "ok"
               : check.required ? "NO"
                                : "no",
               check.name, check.serves, check.detail);
    if (!check.hint.empty()) fmt::print("     {}\n", check.hint);
  }
  Json targets = Json::array();
  for (const TargetRow& row : target_rows()) {
    targets.push_back({{"name", row.name},
                       {"generate", row.generate},
                       {"run", row.run},
                       {"time", row.time},
                       {"reason", row.reason}});
    if (options.json) continue;
    fmt::print("target {}: generate {}, run {}, measure {}{}{}\n", row.name,
               row.generate ? "yes" : "no", row.run, row.time ? "yes" : "no",
               row.reason.empty() ? "" : ": ", row.reason);
  }
  if (options.json) print_json({{"ok", well}, {"checks", list}, {"targets", targets}});
  return well ? kOk : kEnvironment;
}

}  // namespace

void add_doctor(CLI::App& app, int& code) {
  CLI::App* verb = app.add_subcommand("doctor", "Say what this machine can do, and why not");
  const auto options = std::make_shared<Options>();
  add_json(*verb, *options);
  verb->callback([options, &code] { code = doctor(*options); });
}

}  // namespace sepconv::cli
