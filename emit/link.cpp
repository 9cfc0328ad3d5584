// Emit, private: objects and descriptors to one archive. Knows no layer and no Halide.
#include "emit/link.h"

#include <algorithm>
#include <set>

#include "emit/elf.h"
#include "emit/library.h"
#include "emit/tools.h"
#include "support/files.h"

namespace sepconv::emit {
namespace {

namespace fs = std::filesystem;

/// All that compiled kernels and the freestanding runtime may ask of libc.
const std::set<std::string>& allowed_undefined() {
  static const std::set<std::string> names{"memcpy", "memmove", "memset", "getenv", "getauxval"};
  return names;
}

/// What device code asks for beyond: the drivers' libraries are opened when first used.
const std::set<std::string>& allowed_for_devices() {
  static const std::set<std::string> names{"dlopen", "dlsym", "sched_yield"};
  return names;
}

constexpr const char* kDeviceFunctions[] = {"gpu_open", "gpu_run", "gpu_close"};

const char* triple(Architecture architecture) {
  return architecture == Architecture::x86_64 ? "x86_64-linux-gnu" : "aarch64-linux-gnu";
}

Result<void> assemble(const LinkInput& input, const fs::path& folder) {
  const std::string text = descriptor_assembly(input.library, input.architecture);
  auto written = support::write_file(folder / "descriptors.s", text);
  if (!written) return written;
  return run_tool("llvm-mc",
                  {"-filetype=obj", std::string("-triple=") + triple(input.architecture),
                   "descriptors.s", "-o", "descriptors.o"},
                  folder);
}

/// Copies of the kernels under names that depend on their content's order only, each with sections
/// of its own, so that an app's linker can drop the kernels it does not use.
Result<std::vector<std::string>> place_kernels(const LinkInput& input, const fs::path& folder) {
  std::vector<std::pair<std::string, fs::path>> sorted;
  for (const fs::path& kernel : input.kernels) {
    const auto object = support::read_file(kernel);
    if (!object) return fail(object.error());
    const auto symbols = global_symbols(*object);
    if (!symbols) return fail(symbols.error());
    sorted.emplace_back(symbols->defined.empty() ? "" : *symbols->defined.begin(), kernel);
  }
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end(),
                           [](const auto& a, const auto& b) { return a.first == b.first; }),
               sorted.end());
  std::vector<std::string> names;
  for (const auto& [symbol, path] : sorted) {
    const std::string name = "kernel" + std::to_string(names.size()) + ".o";
    auto copied = run_tool("llvm-objcopy",
                           {"--rename-section", ".text=.text." + symbol, "--rename-section",
                            ".rodata=.rodata." + symbol, fs::absolute(path).string(), name},
                           folder);
    if (!copied) return fail(copied.error());
    names.push_back(name);
  }
  return names;
}

Result<void> localise(const LinkInput& input, const fs::path& folder) {
  const std::string& name = input.library.name;
  std::vector<std::string> arguments;
  for (const char* function : {"count", "at", "find"}) {
    arguments.push_back(std::string("--redefine-sym=sepconv_library_") + function + "=" + name +
                        "_" + function);
  }
  if (input.library.device) {
    for (const char* function : kDeviceFunctions) {
      arguments.push_back(std::string("--redefine-sym=sepconv_library_") + function + "=" + name +
                          "_" + function);
    }
  }
  std::string keep;
  for (const std::string& symbol : exported_symbols(input.library)) keep += symbol + "\n";
  auto written = support::write_file(folder / "exported.txt", keep);
  if (!written) return written;
  arguments.insert(arguments.end(),
                   {"--strip-debug", "--remove-section=.comment", "linked.o", "renamed.o"});
  auto renamed = run_tool("llvm-objcopy", arguments, folder);
  if (!renamed) return renamed;
  return run_tool("llvm-objcopy", {"--keep-global-symbols=exported.txt", "renamed.o", name + ".o"},
                  folder);
}

Result<void> check(const LinkInput& input, const fs::path& object) {
  const auto bytes = support::read_file(object);
  if (!bytes) return fail(bytes.error());
  const auto symbols = global_symbols(*bytes);
  if (!symbols) return fail(symbols.error());
  const auto exported = exported_symbols(input.library);
  Error error;
  error.hint = "report this with the command";
  for (const std::string& symbol : symbols->undefined) {
    if (allowed_undefined().contains(symbol)) continue;
    if (input.library.device && allowed_for_devices().contains(symbol)) continue;
    error.message = "the library would need the symbol " + symbol + ", which no libc has";
    error.value = symbol;
    return fail(error);
  }
  for (const std::string& symbol : exported) {
    if (symbols->defined.contains(symbol)) continue;
    error.message = "the library lacks its symbol " + symbol;
    error.value = symbol;
    return fail(error);
  }
  return {};
}

}  // namespace

std::vector<std::string> exported_symbols(const LibraryData& library) {
  std::vector<std::string> names;
  for (const char* function : {"count", "at", "find"})
    names.push_back(library.name + "_" + function);
  if (library.device) {
    for (const char* function : kDeviceFunctions) names.push_back(library.name + "_" + function);
  }
  for (const LayerData& layer : library.layers) names.push_back(library.name + "_" + layer.layer);
  return names;
}

Result<fs::path> link_archive(const LinkInput& input, const fs::path& folder) {
  const std::string object = input.library.name + ".o";
  const std::string archive = "lib" + input.library.name + ".a";
  if (auto done = assemble(input, folder); !done) return fail(done.error());
  if (auto done = support::write_file(folder / "runtime.o", input.runtime); !done) {
    return fail(done.error());
  }
  auto kernels = place_kernels(input, folder);
  if (!kernels) return fail(kernels.error());
  std::vector<std::string> link{"-r", "-o", "linked.o", "descriptors.o", "runtime.o"};
  link.insert(link.end(), kernels->begin(), kernels->end());
  if (auto done = run_tool("ld.lld", link, folder); !done) return fail(done.error());
  if (auto done = localise(input, folder); !done) return fail(done.error());
  if (auto done = check(input, folder / object); !done) return fail(done.error());
  if (auto done = run_tool("llvm-ar", {"rcsD", archive, object}, folder); !done) {
    return fail(done.error());
  }
  return folder / archive;
}

Result<fs::path> link_shared(const fs::path& library, const std::string& name,
                             const fs::path& out) {
  const fs::path folder = fs::absolute(out).parent_path();
  if (auto made = support::make_folder(folder); !made) return fail(made.error());
  std::vector<std::string> arguments{"-shared",
                                     "--whole-archive",
                                     "-z",
                                     "noexecstack",
                                     "-o",
                                     fs::absolute(out).string(),
                                     fs::absolute(library).string()};
  for (const char* function : {"count", "at", "find"}) {
    arguments.push_back("--undefined=" + name + "_" + function);
  }
  if (auto done = run_tool("ld.lld", arguments, folder); !done) return fail(done.error());
  return out;
}

}  // namespace sepconv::emit
