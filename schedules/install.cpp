// Schedules: the public functions, by architecture, and their installation in the generators'
// hooks.
#include "generators/stages.h"
#include "schedules/arm.h"
#include "schedules/cpu.h"
#include "schedules/cpu_space.h"
#include "schedules/gpu.h"
#include "schedules/gpu_space.h"
#include "schedules/schedule.h"
#include "schedules/x86.h"

namespace sepconv::schedules {

namespace {

/// The named target of Halide's, with the data of a generic core.
targets::Target named_target(const Halide::Target& halide) {
  Halide::Target plain = halide;
  for (const auto feature :
       {Halide::Target::NoRuntime, Halide::Target::NoAsserts, Halide::Target::NoBoundsQuery,
        Halide::Target::UserContext, Halide::Target::JIT}) {
    plain = plain.without_feature(feature);
  }
  Result<targets::Target> target = targets::parse_target(plain.to_string());
  if (!target) throw Halide::CompileError(target.error().front().message);
  return *target;
}

bool on_cpu(const targets::Target& target) { return target.device == targets::Device::cpu; }

/// An empty text means the heuristic's point.
Point point_of(const spec::Layer& layer, const targets::Target& target, const std::string& text) {
  const Errors none = unsupported(layer, target);
  if (!none.empty()) throw Halide::CompileError(none.front().message);
  if (text.empty()) return heuristic(layer, target);
  Result<Point> point = parse_point(text);
  if (!point) throw Halide::CompileError("schedule: " + point.error().front().message);
  const Errors errors = legal(*point, layer, target);
  if (!errors.empty()) {
    throw Halide::CompileError(errors.front().field + ": " + errors.front().message);
  }
  return *point;
}

}  // namespace

spec::Layer nest(const spec::Layer& layer, const targets::Target& target) {
  spec::Layer rows = layer;
  if (on_cpu(target)) {
    const int64_t images = spec::images_as_rows(layer);
    rows.input.h *= images;
    rows.input.n /= images;
  }
  return spec::along_columns(rows);
}

Space space(const spec::Layer& layer, const targets::Target& target) {
  const spec::Layer nest = schedules::nest(layer, target);
  return on_cpu(target) ? cpu_space(nest, target) : gpu_space(nest);
}

Point heuristic(const spec::Layer& layer, const targets::Target& target) {
  const spec::Layer nest = schedules::nest(layer, target);
  if (!on_cpu(target)) return gpu_heuristic(nest, target.gpu);
  return target.isa == "arm64" ? arm_heuristic(nest, target) : x86_heuristic(nest, target);
}

Errors legal(const Point& point, const spec::Layer& layer, const targets::Target& target) {
  if (Errors errors = unsupported(layer, target); !errors.empty()) return errors;
  const spec::Layer nest = schedules::nest(layer, target);
  return on_cpu(target) ? cpu_legal(point, nest, target) : gpu_legal(point, nest);
}

std::vector<Phase> phases(const spec::Layer& layer, const targets::Target& target,
                          const Point& point) {
  const spec::Layer nest = schedules::nest(layer, target);
  return on_cpu(target) ? cpu_phases(nest, target, point) : gpu_phases(nest, point);
}

void install() {
  generators::Hooks hooks;
  hooks.schedule = [](generators::Chain& chain, const Halide::Target& halide,
                      const std::string& text) {
    const targets::Target target = named_target(halide);
    const Point point = point_of(chain.layer, target, text);
    return on_cpu(target) ? schedule_cpu(chain, point) : schedule_gpu(chain, point);
  };
  hooks.phases = [](const spec::Layer& layer, const Halide::Target& halide,
                    const std::string& text) {
    const targets::Target target = named_target(halide);
    return phases(layer, target, point_of(layer, target, text));
  };
  generators::set_hooks(std::move(hooks));
}

}  // namespace sepconv::schedules
