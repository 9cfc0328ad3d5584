// Cli: the texts that inspect and explain show of a layer and its kernel. Knows no option.
#include "cli/inspect_texts.h"

#include <fmt/core.h>

#include <array>
#include <set>
#include <sstream>
#include <string_view>

#include "emit/assembly.h"
#include "emit/predict.h"
#include "schedules/bound.h"
#include "spec/cost.h"
#include "targets/model.h"

namespace sepconv::cli {
namespace {

/// The formula of a stage's sum over its input.
std::string sum_text(const spec::Stage& stage) {
  const spec::Window& window = stage.window;
  const std::string tap =
      fmt::format("in[y*{}+i*{}-{}][x*{}+j*{}-{}]", window.stride[0], window.dilation[0],
                  window.padding[0], window.stride[1], window.dilation[1], window.padding[1]);
  const std::string taps = fmt::format("i<{},j<{}", window.kernel[0], window.kernel[1]);
  switch (stage.kind) {
    case spec::StageKind::pointwise:
      return "sum(k) in[y][x][k] * w[k][c]";
    case spec::StageKind::depthwise:
      return fmt::format("sum({}) {}[c{}] * w[i][j][c]", taps, tap,
                         stage.multiplier > 1 ? fmt::format("/{}", stage.multiplier) : "");
    case spec::StageKind::conv2d:
      return fmt::format("sum({},k) {}[k] * w[i][j][k][c]", taps, tap);
  }
  return {};
}

}  // namespace

std::string algorithm_text(const spec::Layer& layer) {
  const auto shapes = spec::shapes(layer);
  std::string text = fmt::format("input {}x{}x{}x{} ({})\n", shapes[0].n, shapes[0].h, shapes[0].w,
                                 shapes[0].c, spec::word(layer.layout));
  for (size_t i = 0; i < layer.stages.size(); ++i) {
    const spec::Stage& stage = layer.stages[i];
    const spec::Shape& out = shapes[i + 1];
    text +=
        fmt::format("stage {} {}: out[y<{}][x<{}][c<{}] = {}({}{}{})\n", i, spec::word(stage.kind),
                    out.h, out.w, out.c, spec::word(stage.activation), sum_text(stage),
                    stage.bias ? " + bias[c]" : "", stage.residual ? " + residual[y][x][c]" : "");
  }
  return text;
}

std::string schedule_text(const spec::Layer& layer, const targets::Target& target,
                          const emit::Choice& choice) {
  const schedules::Space space = schedules::space(layer, target);
  std::string text = fmt::format("{} ({}, space version {})\n", schedules::to_string(choice.point),
                                 choice.source, space.version);
  for (const schedules::Knob& knob : space.knobs) {
    const auto found = choice.point.find(knob.name);
    const std::string value = found == choice.point.end() ? "-" : std::to_string(found->second);
    std::string values;
    for (const int64_t legal : knob.values) {
      values += (values.empty() ? "" : " ") + std::to_string(legal);
    }
    text += fmt::format("  {} = {}  {} [{}]\n", knob.name, value, knob.meaning, values);
  }
  const auto phases = schedules::phases(layer, target, choice.point);
  for (size_t i = 0; i < phases.size(); ++i) {
    const char* axis = phases[i].axis == spec::Axis::rows       ? "rows"
                       : phases[i].axis == spec::Axis::channels ? "channels"
                                                                : "pixels";
    text += fmt::format("  phase {}: stages {} to {}, tasks of {} {}\n", i, phases[i].first_stage,
                        phases[i].last_stage, phases[i].grain, axis);
  }
  return text;
}

namespace {

/// The roofline of a device as data sheets have it; nothing of it is measured.
std::vector<std::string> device_cost_lines(const spec::Cost& cost, const targets::Gpu& gpu) {
  const auto bytes = static_cast<double>(cost.bytes());
  const bool cached = cost.bytes() <= gpu.l2_bytes;
  const double gbs = cached ? gpu.l2_gbs() : gpu.dram_gbs;
  const double roof = std::min(gpu.peak_gflops(), cost.intensity() * gbs);
  return {
      fmt::format("{} MACs: depthwise {}, pointwise {}, dense {}", cost.macs(), cost.depthwise_macs,
                  cost.pointwise_macs, cost.dense_macs),
      fmt::format("{} bytes once each {} the second cache of GPU {}: {:.2f} FLOP a byte",
                  cost.bytes(), cached ? "fit" : "exceed", gpu.name, cost.intensity()),
      fmt::format("its data sheet: {:.0f} GFLOP/s of multiply-adds, {:.0f} GB/s from there: at "
                  "most {:.0f} GFLOP/s, {:.1f} us",
                  gpu.peak_gflops(), gbs, roof,
                  std::max(2e-3 * static_cast<double>(cost.macs()) / roof, bytes / gbs * 1e-3))};
}

}  // namespace

std::vector<std::string> cost_lines(const spec::Layer& layer, const targets::Target& target) {
  const spec::Cost cost = spec::cost(layer);
  if (target.device != targets::Device::cpu) return device_cost_lines(cost, target.gpu);
  std::vector<std::string> lines{
      fmt::format("{} MACs: depthwise {}, pointwise {}, dense {}", cost.macs(), cost.depthwise_macs,
                  cost.pointwise_macs, cost.dense_macs),
      fmt::format(
          "{} bytes once each: input {}, output {}, parameters {}{}", cost.bytes(),
          cost.input_bytes, cost.output_bytes, cost.parameter_bytes,
          cost.residual_bytes > 0 ? fmt::format(", residual {}", cost.residual_bytes) : "")};
  const schedules::Bound bound = schedules::bound(layer, target);
  lines.push_back(fmt::format("arithmetic: {:.0f} FLOP a cycle on core {}: {:.0f} cycles",
                              bound.flops_a_cycle, target.core.name, bound.arithmetic));
  lines.push_back(
      fmt::format("bytes: {} holds them all and moves about {:.0f} a cycle: {:.0f} cycles",
                  bound.level, bound.bytes_a_cycle, bound.bytes));
  lines.push_back(fmt::format("predicted bound: {:.0f} cycles, {:.1f} us at 3 GHz, limited by {}",
                              bound.cycles(), bound.cycles() / 3000, bound.limit()));
  return lines;
}

namespace {

/// Share of a multiprocessor's threads that blocks of the launch can occupy.
double occupancy(const emit::Launch& launch, const emit::Launch::Registers& used) {
  const targets::Multiprocessor& one = targets::multiprocessor(used.sm);
  const int64_t blocks =
      targets::resident_blocks(one, launch.threads(), used.registers, launch.shared_bytes);
  return static_cast<double>(blocks * launch.threads()) / static_cast<double>(one.threads);
}

Json device_stats(const emit::CompiledKernel& kernel) {
  Json launches = Json::array();
  for (const emit::Launch& launch : kernel.launches) {
    Json generations = Json::object();
    for (const auto& used : launch.registers) {
      generations["sm_" + std::to_string(used.sm)] = {{"registers", used.registers},
                                                      {"spill_bytes", used.spill_bytes},
                                                      {"occupancy", occupancy(launch, used)}};
    }
    launches.push_back({{"kernel", launch.kernel},
                        {"blocks", launch.grid},
                        {"threads", launch.block},
                        {"shared_bytes", launch.shared_bytes},
                        {"source_bytes", launch.source_bytes},
                        {"generations", generations}});
  }
  return {{"schedule", schedules::to_string(kernel.point)},
          {"code_bytes", kernel.code_bytes},
          {"launches", launches}};
}

/// Of the multiply-adds, for a loop to be shown; a stage's hottest one always is.
constexpr double kLeastShare = 0.02;
constexpr size_t kMostLoops = 8;

Json predictions_json(const std::vector<emit::Prediction>& predictions) {
  Json list = Json::array();
  for (const emit::Prediction& one : predictions) {
    list.push_back({{"core", one.core},
                    {"cycles", one.cycles},
                    {"fma_share", one.fma_share > 0 ? Json(one.fma_share) : Json(nullptr)}});
  }
  return list;
}

/// An inner loop that multiplies and adds; `macs` are those of the whole kernel.
Result<Json> loop_json(const emit::InnerLoop& loop, const spec::Layer& layer,
                       const targets::Target& target, int stage, double macs) {
  const emit::InstructionCounts& counts = loop.counts;
  const auto fmas = static_cast<double>(counts.fma);
  Json json{{"name", loop.name},
            {"stage", stage},
            {"kind", spec::word(layer.stages[static_cast<size_t>(stage)].kind)},
            {"iterations", loop.iterations},
            {"share_of_macs", loop.macs() / macs},
            {"instructions", counts.all()},
            {"multiply_adds", counts.fma},
            {"instructions_per_mac",
             static_cast<double>(counts.all()) / static_cast<double>(counts.macs)},
            {"loads_per_fma", static_cast<double>(counts.loads) / fmas},
            {"spills", counts.spill_stores + counts.spill_loads},
            {"predictions", nullptr}};
  const auto predictions = emit::predict(loop, target);
  if (predictions) {
    json["predictions"] = predictions_json(*predictions);
  } else if (predictions.error().front().kind != ErrorKind::environment) {
    return fail(predictions.error());
  }
  return json;
}

Result<Json> loops_json(const spec::Layer& layer, const targets::Target& target,
                        const emit::CompiledKernel& kernel, const emit::Assembly& assembly) {
  const auto phases = schedules::phases(layer, target, kernel.point);
  double macs = 0;
  for (const emit::InnerLoop& loop : assembly.loops) macs += loop.macs();
  Json list = Json::array();
  std::set<int> shown;
  for (const emit::InnerLoop& loop : assembly.loops) {
    const int last = phases.at(static_cast<size_t>(loop.phase)).last_stage;
    const int stage = loop.stage >= 0 ? loop.stage : last;
    const bool hottest = shown.insert(stage).second;
    const bool hot = list.size() < kMostLoops && loop.macs() >= kLeastShare * macs;
    if (!hot && !hottest) continue;
    auto json = loop_json(loop, layer, target, stage, macs);
    if (!json) return json;
    list.push_back(std::move(*json));
  }
  return list;
}

/// The run over one image, as a model of the core sees it.
Result<Json> predicted_json(const targets::Target& target, const emit::Assembly& assembly) {
  Json json{{"core", targets::pipeline_model(target)}, {"cycles", nullptr}, {"missing", nullptr}};
  const auto cycles = emit::predict_cycles(assembly, target);
  if (cycles) {
    json["cycles"] = *cycles;
  } else if (cycles.error().front().kind == ErrorKind::environment) {
    const Error& error = cycles.error().front();
    json["missing"] = error.message + ": " + error.hint;
  } else {
    return fail(cycles.error());
  }
  return json;
}

}  // namespace

Result<Json> stats(const spec::Layer& layer, const targets::Target& target,
                   const emit::CompiledKernel& kernel) {
  if (!kernel.launches.empty()) return device_stats(kernel);
  Json stages = Json::array();
  for (size_t i = 0; i < layer.stages.size(); ++i) {
    stages.push_back({{"kind", spec::word(layer.stages[i].kind)},
                      {"allocation_bytes", kernel.stage_allocation_bytes[i]},
                      {"executed_over_nominal_macs", kernel.executed_over_nominal[i]}});
  }
  const emit::Assembly assembly = emit::read_assembly(kernel.texts.at("asm"), target, kernel.loops);
  auto loops = loops_json(layer, target, kernel, assembly);
  if (!loops) return loops;
  auto predicted = predicted_json(target, assembly);
  if (!predicted) return predicted;
  const emit::InstructionCounts& counts = assembly.counts;
  return Json{{"schedule", schedules::to_string(kernel.point)},
              {"code_bytes", kernel.code_bytes},
              {"scratch_bytes", kernel.scratch_bytes},
              {"largest_intermediate_bytes", kernel.largest_intermediate_bytes},
              {"stages", stages},
              {"spills", counts.spill_stores},
              {"instructions",
               {{"fma", counts.fma},
                {"vector_arithmetic", counts.vector_arithmetic},
                {"vector_moves", counts.vector_moves},
                {"broadcasts_shuffles", counts.broadcasts_shuffles},
                {"branches", counts.branches},
                {"calls", counts.calls},
                {"other", counts.other}}},
              {"executed_instructions", assembly.executed},
              {"loops", std::move(*loops)},
              {"predicted", std::move(*predicted)}};
}

}  // namespace sepconv::cli
