// Targets: names to values. Knows no layer and no schedule. One file,
// because every part of it is the grammar of one word.
#include <algorithm>
#include <set>

#include "runtime/src/cpu.h"
#include "targets/table.h"

namespace sepconv::targets {
namespace {

/// The isa that a device's feature alone stands for.
constexpr std::string_view kDeviceIsa = "x86-64-v3";

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::string join(const std::vector<std::string>& words, const std::string& separator) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : separator) + word;
  return text;
}

Error target_error(std::string_view name, const std::string& message, const std::string& hint) {
  Error error;
  error.kind = ErrorKind::input;
  error.message = message;
  error.field = "target";
  error.value = std::string(name.substr(0, 200));
  error.hint = hint;
  return error;
}

std::vector<std::string> isa_names() {
  std::vector<std::string> names;
  for (const Isa& isa : isas()) names.emplace_back(isa.name);
  return names;
}

Result<Core> find_core(std::string_view name, const Isa& isa, std::string_view whole) {
  if (name == "generic") return isa.generic;
  std::vector<std::string> known{"generic"};
  for (const NamedCore& entry : cores()) {
    if (entry.architecture != isa.architecture) continue;
    if (entry.core.name == name) return entry.core;
    known.emplace_back(entry.core.name);
  }
  return fail(target_error(whole, "names no known core of " + std::string(isa.architecture),
                           "cores: " + join(known, " ")));
}

/// The GPU of a device's feature; "generic" is the first of the table.
Result<Gpu> find_gpu(std::string_view name, std::string_view feature, std::string_view whole) {
  std::vector<std::string> known{"generic"};
  for (const NamedGpu& entry : gpus()) {
    if (entry.feature != feature) continue;
    Gpu gpu = entry.gpu;
    if (name == "generic") gpu.name = "generic";
    if (gpu.name == name) return gpu;
    known.emplace_back(entry.gpu.name);
  }
  return fail(target_error(whole, "names no known GPU for " + std::string(feature),
                           "GPUs: " + join(known, " ")));
}

/// Halide's target string: `<start>-<os>[-<feature>...]`.
std::string halide_text(const Isa& isa, const std::string& os,
                        const std::vector<std::string>& wanted) {
  std::set<std::string> words;
  for (const std::string& word : split(isa.halide_features, '-')) words.insert(word);
  for (const Feature& feature : features()) {
    if (feature.isa == isa.name &&
        std::find(wanted.begin(), wanted.end(), feature.name) != wanted.end()) {
      words.insert(std::string(feature.halide));
    }
  }
  words.erase("");
  std::string text = std::string(isa.halide_start) + "-" + os;
  for (const std::string& word : words) text += "-" + word;
  return text;
}

/// Whether a word names a device's feature of kDeviceIsa.
bool is_device_word(const std::string& word) {
  for (const Feature& feature : features()) {
    if (feature.name == word && feature.isa == kDeviceIsa) return feature.device != Device::cpu;
  }
  return false;
}

/// Features in the table's order, so that equal targets have equal names.
Result<std::vector<std::string>> canonical_features(const Isa& isa,
                                                    const std::vector<std::string>& words,
                                                    std::string_view whole) {
  std::vector<std::string> known, result;
  for (const Feature& feature : features()) {
    if (feature.isa != isa.name) continue;
    known.emplace_back(feature.name);
    if (std::find(words.begin(), words.end(), feature.name) != words.end()) {
      result.emplace_back(feature.name);
    }
  }
  int devices = 0;
  for (const Feature& feature : features()) {
    if (feature.isa != isa.name || feature.device == Device::cpu) continue;
    if (std::find(result.begin(), result.end(), feature.name) != result.end()) ++devices;
  }
  if (devices > 0 && result.size() > 1) {
    return fail(target_error(whole, "has other features beside a device's",
                             "name one of them; a library holds several targets"));
  }
  for (const std::string& word : words) {
    if (std::find(known.begin(), known.end(), word) != known.end()) continue;
    return fail(target_error(
        whole, "'" + word + "' is no feature of " + std::string(isa.name),
        known.empty() ? "this isa has no features to add" : "features: " + join(known, " ")));
  }
  return result;
}

