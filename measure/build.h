// Measure: how verify and bench get kernels: the very libraries that generate writes, opened as
// shared objects. Knows no compiler: the cli supplies the function.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "spec/layer.h"
#include "support/error.h"
#include "targets/target.h"

namespace sepconv::measure {

/// What became of one layer of a build.
struct BuiltLayer {
  std::string point;   ///< the schedule, `k=v,...`
  std::string source;  ///< "heuristic", "db" or "forced"
  int64_t code_bytes = 0;
  Errors errors;  ///< not empty: the layer did not compile and is not in the library
};

/// A library for one target, as generate writes it, linked into a shared object.
struct Built {
  std::filesystem::path shared_object;  ///< empty when no layer compiled
  std::string library;                  ///< its name: exports <library>_count, _at and _find
  std::vector<BuiltLayer> layers;       ///< one per requested layer, in order
  std::shared_ptr<const void> files;    ///< keeps the shared object on disk
};

/// Layers, and whose schedules they get.
struct BuildRequest {
  std::vector<spec::Layer> layers;
  /// By layer: the index of the layer whose point it gets, its own where the builder chooses.
  /// Empty: the builder chooses all.
  std::vector<size_t> point_of;

  // Not explicit: layers alone are a request.
  BuildRequest(std::vector<spec::Layer> wanted = {}, std::vector<size_t> points = {})
      : layers(std::move(wanted)), point_of(std::move(points)) {}
};

/// Builds layers for one target. Kernels are looked up by the layers' names, then by canonical
/// ones. Errors: what concerns no single layer (tools missing, disk full).
using Builder =
    std::function<Result<Built>(const BuildRequest& request, const targets::Target& target)>;

}  // namespace sepconv::measure
