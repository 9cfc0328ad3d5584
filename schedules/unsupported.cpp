// Schedules: which targets have code for a layer's types and sizes. Knows no Halide and no point.
#include <algorithm>

#include "schedules/gpu_space.h"

namespace sepconv::schedules {
namespace {

bool contains(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool has_dtype(const targets::Target& target, const spec::Layer& layer) {
  return contains(target.dtypes, spec::word(layer.dtype));
}

bool has_sum(const targets::Target& target, const spec::Layer& layer) {
  return contains(target.sums, spec::word(layer.accumulate));
}

bool fits(const targets::Target& target, const spec::Layer& layer) {
  return target.device == targets::Device::cpu || gpu_fits(layer);
}

/// Names of the targets with all that the layer needs.
std::string able(const spec::Layer& layer) {
  std::string names;
  for (const std::string& name : targets::target_names()) {
    const auto target = targets::parse_target(name);
    if (!target || !has_dtype(*target, layer) || !has_sum(*target, layer)) continue;
    if (!fits(*target, layer)) continue;
    names += (names.empty() ? "" : " ") + name;
  }
  return names;
}

Error reason(const spec::Layer& layer, const char* field, std::string_view value,
             std::string message) {
  Error error;
  error.kind = ErrorKind::input;
  error.layer = layer.name;
  error.field = field;
  error.value = value;
  error.message = std::move(message);
  error.hint = "targets that have it: " + able(layer);
  return error;
}

}  // namespace

Errors unsupported(const spec::Layer& layer, const targets::Target& target) {
  const std::string on = " on target " + target.name;
  if (!has_dtype(target, layer)) {
    return {reason(layer, "dtype", spec::word(layer.dtype),
                   "dtype " + std::string(spec::word(layer.dtype)) + " has no instructions" + on)};
  }
  if (!has_sum(target, layer)) {
    return {reason(
        layer, "accumulate", spec::word(layer.accumulate),
        "sums in " + std::string(spec::word(layer.accumulate)) + " have no instructions" + on)};
  }
  if (!fits(target, layer)) {
    return {
        reason(layer, "target", target.name,
               "the layer has more channels than a block's shared memory holds of one pixel, or "
               "more rows than a grid has blocks," +
                   on)};
  }
  return {};
}

}  // namespace sepconv::schedules