/// Appends those words of a list that are new.
void add_words(std::vector<std::string>& to, std::string_view list) {
  if (list.empty()) return;
  for (std::string& word : split(list, ' ')) {
    if (std::find(to.begin(), to.end(), word) == to.end()) to.push_back(std::move(word));
  }
}

Target make_target(const Isa& isa, const std::vector<std::string>& words, const std::string& os,
                   const Core& core) {
  Target target;
  target.isa = std::string(isa.name);
  target.features = words;
  target.os = os;
  target.halide = halide_text(isa, os, words);
  target.vector_bits = isa.vector_bits;
  target.registers = isa.registers;
  target.fma = isa.fma;
  target.lane_fma = isa.lane_fma;
  target.core = core;
  target.dtypes = split(isa.dtypes, ' ');
  target.sums = {"f32"};
  target.name = target.isa;
  for (const std::string& word : words) target.name += "+" + word;
  for (const Feature& feature : features()) {
    const bool has = std::find(words.begin(), words.end(), feature.name) != words.end();
    if (!has || feature.isa != isa.name) continue;
    if (feature.device != Device::cpu) {
      target.device = feature.device;
      target.gpu = find_gpu("generic", feature.name, target.name).value();
    }
    add_words(target.dtypes, feature.dtypes);
    add_words(target.sums, feature.sums);
  }
  if (target.device != Device::cpu && isa.name == kDeviceIsa) {
    target.name.erase(0, kDeviceIsa.size() + 1);
  }
  if (os != "linux") target.name += "-" + os;
  if (core.name != "generic") target.name += "@" + std::string(core.name);
  return target;
}

/// The isa whose Halide features are the most of those given; "x86-64-linux-..." or "arm-64-...".
Result<Target> parse_halide(std::string_view name, const std::string& start) {
  auto words = split(name.substr(start.size() + 1), '-');
  const std::string os = words.front();
  words.erase(words.begin());
  if (os != "linux" && os != "android") {
    return fail(target_error(name, "is for a system that is not supported", "linux or android"));
  }
  std::sort(words.begin(), words.end());
  const Isa* best = nullptr;
  for (const Isa& isa : isas()) {
    if (isa.halide_start != start) continue;
    auto needed = split(isa.halide_features, '-');
    std::erase(needed, "");
    std::sort(needed.begin(), needed.end());
    if (std::includes(words.begin(), words.end(), needed.begin(), needed.end())) best = &isa;
  }
  if (!best) {
    return fail(target_error(name, "has fewer features than the smallest isa sepconv schedules for",
                             "isas: " + join(isa_names(), " ")));
  }
  std::vector<std::string> wanted;
  std::set<std::string> left(words.begin(), words.end());
  for (const std::string& word : split(best->halide_features, '-')) left.erase(word);
  std::set<std::string> used;
  for (const Feature& feature : features()) {
    const auto parts = split(feature.halide, '-');
    const bool all = std::all_of(parts.begin(), parts.end(),
                                 [&](const std::string& part) { return left.contains(part); });
    if (feature.isa != best->name || !all) continue;
    wanted.emplace_back(feature.name);
    used.insert(parts.begin(), parts.end());
  }
  for (const std::string& word : used) left.erase(word);
  if (!left.empty()) {
    return fail(target_error(name, "has the feature '" + *left.begin() + "', which no target has",
                             "isas: " + join(isa_names(), " ")));
  }
  return make_target(*best, wanted, os, best->generic);
}

Result<Target> native() {
  const uint64_t have = sepconv_cpu_features();
  const Isa* best = nullptr;
  for (const Isa& isa : isas()) {
    if ((isa.cpu_features & ~have) == 0) best = &isa;
  }
  if (!best) {
    Error error = target_error("native", "this machine runs none of the isas",
                               "isas: " + join(isa_names(), " "));
    error.kind = ErrorKind::environment;
    return fail(std::move(error));
  }
  const auto core = find_core(host_core(), *best, "native");
  return make_target(*best, {}, "linux", core ? *core : best->generic);
}

}  // namespace

