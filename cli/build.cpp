// Cli: layers to a shared object, for verify and bench: emit's compiler behind measure's callable.
// Knows no measurement.
#include "cli/build.h"

#include <algorithm>

#include "support/files.h"
#include "support/interrupt.h"

namespace sepconv::cli {
namespace {

constexpr const char* kLibrary = "kernels";

/// Moves errors that name a layer to their layers; whether there were any, and none without.
bool distribute(const Errors& errors, const std::vector<spec::Layer>& layers,
                measure::Built& built) {
  bool all_placed = !errors.empty();
  for (const Error& error : errors) {
    bool placed = false;
    for (size_t i = 0; i < layers.size(); ++i) {
      if (layers[i].name != error.layer) continue;
      built.layers[i].errors.push_back(error);
      placed = true;
    }
    all_placed &= placed;
  }
  return all_placed;
}

/// The layers without errors so far, and their indices.
std::vector<size_t> healthy(const measure::Built& built) {
  std::vector<size_t> indices;
  for (size_t i = 0; i < built.layers.size(); ++i) {
    if (built.layers[i].errors.empty()) indices.push_back(i);
  }
  return indices;
}

void note(const emit::LibraryResult& library, const std::vector<size_t>& indices,
          measure::Built& built) {
  for (size_t i = 0; i < indices.size(); ++i) {
    const emit::LayerResult& layer = library.layers[i];
    measure::BuiltLayer& one = built.layers[indices[i]];
    one.point = schedules::to_string(layer.schedules.front().point);
    one.source = layer.schedules.front().source;
    one.code_bytes = layer.code_bytes;
  }
}

/// Drops failing layers until a library is written; its path, or an empty one without layers.
Result<std::filesystem::path> write_healthy(const std::vector<spec::Layer>& layers,
                                            emit::LibraryRequest& request, measure::Built& built) {
  while (true) {
    const std::vector<size_t> indices = healthy(built);
    if (indices.empty()) return std::filesystem::path();
    request.layers.clear();
    for (const size_t index : indices) request.layers.push_back(layers[index]);
    const auto library = emit::write_library(request);
    if (library) {
      note(*library, indices, built);
      return library->library;
    }
    if (support::interrupted() || !distribute(library.error(), layers, built)) {
      return fail(library.error());
    }
  }
}

/// Chooses for a layer what is chosen for the layer whose point it gets.
emit::Chooser sharing(const measure::BuildRequest& request, const emit::Chooser& choose) {
  if (request.point_of.empty()) return choose;
  return [&request, &choose](const spec::Layer& layer, const targets::Target& target) {
    for (size_t i = 0; i < request.layers.size(); ++i) {
      if (request.layers[i].name != layer.name) continue;
      return choose(request.layers[request.point_of[i]], target);
    }
    return choose(layer, target);
  };
}

}  // namespace

Result<measure::Built> build_in(const std::filesystem::path& folder,
                                const std::vector<spec::Layer>& layers,
                                const targets::Target& target, const emit::Chooser& choose,
                                const emit::CompileOptions& compile) {
  measure::Built built;
  built.library = kLibrary;
  built.layers.resize(layers.size());
  emit::LibraryRequest request;
  request.name = kLibrary;
  request.targets = {target};
  request.out = folder / "library";
  request.command = "sepconv generate";
  request.choose = choose;
  request.compile = compile;
  const auto library = write_healthy(layers, request, built);
  if (!library) return fail(library.error());
  if (library->empty()) return built;
  auto linked = emit::link_shared(*library, kLibrary, folder / "libkernels.so");
  if (!linked) return fail(std::move(linked.error()));
  built.shared_object = *linked;
  return built;
}

measure::Builder make_builder(emit::Chooser choose, emit::CompileOptions compile) {
  return [choose = std::move(choose), compile = std::move(compile)](
             const measure::BuildRequest& request,
             const targets::Target& target) -> Result<measure::Built> {
    auto made = support::TempFolder::make();
    if (!made) return fail(std::move(made.error()));
    auto built = build_in(made->path(), request.layers, target, sharing(request, choose), compile);
    if (built) built->files = std::make_shared<support::TempFolder>(std::move(*made));
    return built;
  };
}

}  // namespace sepconv::cli
