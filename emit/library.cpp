// Emit: a library's folder: compile, describe, link, write texts, move into place. Knows no Halide.
#include "emit/library.h"

#include <tuple>

#include "emit/describe.h"
#include "emit/install.h"
#include "emit/link.h"
#include "emit/package.h"
#include "spec/name.h"
#include "support/files.h"
#include "support/sha256.h"

namespace sepconv::emit {
namespace {

namespace fs = std::filesystem;
using KernelKey = std::tuple<std::string, std::string, schedules::Point>;  // name, target, point

/// Finds each layer's kernels and choices; the chooser is asked again and answers the same.
Result<std::vector<Chosen>> chosen_kernels(const LibraryRequest& request,
                                           const std::vector<targets::Target>& targets,
                                           const std::vector<CompiledKernel>& kernels) {
  std::map<KernelKey, const CompiledKernel*> by_key;
  for (const CompiledKernel& kernel : kernels) {
    by_key[{kernel.layer, kernel.target, kernel.point}] = &kernel;
  }
  std::vector<Chosen> all;
  for (const spec::Layer& layer : request.layers) {
    Chosen chosen;
    for (const targets::Target& target : targets) {
      auto choice = request.choose(layer, target);
      if (!choice) return fail(std::move(choice.error()));
      chosen.kernels.push_back(
          by_key.at({spec::canonical_name(layer), target.name, choice->point}));
      chosen.choices.push_back(std::move(*choice));
    }
    all.push_back(std::move(chosen));
  }
  return all;
}

Result<void> write_text(const fs::path& folder, const std::string& name, const std::string& text) {
  if (auto made = support::make_folder((folder / name).parent_path()); !made) return made;
  return support::write_file(folder / name, text);
}

/// Everything but the manifest, which lists the digests of the others.
Result<std::map<std::string, std::string>> write_files(const LibraryWords& words,
                                                       const PackageFiles& package,
                                                       const fs::path& archive,
                                                       const fs::path& staged) {
  const std::string& name = words.data.name;
  std::map<std::string, std::string> texts = package.files;
  texts[name + ".h"] = header_text(words);
  texts["cmake/" + name + "Config.cmake"] = cmake_text(words);
  texts["LICENSES/NOTICE.txt"] = notice_text(words);
  auto bytes = support::read_file(archive);
  if (!bytes) return fail(std::move(bytes.error()));
  texts["lib" + name + ".a"] = std::move(*bytes);
  std::map<std::string, std::string> digests;
  for (const auto& [path, text] : texts) {
    if (auto written = write_text(staged, path, text); !written) return fail(written.error());
    digests[path] = support::sha256(text);
  }
  return digests;
}

LinkInput link_input(const LibraryWords& words, const std::vector<Chosen>& chosen,
                     const PackageFiles& package, Architecture architecture) {
  LinkInput input;
  input.library = words.data;
  input.architecture = architecture;
  input.runtime = package.runtime_object;
  for (const Chosen& one : chosen) {
    for (const CompiledKernel* kernel : one.kernels) input.kernels.push_back(kernel->object);
  }
  return input;
}

LibraryResult result_of(const LibraryRequest& request, const LibraryWords& words,
                        const std::vector<Chosen>& chosen) {
  LibraryResult result;
  result.library = request.out / ("lib" + request.name + ".a");
  result.header = request.out / (request.name + ".h");
  result.manifest = request.out / "manifest.json";
  for (size_t i = 0; i < words.data.layers.size(); ++i) {
    LayerResult layer;
    layer.layer = words.data.layers[i].layer;
    layer.name = words.data.layers[i].canonical_name;
    layer.symbol = request.name + "_" + layer.layer;
    layer.targets = words.targets;
    layer.schedules = chosen[i].choices;
    layer.code_bytes = words.layers[i].code_bytes;
    layer.cached = true;
    for (const CompiledKernel* kernel : chosen[i].kernels) layer.cached &= kernel->cached;
    result.layers.push_back(std::move(layer));
  }
  return result;
}

}  // namespace

Result<LibraryResult> write_library(const LibraryRequest& request, const PackageFiles& package) {
  const auto targets = best_first(request.targets);
  const auto kernels = compile(request.layers, targets, request.choose, request.compile);
  if (!kernels) return fail(kernels.error());
  const auto chosen = chosen_kernels(request, targets, *kernels);
  if (!chosen) return fail(chosen.error());
  const LibraryWords words = describe(request, targets, *chosen);
  const Architecture architecture =
      targets.front().isa == "arm64" ? Architecture::arm64 : Architecture::x86_64;

  const auto work = support::TempFolder::make();
  if (!work) return fail(work.error());
  const auto archive =
      link_archive(link_input(words, *chosen, package, architecture), work->path());
  if (!archive) return fail(archive.error());
  const auto parent = staging_parent(request.out);
  if (!parent) return fail(parent.error());
  const auto staged = support::TempFolder::make(*parent, ".sepconv-new-");
  if (!staged) return fail(staged.error());
  const auto digests = write_files(words, package, *archive, staged->path());
  if (!digests) return fail(digests.error());
  const auto manifest = write_text(staged->path(), "manifest.json", manifest_text(words, *digests));
  if (!manifest) return fail(manifest.error());
  if (auto moved = install_tree(staged->path(), request.out); !moved) return fail(moved.error());
  return result_of(request, words, *chosen);
}

}  // namespace sepconv::emit
