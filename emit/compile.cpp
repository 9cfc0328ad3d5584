// Emit: layers, targets and points to jobs, and finished jobs to kernels. Knows no Halide.
#include <algorithm>

#include "emit/job.h"
#include "schedules/schedule.h"
#include "spec/name.h"
#include "support/files.h"
#include "support/process.h"
#include "support/sha256.h"

namespace sepconv::emit {
namespace {

/// Build flags of every CPU kernel: the runtime checks arguments once, so that kernels need not.
std::string halide_target(const targets::Target& target, bool asserts) {
  return target.halide + "-no_runtime-no_bounds_query-user_context" +
         (asserts ? "" : "-no_asserts");
}

double nominal_macs(const spec::Stage& stage, const spec::Shape& in, const spec::Shape& out) {
  const double taps = static_cast<double>(stage.window.kernel[0] * stage.window.kernel[1]);
  const double outputs = static_cast<double>(out.h * out.w * out.c);
  switch (stage.kind) {
    case spec::StageKind::pointwise:
      return outputs * static_cast<double>(in.c);
    case spec::StageKind::depthwise:
      return outputs * taps;
    case spec::StageKind::conv2d:
      return outputs * taps * static_cast<double>(in.c);
  }
  return 0;
}

/// Of a phase's output as its generator sees it.
std::array<int64_t, 3> output_cwh(const spec::Phase& phase, const spec::Shape& out) {
  if (phase.flat()) return {out.c, out.w * out.h, 1};
  return {out.c, out.w, out.h};
}

Job make_job(const spec::Layer& layer, const targets::Target& target, const Choice& choice,
             const CompileOptions& options) {
  Job job;
  job.layer = spec::canonical_name(layer);
  job.target = target.name;
  job.halide = halide_target(target, options.asserts);
  job.point = schedules::to_string(choice.point);
  job.generator = std::string(spec::word(layer.op));
  for (const std::string& kind : options.emits) {
    if (kind == "asm" || kind == "stmt" || kind == "llvm") job.emits.insert(kind);
  }
  job.assembler =
      target.device == targets::Device::cuda && !support::find_program({"ptxas"}).empty();
  const spec::Layer nest = schedules::nest(layer, target);
  job.nest = spec::canonical_name(nest);
  const auto shapes = spec::shapes(nest);
  for (size_t i = 0; i < nest.stages.size(); ++i) {
    job.nominal_macs.push_back(nominal_macs(nest.stages[i], shapes[i], shapes[i + 1]));
  }
  job.inlined_macs.resize(layer.stages.size());
  // The symbol is unique among kernels that may meet in one library, and the same in all of them.
  const std::string digest = support::sha256(job.layer + "\n" + job.halide + "\n" + job.point);
  const auto phases = schedules::phases(layer, target, choice.point);
  for (size_t i = 0; i < phases.size(); ++i) {
    const auto& out = shapes[static_cast<size_t>(phases[i].last_stage) + 1];
    job.phases.push_back({"sepconv_k" + digest.substr(0, 16) + "_" + std::to_string(i),
                          output_cwh(phases[i], out), phases[i].last_stage});
    for (int stage = phases[i].first_stage; stage <= phases[i].last_stage; ++stage) {
      if (!phases[i].inline_taps || nest.stages[stage].kind != spec::StageKind::depthwise) continue;
      const auto& kernel = nest.stages[stage].window.kernel;
      job.inlined_macs[static_cast<size_t>(stage)] = static_cast<double>(kernel[0] * kernel[1]);
    }
  }
  return job;
}

CompiledKernel make_kernel(const Job& job, const Choice& choice, const JobResult& result,
                           const std::shared_ptr<const void>& files) {
  CompiledKernel kernel;
  kernel.layer = job.layer;
  kernel.target = job.target;
  kernel.point = choice.point;
  kernel.object = result.folder / kObjectFile;
  kernel.launches = result.facts.launches;
  const char* suffix = kernel.launches.empty() ? kArgvSuffix : kDeviceSuffix;
  for (const JobPhase& phase : job.phases) kernel.functions.push_back(phase.function + suffix);
  kernel.scratch_bytes = result.facts.scratch_bytes;
  kernel.largest_intermediate_bytes = result.facts.largest_intermediate_bytes;
  kernel.stage_allocation_bytes = result.facts.stage_allocation_bytes;
  for (size_t i = 0; i < job.nominal_macs.size(); ++i) {
    kernel.executed_over_nominal.push_back(result.facts.executed_macs[i] / job.nominal_macs[i]);
  }
  kernel.loops = result.facts.loops;
  kernel.code_bytes = result.facts.code_bytes;
  kernel.cached = result.cached;
  kernel.files = files;
  kernel.texts = result.texts;
  return kernel;
}

struct Planned {
  std::vector<Job> jobs;
  std::vector<Choice> choices;
  std::vector<std::vector<std::string>> layers;  ///< per job: names of the layers that want it
};

Result<Planned> plan(const std::vector<spec::Layer>& layers,
                     const std::vector<targets::Target>& targets, const Chooser& choose,
                     const CompileOptions& options) {
  Planned planned;
  Errors errors;
  std::map<std::string, size_t> known;
  for (const spec::Layer& layer : layers) {
    for (const targets::Target& target : targets) {
      auto choice = choose(layer, target);
      if (!choice) {
        errors.insert(errors.end(), choice.error().begin(), choice.error().end());
        continue;
      }
      Job job = make_job(layer, target, *choice, options);
      const auto [place, fresh] = known.emplace(to_text(job), planned.jobs.size());
      if (fresh) {
        planned.jobs.push_back(std::move(job));
        planned.choices.push_back(std::move(*choice));
        planned.layers.emplace_back();
      }
      planned.layers[place->second].push_back(layer.name);
    }
  }
  if (!errors.empty()) return fail(std::move(errors));
  return planned;
}

}  // namespace

Result<std::vector<CompiledKernel>> compile(const std::vector<spec::Layer>& layers,
                                            const std::vector<targets::Target>& targets,
                                            const Chooser& choose, const CompileOptions& options) {
  const auto planned = plan(layers, targets, choose, options);
  if (!planned) return fail(planned.error());
  auto made = support::TempFolder::make();
  if (!made) return fail(std::move(made.error()));
  const auto folder = std::make_shared<support::TempFolder>(std::move(*made));
  const auto results = compile_jobs(planned->jobs, folder->path(), options);
  std::vector<CompiledKernel> kernels;
  Errors errors;
  for (size_t i = 0; i < results.size(); ++i) {
    if (results[i]) {
      kernels.push_back(make_kernel(planned->jobs[i], planned->choices[i], *results[i], folder));
      continue;
    }
    for (Error error : results[i].error()) {
      for (const std::string& name : planned->layers[i]) {
        error.layer = name;
        errors.push_back(error);
      }
    }
  }
  if (!errors.empty()) return fail(std::move(errors));
  return kernels;
}

}  // namespace sepconv::emit
