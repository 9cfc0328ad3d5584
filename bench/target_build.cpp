// Bench: one target's kernels: built, opened, found for a row. Knows no clock.
#include "bench/target_build.h"

#include <utility>

#include "measure/device/ceilings.h"
#include "support/interrupt.h"

namespace sepconv::bench {
namespace {

constexpr double kDeviceSeconds = 60;  // wall time for a device's ceilings

std::string describe(const Errors& errors) {
  std::string text = errors.front().message;
  if (!errors.front().hint.empty()) text += "; " + errors.front().hint;
  return text;
}

/// The ceilings of the target's device. Those of the CPU are the same for all its targets.
void measure_ceilings(const targets::Target& target, TargetBuild& result) {
  const auto facts = measure::measure_device(target.device, kDeviceSeconds);
  result.device = facts.name;
  result.ceilings = facts.ceilings;
  if (facts.problem.empty()) return;
  result.status = Status::failed;
  result.reason = "the device could not be measured: " + facts.problem;
}

void open(const std::optional<measure::Runner>& runner, TargetBuild& result) {
  const measure::Built& built = result.built;
  const auto set = [&](auto opened, auto& place) {
    if (opened) {
      place = std::move(*opened);
      return;
    }
    const bool elsewhere = opened.error().front().kind == ErrorKind::environment;
    result.status = elsewhere ? Status::skipped : Status::failed;
    result.reason = describe(opened.error());
  };
  if (runner) {
    set(measure::RemoteLibrary::open(built.shared_object, built.library, *runner), result.remote);
  } else {
    set(measure::Library::open(built.shared_object, built.library), result.library);
  }
}

}  // namespace

TargetBuild build_target(const targets::Target& target, const std::vector<spec::Layer>& layers,
                         const measure::Builder& build,
                         const std::optional<measure::Runner>& runner) {
  TargetBuild result;
  std::string why;
  if (!runner && !targets::runs_here(target, &why)) {
    result.status = Status::skipped;
    result.reason = why;
    return result;
  }
  if (target.device != targets::Device::cpu && !runner) measure_ceilings(target, result);
  if (result.status != Status::ok) return result;
  auto built = build(layers, target);
  if (!built) {
    result.status = support::interrupted() ? Status::skipped : Status::failed;
    result.reason = describe(built.error());
    return result;
  }
  result.built = std::move(*built);
  if (!result.built.shared_object.empty()) open(runner, result);
  return result;
}

std::optional<measure::Kernel> find_kernel(const TargetBuild& build, const spec::Layer& layer,
                                           size_t index, BenchRow& row) {
  row.status = build.status;
  row.reason = build.reason;
  if (build.status != Status::ok) return std::nullopt;
  const measure::BuiltLayer& built = build.built.layers[index];
  row.schedule = built.source;
  if (!built.errors.empty()) {
    set_failed(row, "does not compile: " + describe(built.errors));
    return std::nullopt;
  }
  if (!build.library && !build.remote) {
    set_failed(row, "no library was built; this is a defect of sepconv: please report it");
    return std::nullopt;
  }
  row.code_bytes = built.code_bytes;
  auto kernel = build.remote ? build.remote->kernel(layer) : build.library->kernel(row.name);
  if (!kernel) {
    set_failed(row, describe(kernel.error()));
    return std::nullopt;
  }
  return std::move(*kernel);
}

}  // namespace sepconv::bench
