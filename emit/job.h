// Emit, private: one compile job as plain data, the contract between the tool and its worker
// process. Knows no layer file and no cache.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "emit/library.h"

namespace sepconv::emit {

/// One Halide function of a kernel.
struct JobPhase {
  std::string function;               ///< its plain symbol; callers use `<function>_argv`
  std::array<int64_t, 3> output_cwh;  ///< full extents of its output in elements: c, x, y
  int output_stage = 0;               ///< whose result the output is
};

/// One kernel to compile: everything that decides the object's bytes.
struct Job {
  std::string layer;      ///< canonical name
  std::string nest;       ///< of schedules::nest of it; the generator's parameter `layer`
  std::string target;     ///< canonical target name
  std::string halide;     ///< Halide target string with build flags
  std::string point;      ///< text; the generator's parameter `schedule`
  std::string generator;  ///< registered name
  std::vector<JobPhase> phases;
  std::vector<double> nominal_macs;  ///< per stage, of one image
  /// Per stage: MACs an element where its sum is one expression inside its result, else 0.
  std::vector<double> inlined_macs;
  std::set<std::string> emits;  ///< asm, stmt, llvm
  bool assembler = false;       ///< CUDA's is here and reports registers, which belong to the facts
};

/// What a worker found out about the object it wrote.
struct KernelFacts {
  int64_t scratch_bytes = 0, largest_intermediate_bytes = 0, code_bytes = 0;
  std::vector<int64_t> stage_allocation_bytes;
  std::vector<double> executed_macs;
  std::vector<LoopTrips> loops;  ///< of all phases; empty for a device
  std::vector<Launch> launches;  ///< per phase; empty for a CPU
  std::string object_sha256;
};

/// A finished job: the files in `folder` are kernel.o, facts.json and one `kernel.<kind>` per text.
struct JobResult {
  KernelFacts facts;
  std::filesystem::path folder;
  std::map<std::string, std::string> texts;
  bool cached = false;
};

/// Ends of a phase's symbol: a function's, or a launch's.
inline constexpr const char* kArgvSuffix = "_argv";
inline constexpr const char* kDeviceSuffix = "_launch";
inline constexpr const char* kWorkerVerb = "compile-kernel";
inline constexpr const char* kObjectFile = "kernel.o";
inline constexpr const char* kFactsFile = "facts.json";
inline constexpr const char* kJobFile = "job.json";
inline constexpr int kWorkerOutOfMemory = 6;

/// JSON texts with sorted keys: equal jobs give equal texts.
[[nodiscard]] std::string to_text(const Job& job);
[[nodiscard]] Result<Job> parse_job(const std::string& text);
[[nodiscard]] std::string to_text(const KernelFacts& facts);
[[nodiscard]] Result<KernelFacts> parse_facts(const std::string& text);

/// The worker's work: reads `folder`/job.json, drives the registered generator, writes object,
/// texts and facts there. Errors are of kind internal and carry the layer.
[[nodiscard]] Result<KernelFacts> compile_job(const std::filesystem::path& folder);

/// Runs compile_job and says an error on stderr; the exit code of a worker: 0, 5 or
/// kWorkerOutOfMemory.
[[nodiscard]] int run_worker(const std::filesystem::path& folder);

/// Compiles the jobs in worker processes, or takes them from the cache, into `folder`. One Result a
/// job, in their order.
[[nodiscard]] std::vector<Result<JobResult>> compile_jobs(const std::vector<Job>& jobs,
                                                          const std::filesystem::path& folder,
                                                          const CompileOptions& options);

}  // namespace sepconv::emit
