// Bench, device program: checks and times generated libraries on a machine with a GPU, without the
// compiler: what scripts/gpu_bundle takes there. Knows no schedule.
//
//   sepconv_device names LAYERS.json           the layers to generate: all, and their exact twins
//   sepconv_device verify LIBRARY.so MANIFEST.json LAYERS.json TARGET
//   sepconv_device bench LIBRARY.so LAYERS.json
#include <fmt/core.h>

#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "bench/device/time.h"
#include "measure/fill.h"
#include "measure/verify.h"
#include "spec/json.h"
#include "spec/name.h"

namespace sepconv::bench::device {
namespace {

constexpr const char* kLibrary = "kernels";

int complain(const Errors& errors) {
  for (const Error& error : errors) fmt::print(stderr, "{}: {}\n", error.file, error.message);
  return 3;
}

int print_names(const std::string& path) {
  const auto file = spec::read_layer_file(path);
  if (!file) return complain(file.error());
  std::set<std::string> seen;
  for (const spec::Layer& layer : file->layers) {
    for (const spec::Layer& one : {layer, measure::exact_twin(layer)}) {
      const std::string name = spec::canonical_name(one);
      if (seen.insert(name).second) fmt::print("{}\n", name);
    }
  }
  return 0;
}

/// Canonical names to points, of the library's one target.
std::map<std::string, std::string> read_points(const std::string& manifest) {
  std::map<std::string, std::string> points;
  std::ifstream stream(manifest);
  const auto json = nlohmann::json::parse(stream, nullptr, false);
  if (json.is_discarded()) return points;
  for (const auto& layer : json["layers"]) {
    points[layer["name"]] = layer["schedules"][0]["point"];
  }
  return points;
}

int verify(const std::string& library, const std::string& manifest, const std::string& path,
           const std::string& target_name) {
  const auto file = spec::read_layer_file(path);
  const auto target = targets::parse_target(target_name);
  if (!file || !target) return complain(file ? target.error() : file.error());
  const auto points = read_points(manifest);
  const measure::Builder built = [&](const std::vector<spec::Layer>& layers,
                                     const targets::Target&) -> Result<measure::Built> {
    measure::Built result;
    result.shared_object = library;
    result.library = kLibrary;
    for (const spec::Layer& layer : layers) {
      const auto point = points.find(spec::canonical_name(layer));
      measure::BuiltLayer one;
      if (point != points.end()) one.point = point->second;
      result.layers.push_back(std::move(one));
    }
    return result;
  };
  const auto rows = measure::verify(file->layers, {*target}, built, {});
  int failures = 0;
  for (const measure::VerifyRow& row : rows) {
    const bool passed = row.status == measure::Status::passed;
    failures += passed ? 0 : 1;
    fmt::print("{} {} error {:.3g} of {:.3g} {}\n", measure::word(row.status), row.name,
               row.max_error.value_or(0), row.bound.value_or(0), row.reason);
  }
  fmt::print("{}: {} of {} layers passed\n", path, rows.size() - static_cast<size_t>(failures),
             rows.size());
  return failures > 0 ? 1 : 0;
}

int bench(const std::string& library, const std::string& path) {
  const auto file = spec::read_layer_file(path);
  if (!file) return complain(file.error());
  std::string why;
  if (!start_driver(why)) return fmt::print(stderr, "{}\n", why), 4;
  const Ceilings ceilings{measured_peak_gflops(), measured_bandwidth_gbs()};
  fmt::print("{}: {:.0f} GFLOP/s of multiply-adds, {:.0f} GB/s\n", device_name(),
             ceilings.peak_gflops, ceilings.bandwidth_gbs);
  fmt::print("{:<60} {:>9} {:>9} {:>9} {:>8} {:>8}\n", "layer", "min us", "median us", "GFLOP/s",
             "of peak", "of roof");
  int failures = 0;
  for (const spec::Layer& layer : file->layers) failures += print_row(library, layer, ceilings);
  return failures > 0 ? 1 : 0;
}

int run(int argc, char** argv) {
  const std::string verb = argc > 1 ? argv[1] : "";
  if (verb == "names" && argc == 3) return print_names(argv[2]);
  if (verb == "verify" && argc == 6) return verify(argv[2], argv[3], argv[4], argv[5]);
  if (verb == "bench" && argc == 4) return bench(argv[2], argv[3]);
  fmt::print(stderr, "usage: {} names | verify | bench, see the head of its source\n", argv[0]);
  return 2;
}

}  // namespace
}  // namespace sepconv::bench::device

int main(int argc, char** argv) { return sepconv::bench::device::run(argc, argv); }
