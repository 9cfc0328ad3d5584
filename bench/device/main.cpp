// Bench, device program: checks and times generated libraries on a machine with a GPU, without the
// compiler: what scripts/gpu_bundle takes there. Knows no schedule.
//
//   sepconv_device names LAYERS.json           the layers to generate: all, and their exact twins
//   sepconv_device verify LIBRARY.so MANIFEST.json LAYERS.json TARGET
//   sepconv_device bench LIBRARY.so MANIFEST.json LAYERS.json TARGET SECONDS OUT.json [cudnn]
#include <fmt/core.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "bench/json.h"
#include "bench/rows.h"
#include "bench/table.h"
#include "measure/fill.h"
#include "measure/verify.h"
#include "spec/json.h"
#include "spec/name.h"
#include "support/interrupt.h"

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

/// The library that gpu_bundle generated, as if it were built now.
measure::Builder built_before(const std::string& library, const std::string& manifest) {
  const auto points = read_points(manifest);
  return
      [=](const measure::BuildRequest& request, const targets::Target&) -> Result<measure::Built> {
        measure::Built result;
        result.shared_object = library;
        result.library = kLibrary;
        for (const spec::Layer& layer : request.layers) {
          const auto point = points.find(spec::canonical_name(layer));
          measure::BuiltLayer one;
          one.source = "heuristic";
          if (point != points.end()) one.point = point->second;
          result.layers.push_back(std::move(one));
        }
        return result;
      };
}

int verify(const std::string& library, const std::string& manifest, const std::string& path,
           const std::string& target_name) {
  const auto file = spec::read_layer_file(path);
  const auto target = targets::parse_target(target_name);
  if (!file || !target) return complain(file ? target.error() : file.error());
  const auto rows = measure::verify(file->layers, {*target}, built_before(library, manifest), {});
  size_t passed = 0, skipped = 0;
  for (const measure::VerifyRow& row : rows) {
    passed += row.status == measure::Status::passed ? 1 : 0;
    skipped += row.status == measure::Status::skipped ? 1 : 0;
    fmt::print("{} {} error {:.3g} of {:.3g} {}\n", measure::word(row.status), row.name,
               row.max_error.value_or(0), row.bound.value_or(0), row.reason);
  }
  fmt::print("{}: {} of {} layers passed, {} skipped\n", path, passed, rows.size(), skipped);
  if (passed == rows.size()) return 0;
  return skipped == rows.size() && !targets::runs_here(*target, nullptr) ? 4 : 1;
}

/// SIGINT ends it early: rows that are left say so.
int bench(const std::string& library, const std::string& manifest, const std::string& path,
          const std::string& target_name, double seconds, const std::string& json,
          bool with_rivals) {
  const auto file = spec::read_layer_file(path);
  const auto target = targets::parse_target(target_name);
  if (!file || !target) return complain(file ? target.error() : file.error());
  BenchOptions options;
  options.row_seconds = seconds;
  options.check = false;  // `verify` has run
  if (with_rivals) {
    const auto found = find_peers({"cudnn"});
    if (found) options.peers = found->peers;
  }
  options.note = [](const std::string& text) { fmt::print(stderr, "{}\n", text); };
  const std::vector<std::string> files(file->layers.size(), path);
  const auto report = run(file->layers, files, {*target}, built_before(library, manifest), options);
  fmt::print("{}\n", table(report));
  std::ofstream(json) << to_json(report, true).dump(1) << "\n";
  for (const BenchRow& row : report.rows) {
    if (row.status == Status::failed || row.status == Status::mistrusted) return 1;
  }
  return 0;
}

int run_verb(int argc, char** argv) {
  support::catch_interrupts();
  const std::string verb = argc > 1 ? argv[1] : "";
  if (verb == "names" && argc == 3) return print_names(argv[2]);
  if (verb == "verify" && argc == 6) return verify(argv[2], argv[3], argv[4], argv[5]);
  if (verb == "bench" && (argc == 8 || argc == 9)) {
    const double seconds = std::strtod(argv[6], nullptr);
    return bench(argv[2], argv[3], argv[4], argv[5], seconds > 0 ? seconds : 0.3, argv[7],
                 argc == 9);
  }
  fmt::print(stderr, "usage: {} names | verify | bench, see the head of its source\n", argv[0]);
  return 2;
}

}  // namespace
}  // namespace sepconv::bench::device

int main(int argc, char** argv) { return sepconv::bench::device::run_verb(argc, argv); }
