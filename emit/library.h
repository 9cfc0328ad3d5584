// Emit: from layers, targets and points to a static library on disk. The only folder that calls
// Halide's compile functions; the one place where Halide's errors become ours.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "schedules/space.h"
#include "spec/layer.h"
#include "support/error.h"
#include "targets/target.h"

namespace sepconv::emit {

/// Which point a layer is compiled with, and where it came from.
struct Choice {
  schedules::Point point;
  std::string source;       ///< "heuristic", "db" or "forced"
  std::string record = {};  ///< for "db": which record, as one word; written into the manifest
};
/// Called once per (layer, target). Supplied by the cli (database, --schedule) or the heuristic.
using Chooser = std::function<Result<Choice>(const spec::Layer&, const targets::Target&)>;

struct CacheOptions {
  bool use = true;
  std::filesystem::path
      directory;  ///< empty: SEPCONV_CACHE_DIR, else $XDG_CACHE_HOME/sepconv, else ~/.cache/sepconv
  int64_t limit_bytes = int64_t{2} << 30;
};

struct Limits {
  int64_t memory_bytes = int64_t{6} << 30;  ///< address space of one compile worker
  double seconds = 300;
};

/// A phase on a device: one launch, whose extents are all constants.
struct Launch {
  /// What the device's assembler reports for one GPU generation.
  struct Registers {
    int sm = 0;               ///< 80 for sm_80
    int64_t registers = 0;    ///< of a thread
    int64_t spill_bytes = 0;  ///< moved to and from memory for want of registers
  };
  std::string kernel;                      ///< the entry's name in the device code
  std::array<int64_t, 3> grid{}, block{};  ///< blocks, and threads of one
  int64_t shared_bytes = 0;                ///< of a block
  std::vector<int> arguments;              ///< indices into the phase's buffers
  int64_t source_bytes = 0;
  std::vector<Registers> registers;  ///< of generations that the installed ptxas knows
  [[nodiscard]] int64_t threads() const { return block[0] * block[1] * block[2]; }
  [[nodiscard]] int64_t blocks() const { return grid[0] * grid[1] * grid[2]; }
};
/// Registers of a thread that CUDA's compiler may use, here and on the user's machine.
inline constexpr int64_t kMaxRegisters = 128;

/// A loop of a phase's lowered code, in the order in which loops begin.
struct LoopTrips {
  int phase = 0;
  std::string name;       ///< Halide's
  double iterations = 0;  ///< of its body, in one run over an image
};

/// One kernel compiled for one target: what a worker process returns, what the cache holds.
struct CompiledKernel {
  std::string layer;   ///< canonical name
  std::string target;  ///< canonical target name
  schedules::Point point;
  std::filesystem::path object;            ///< relocatable object of all phases
  std::vector<std::string> functions;      ///< argv or launch symbol per phase
  std::vector<Launch> launches;            ///< per phase; empty for a CPU
  int64_t scratch_bytes = 0;               ///< halide_malloc per thread, all phases' maximum
  int64_t largest_intermediate_bytes = 0;  ///< largest allocation between stages, heap or stack
  std::vector<int64_t> stage_allocation_bytes;  ///< per stage: the largest allocation of its
                                                ///< result; 0 = registers or output
  std::vector<double> executed_over_nominal;    ///< per stage: executed / nominal MACs
  std::vector<LoopTrips> loops;                 ///< of all phases; empty for a device
  int64_t code_bytes = 0;                       ///< text of the object
  bool cached = false;
  std::shared_ptr<const void> files;  ///< keeps the folder of `object` on disk
  std::map<std::string, std::string>
      texts;  ///< by kind, when asked for: asm, stmt, schedule, algorithm, llvm
};

struct CompileOptions {
  CacheOptions cache;
  Limits limits;
  int jobs = 0;                 ///< worker processes at once; 0: the number of cores
  std::set<std::string> emits;  ///< extra texts
  bool asserts = false;         ///< an asserting build, for tests
  std::string worker;  ///< executable that understands the hidden verb; empty: /proc/self/exe
  std::function<void(int done, int total, const std::string& what)> progress;
};

/// Compiles every (layer, target) in worker processes. Equal (canonical name, target, point) are
/// compiled once. Failing kernels are errors of their layer; the others stay in the cache.
[[nodiscard]] Result<std::vector<CompiledKernel>> compile(
    const std::vector<spec::Layer>& layers, const std::vector<targets::Target>& targets,
    const Chooser& choose, const CompileOptions& options);

struct LibraryRequest {
  std::string name;
  std::vector<spec::Layer> layers;
  std::vector<targets::Target> targets;  ///< one architecture; best first is not required
  std::filesystem::path out;
  std::string
      command;  ///< the regenerating command written into header and manifest, without paths
  Chooser choose;
  CompileOptions compile;
};

struct LayerResult {
  std::string layer, name, symbol;
  std::vector<std::string> targets;
  std::vector<Choice> schedules;  ///< per target
  int64_t code_bytes = 0;
  bool cached = false;
};

struct LibraryResult {
  std::filesystem::path library, header, manifest;
  std::vector<LayerResult> layers;
};

/// Writes lib<name>.a, <name>.h, include/, manifest.json, cmake/ and LICENSES/ under `out`,
/// atomically: on any error nothing is changed there.
[[nodiscard]] Result<LibraryResult> write_library(const LibraryRequest& request);

/// Links a static library of this machine's architecture into a shared object that exports
/// <name>_count, <name>_at and <name>_find, for dlopen by measure/.
[[nodiscard]] Result<std::filesystem::path> link_shared(const std::filesystem::path& library,
                                                        const std::string& name,
                                                        const std::filesystem::path& out);

/// Entry of the hidden worker verb: compiles one kernel as the arguments say; returns the exit
/// code.
int worker_main(int argc, char** argv);

}  // namespace sepconv::emit
