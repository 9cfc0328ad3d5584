// Emit: the worker process: one job through Halide, and the end of Halide's errors. Knows no cache.
#include <Halide.h>

#include <cstdio>
#include <cstdlib>
#include <new>
#include <utility>

#include "emit/device.h"
#include "emit/elf.h"
#include "emit/facts.h"
#include "emit/job.h"
#include "emit/limits.h"
#include "support/files.h"
#include "support/sha256.h"

namespace sepconv::emit {
namespace {

namespace fs = std::filesystem;
using Halide::OutputFileType;

/// Halide only prints warnings, some of which announce wrong results; here they are errors.
class StrictReporter : public Halide::CompileTimeErrorReporter {
 public:
  void warning(const char* message) override { throw Halide::CompileError(message); }
  [[noreturn]] void error(const char* message) override { throw Halide::CompileError(message); }
};

Error job_error(const Job& job, std::string message) {
  while (!message.empty() && message.back() == '\n') message.pop_back();
  Error error;
  error.message = "Halide: " + message;
  error.layer = job.layer;
  error.field = "schedule";
  error.value = job.point;
  error.hint = "try another schedule point, or report this";
  return error;
}

std::map<OutputFileType, std::string> outputs(const Job& job, const fs::path& folder) {
  std::map<OutputFileType, std::string> files;
  files[OutputFileType::object] = (folder / kObjectFile).string();
  if (job.emits.contains("asm")) files[OutputFileType::assembly] = (folder / "kernel.asm").string();
  if (job.emits.contains("stmt")) files[OutputFileType::stmt] = (folder / "kernel.stmt").string();
  if (job.emits.contains("llvm")) {
    files[OutputFileType::llvm_assembly] = (folder / "kernel.llvm").string();
  }
  return files;
}

Halide::Module build_phase(const Job& job, size_t phase, const Halide::Target& target) {
  auto generator =
      Halide::Internal::GeneratorRegistry::create(job.generator, Halide::GeneratorContext(target));
  if (!generator) throw Halide::CompileError("no generator named " + job.generator);
  generator->set_generatorparam_value("layer", job.nest);
  generator->set_generatorparam_value("schedule", job.point);
  generator->set_generatorparam_value("phase", std::to_string(phase));
  return generator->build_module(job.phases[phase].function);
}

/// Code for a device: every phase's source and launch as data; the host code around them is not
/// used. An asserting build would check nothing more: its launches are the same.
Result<KernelFacts> build_device(const Job& job, const fs::path& folder) {
  KernelFacts facts;
  facts.stage_allocation_bytes.resize(job.nominal_macs.size());
  facts.executed_macs.resize(job.nominal_macs.size());
  const Halide::Target target(job.halide);
  std::vector<std::string> sources;
  std::map<std::string, std::string> texts;
  for (size_t i = 0; i < job.phases.size(); ++i) {
    const Halide::Module phase = build_phase(job, i, target);
    for (const auto& function : phase.functions()) {
      if (function.name != job.phases[i].function) continue;
      auto launch = find_launch(function);
      if (!launch) return fail(std::move(launch.error()));
      facts.launches.push_back(std::move(*launch));
    }
    const std::string source = device_source(phase);
    if (job.assembler) {
      auto registers = count_registers(source, target, folder);
      if (!registers) return fail(std::move(registers.error()));
      facts.launches.back().registers = std::move(*registers);
    }
    facts.launches.back().source_bytes = static_cast<int64_t>(source.size());
    facts.code_bytes += static_cast<int64_t>(source.size());
    for (const std::string& kind : job.emits) texts[kind] += source;
    sources.push_back(source);
  }
  for (const auto& [kind, text] : texts) {
    const auto written = support::write_file(folder / ("kernel." + kind), text);
    if (!written) return fail(written.error());
  }
  auto object = write_device_object(job, facts.launches, sources, folder);
  if (!object) return fail(std::move(object.error()));
  return facts;
}

/// All phases in one module, hence one object. Argument metadata is left out: the descriptors say
/// it.
Result<KernelFacts> build(const Job& job, const fs::path& folder) {
  KernelFacts facts;
  facts.stage_allocation_bytes.resize(job.nominal_macs.size());
  facts.executed_macs.resize(job.nominal_macs.size());
  const Halide::Target target(job.halide);
  Halide::Module kernel("kernel", target);
  for (size_t i = 0; i < job.phases.size(); ++i) {
    const Halide::Module phase = build_phase(job, i, target);
    for (const auto& buffer : phase.buffers()) kernel.append(buffer);
    for (auto function : phase.functions()) {
      if (function.name == job.phases[i].function) {
        function.linkage = Halide::LinkageType::ExternalPlusArgv;
        auto added = add_facts(function, job, i, facts);
        if (!added) return fail(std::move(added.error()));
      }
      kernel.append(function);
    }
  }
  kernel.compile(outputs(job, folder));
  return facts;
}

}  // namespace

Result<KernelFacts> compile_job(const fs::path& folder) {
  const auto text = support::read_file(folder / kJobFile);
  if (!text) return fail(text.error());
  const auto job = parse_job(*text);
  if (!job) return fail(job.error());
  static StrictReporter reporter;
  Halide::set_custom_compile_time_error_reporter(&reporter);
  Result<KernelFacts> facts = KernelFacts{};
  try {
    facts =
        is_device(Halide::Target(job->halide)) ? build_device(*job, folder) : build(*job, folder);
  } catch (const Halide::Error& problem) {
    return fail(job_error(*job, problem.what()));
  } catch (const std::bad_alloc& problem) {
    Error error = job_error(*job, problem.what());
    error.field = kMemoryLimit;
    return fail(std::move(error));
  } catch (const std::exception& problem) {
    return fail(job_error(*job, problem.what()));
  }
  if (!facts) return facts;
  const auto object = support::read_file(folder / kObjectFile);
  if (!object) return fail(object.error());
  const auto code = code_bytes(*object);
  if (!code) return fail(code.error());
  if (facts->launches.empty()) facts->code_bytes = *code;
  facts->object_sha256 = support::sha256(*object);
  const auto written = support::write_file(folder / kFactsFile, to_text(*facts));
  if (!written) return fail(written.error());
  return facts;
}

int run_worker(const fs::path& folder) {
  const auto facts = compile_job(folder);
  if (facts) return 0;
  for (const Error& error : facts.error()) std::fprintf(stderr, "%s\n", error.message.c_str());
  const bool short_of_memory = facts.error().front().field == kMemoryLimit;
  return short_of_memory ? kWorkerOutOfMemory : 5;
}

}  // namespace sepconv::emit
