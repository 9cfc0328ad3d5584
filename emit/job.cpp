// Emit, private: jobs and facts as JSON. Knows no process and no Halide.
#include "emit/job.h"

#include <nlohmann/json.hpp>

namespace sepconv::emit {
namespace {

using nlohmann::json;

Error malformed(const char* what, const std::string& why) {
  Error error;
  error.message = std::string("malformed ") + what + ": " + why;
  error.hint = "remove the cache folder and run again";
  return error;
}

/// nlohmann's exceptions end here.
template <class T, class Read>
Result<T> parse(const std::string& text, const char* what, Read read) {
  try {
    return read(json::parse(text));
  } catch (const json::exception& problem) {
    return fail(malformed(what, problem.what()));
  }
}

json launch_json(const Launch& launch) {
  json registers = json::array();
  for (const Launch::Registers& one : launch.registers) {
    registers.push_back({one.sm, one.registers, one.spill_bytes});
  }
  return {{"kernel", launch.kernel},       {"grid", launch.grid},
          {"block", launch.block},         {"shared_bytes", launch.shared_bytes},
          {"arguments", launch.arguments}, {"source_bytes", launch.source_bytes},
          {"registers", registers}};
}

Launch parse_launch(const json& value) {
  Launch launch;
  value.at("kernel").get_to(launch.kernel);
  value.at("grid").get_to(launch.grid);
  value.at("block").get_to(launch.block);
  value.at("shared_bytes").get_to(launch.shared_bytes);
  value.at("arguments").get_to(launch.arguments);
  value.at("source_bytes").get_to(launch.source_bytes);
  for (const json& one : value.at("registers")) {
    launch.registers.push_back(
        {one.at(0).get<int>(), one.at(1).get<int64_t>(), one.at(2).get<int64_t>()});
  }
  return launch;
}

}  // namespace

std::string to_text(const Job& job) {
  json phases = json::array();
  for (const JobPhase& phase : job.phases) {
    phases.push_back({{"function", phase.function},
                      {"output_cwh", phase.output_cwh},
                      {"output_stage", phase.output_stage}});
  }
  return json{{"layer", job.layer},
              {"nest", job.nest},
              {"target", job.target},
              {"halide", job.halide},
              {"point", job.point},
              {"generator", job.generator},
              {"phases", phases},
              {"nominal_macs", job.nominal_macs},
              {"inlined_macs", job.inlined_macs},
              {"emits", job.emits},
              {"assembler", job.assembler}}
      .dump(1);
}

Result<Job> parse_job(const std::string& text) {
  return parse<Job>(text, "job", [](const json& value) {
    Job job;
    value.at("layer").get_to(job.layer);
    value.at("nest").get_to(job.nest);
    value.at("target").get_to(job.target);
    value.at("halide").get_to(job.halide);
    value.at("point").get_to(job.point);
    value.at("generator").get_to(job.generator);
    for (const json& item : value.at("phases")) {
      JobPhase phase;
      item.at("function").get_to(phase.function);
      item.at("output_cwh").get_to(phase.output_cwh);
      item.at("output_stage").get_to(phase.output_stage);
      job.phases.push_back(std::move(phase));
    }
    value.at("nominal_macs").get_to(job.nominal_macs);
    value.at("inlined_macs").get_to(job.inlined_macs);
    value.at("emits").get_to(job.emits);
    value.at("assembler").get_to(job.assembler);
    return job;
  });
}

std::string to_text(const KernelFacts& facts) {
  json launches = json::array();
  for (const Launch& launch : facts.launches) launches.push_back(launch_json(launch));
  json loops = json::array();
  for (const LoopTrips& loop : facts.loops) {
    loops.push_back({{"phase", loop.phase}, {"name", loop.name}, {"iterations", loop.iterations}});
  }
  return json{{"scratch_bytes", facts.scratch_bytes},
              {"largest_intermediate_bytes", facts.largest_intermediate_bytes},
              {"code_bytes", facts.code_bytes},
              {"stage_allocation_bytes", facts.stage_allocation_bytes},
              {"executed_macs", facts.executed_macs},
              {"loops", loops},
              {"launches", launches},
              {"object_sha256", facts.object_sha256}}
      .dump(1);
}

Result<KernelFacts> parse_facts(const std::string& text) {
  return parse<KernelFacts>(text, "facts of a kernel", [](const json& value) {
    KernelFacts facts;
    value.at("scratch_bytes").get_to(facts.scratch_bytes);
    value.at("largest_intermediate_bytes").get_to(facts.largest_intermediate_bytes);
    value.at("code_bytes").get_to(facts.code_bytes);
    value.at("stage_allocation_bytes").get_to(facts.stage_allocation_bytes);
    value.at("executed_macs").get_to(facts.executed_macs);
    for (const json& loop : value.at("loops")) {
      facts.loops.push_back({loop.at("phase"), loop.at("name"), loop.at("iterations")});
    }
    for (const json& launch : value.at("launches")) {
      facts.launches.push_back(parse_launch(launch));
    }
    value.at("object_sha256").get_to(facts.object_sha256);
    return facts;
  });
}

}  // namespace sepconv::emit