Result<Target> parse_target(std::string_view name) {
  if (name == "native") return native();
  for (const std::string start : {"x86-64", "arm-64"}) {
    for (const std::string os : {"linux", "android"}) {
      if ((std::string(name) + "-").starts_with(start + "-" + os + "-")) {
        return parse_halide(name, start);
      }
    }
  }
  const auto at = name.find('@');
  const std::string core_name(at == std::string_view::npos ? "generic" : name.substr(at + 1));
  std::string rest(name.substr(0, at));
  std::string os = "linux";
  for (const std::string known : {"linux", "android"}) {
    if (!rest.ends_with("-" + known)) continue;
    os = known;
    rest.resize(rest.size() - known.size() - 1);
    break;
  }
  auto words = split(rest, '+');
  if (is_device_word(words.front())) words.insert(words.begin(), std::string(kDeviceIsa));
  const Isa* isa = find_isa(words.front());
  if (!isa) {
    return fail(target_error(name, "is no known target",
                             "native, or isa[+feature][-os][@core] with isa one of: " +
                                 join(isa_names(), " ") + "; `sepconv targets` lists them"));
  }
  words.erase(words.begin());
  const auto wanted = canonical_features(*isa, words, name);
  if (!wanted) return fail(wanted.error());
  Target target = make_target(*isa, *wanted, os, isa->generic);
  if (target.device == Device::cpu) {
    const auto core = find_core(core_name, *isa, name);
    if (!core) return fail(core.error());
    return make_target(*isa, *wanted, os, *core);
  }
  const auto gpu = find_gpu(core_name, wanted->front(), name);
  if (!gpu) return fail(gpu.error());
  target.gpu = *gpu;
  if (gpu->name != "generic") target.name += "@" + std::string(gpu->name);
  return target;
}

Result<std::vector<Target>> parse_targets(std::string_view list) {
  std::vector<Target> targets;
  Errors errors;
  for (const std::string& name : split(list, ',')) {
    auto target = parse_target(name);
    if (!target) {
      errors.insert(errors.end(), target.error().begin(), target.error().end());
      continue;
    }
    const bool known = std::any_of(targets.begin(), targets.end(),
                                   [&](const Target& other) { return other.name == target->name; });
    if (!known) targets.push_back(std::move(*target));
  }
  for (const Target& target : targets) {
    const bool same =
        find_isa(target.isa)->architecture == find_isa(targets.front().isa)->architecture &&
        target.os == targets.front().os;
    if (same) continue;
    errors.push_back(target_error(
        list,
        "mixes " + targets.front().name + " and " + target.name + ", which cannot share a library",
        "one library holds targets of one architecture and system; "
        "call once for each"));
    break;
  }
  if (!errors.empty()) return fail(std::move(errors));
  return targets;
}

std::vector<std::string> target_names() {
  std::vector<std::string> names;
  for (const Isa& isa : isas()) {
    names.emplace_back(isa.name);
    for (const Feature& feature : features()) {
      if (feature.isa != isa.name) continue;
      const bool alone = feature.device != Device::cpu && isa.name == kDeviceIsa;
      names.push_back((alone ? "" : std::string(isa.name) + "+") + std::string(feature.name));
    }
  }
  return names;
}

uint64_t required_cpu_features(const Target& target) {
  const Isa* isa = find_isa(target.isa);
  uint64_t bits = isa ? isa->cpu_features : 0;
  for (const Feature& feature : features()) {
    if (feature.isa == target.isa && std::find(target.features.begin(), target.features.end(),
                                               feature.name) != target.features.end()) {
      bits |= feature.cpu_features;
    }
  }
  return bits;
}

}  // namespace sepconv::targets
