// Emit, private: jobs to objects: the cache first, then worker processes. Knows no Halide and no
// layer.
#include <csignal>

#include "emit/cache.h"
#include "emit/job.h"
#include "emit/limits.h"
#include "support/files.h"
#include "support/process.h"
#include "support/sha256.h"

namespace sepconv::emit {
namespace {

namespace fs = std::filesystem;
using support::Outcome;

/// Room for an object or text of any sane kernel; a runaway worker must not fill the disk.
constexpr int64_t kFileLimitBytes = int64_t{256} << 20;

struct Plan {
  const std::vector<Job>& jobs;
  const CompileOptions& options;
  fs::path worker, cache;  ///< an empty cache is unused
  std::vector<std::string> keys;
  std::vector<fs::path> folders;
};

/// What the error is about: the limit that the worker exceeded, else its schedule. Nobody but the
/// system's keeper of memory kills a worker that is within its time. LLVM aborts where an
/// allocation is refused, and says why in words alone.
const char* field_of(const Outcome& outcome) {
  const auto ended = [&](Outcome::End end, int code) {
    return outcome.end == end && outcome.code == code;
  };
  if (outcome.end == Outcome::End::timed_out) return kTimeLimit;
  if (ended(Outcome::End::signalled, SIGKILL) || ended(Outcome::End::exited, kWorkerOutOfMemory) ||
      (ended(Outcome::End::signalled, SIGABRT) &&
       outcome.err.find("out of memory") != std::string::npos)) {
    return kMemoryLimit;
  }
  return "schedule";
}

Error worker_error(const Job& job, const Outcome& outcome, const support::ProcessLimits& limits) {
  std::string said = outcome.err.substr(0, 2000);
  while (!said.empty() && said.back() == '\n') said.pop_back();
  Error error;
  error.layer = job.layer;
  error.field = field_of(outcome);
  error.value = job.point;
  error.message = "compiling for " + job.target + " failed: the compile worker " +
                  support::describe(outcome, limits) + (said.empty() ? "" : ": " + said);
  error.hint = "try another schedule point; if the machine is short of memory, use fewer jobs";
  if (outcome.end == Outcome::End::not_started) error.kind = ErrorKind::environment;
  return error;
}

Result<std::map<std::string, std::string>> read_texts(const Job& job, const fs::path& folder) {
  std::map<std::string, std::string> texts;
  for (const std::string& kind : job.emits) {
    auto text = support::read_file(folder / ("kernel." + kind));
    if (!text) return fail(std::move(text.error()));
    texts[kind] = std::move(*text);
  }
  return texts;
}

Result<JobResult> finish(const Plan& plan, size_t index, KernelFacts facts, bool cached) {
  JobResult result;
  result.facts = std::move(facts);
  result.folder = plan.folders[index];
  result.cached = cached;
  auto texts = read_texts(plan.jobs[index], result.folder);
  if (!texts) return fail(std::move(texts.error()));
  result.texts = std::move(*texts);
  return result;
}

support::Command worker_command(const Plan& plan, size_t index) {
  support::Command command;
  command.argv = {plan.worker.string(), kWorkerVerb, plan.folders[index].string()};
  command.folder = plan.folders[index];
  // Halide reads HL_* variables; none of the user's may change the code.
  command.environment = {{"LC_ALL", "C"},
                         {"HL_DEBUG_CODEGEN", "0"},
                         {"HL_TARGET", ""},
                         {"HL_JIT_TARGET", ""},
                         {"HL_LLVM_ARGS", ""}};
  command.limits.seconds = plan.options.limits.seconds;
  command.limits.memory_bytes = plan.options.limits.memory_bytes;
  command.limits.file_bytes = kFileLimitBytes;
  return command;
}

Result<JobResult> collect(const Plan& plan, size_t index, const Outcome& outcome) {
  const Job& job = plan.jobs[index];
  if (!outcome.ok()) return fail(worker_error(job, outcome, worker_command(plan, index).limits));
  const auto text = support::read_file(plan.folders[index] / kFactsFile);
  auto facts = text ? parse_facts(*text) : Result<KernelFacts>(fail(text.error()));
  if (!facts) {
    Error error = facts.error().front();
    error.kind = ErrorKind::internal;
    error.layer = job.layer;
    return fail(error);
  }
  if (!plan.cache.empty()) {
    const auto stored = cache_store(plan.cache, plan.keys[index], plan.folders[index],
                                    plan.options.cache.limit_bytes);
    if (!stored) return fail(stored.error());
  }
  return finish(plan, index, std::move(*facts), false);
}

Result<Plan> make_plan(const std::vector<Job>& jobs, const fs::path& folder,
                       const CompileOptions& options) {
  Plan plan{jobs, options, options.worker, {}, {}, {}};
  if (plan.worker.empty()) plan.worker = support::own_executable();
  if (options.cache.use) {
    auto cache = cache_folder(options.cache);
    if (!cache) return fail(std::move(cache.error()));
    plan.cache = std::move(*cache);
  }
  auto identity = support::sha256_file(plan.worker);
  if (!identity) return fail(std::move(identity.error()));
  for (size_t i = 0; i < jobs.size(); ++i) {
    plan.keys.push_back(cache_key(jobs[i], *identity));
    plan.folders.push_back(folder / plan.keys.back());
  }
  return plan;
}

/// Writes the job into its folder, unless the cache has it.
Result<std::optional<JobResult>> prepare(const Plan& plan, size_t index) {
  const fs::path& folder = plan.folders[index];
  if (!plan.cache.empty()) {
    if (auto facts = cache_fetch(plan.cache, plan.keys[index], folder)) {
      auto result = finish(plan, index, std::move(*facts), true);
      if (result) return std::optional<JobResult>(std::move(*result));
    }
  }
  auto made = support::make_folder(folder);
  if (!made) return fail(std::move(made.error()));
  auto written = support::write_file(folder / kJobFile, to_text(plan.jobs[index]));
  if (!written) return fail(std::move(written.error()));
  return std::optional<JobResult>();
}

}  // namespace

std::vector<Result<JobResult>> compile_jobs(const std::vector<Job>& jobs, const fs::path& folder,
                                            const CompileOptions& options) {
  std::vector<Result<JobResult>> results(jobs.size(), Result<JobResult>(JobResult{}));
  const auto plan = make_plan(jobs, folder, options);
  if (!plan) {
    for (auto& result : results) result = fail(plan.error());
    return results;
  }
  int done = 0;
  const auto report = [&](size_t index) {
    ++done;
    if (options.progress) {
      options.progress(done, static_cast<int>(jobs.size()),
                       jobs[index].layer + " " + jobs[index].target);
    }
  };
  std::vector<size_t> indices;
  std::vector<support::Command> commands;
  for (size_t i = 0; i < jobs.size(); ++i) {
    auto ready = prepare(*plan, i);
    if (ready && !*ready) {
      indices.push_back(i);
      commands.push_back(worker_command(*plan, i));
      continue;
    }
    if (ready)
      results[i] = std::move(**ready);
    else
      results[i] = fail(std::move(ready.error()));
    report(i);
  }
  support::run_all(commands, options.jobs, [&](size_t index, const Outcome& outcome) {
    results[indices[index]] = collect(*plan, indices[index], outcome);
    report(indices[index]);
  });
  return results;
}

}  // namespace sepconv::emit
