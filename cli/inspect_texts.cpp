// Cli: the texts that inspect and explain show of a layer and its kernel. Knows no option.
#include "cli/inspect_texts.h"

#include <fmt/core.h>

#include <array>
#include <sstream>
#include <string_view>

#include "spec/cost.h"

namespace sepconv::cli {
namespace {

bool starts(std::string_view word, std::initializer_list<const char*> beginnings) {
  for (const char* beginning : beginnings) {
    if (word.starts_with(beginning)) return true;
  }
  return false;
}

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

void count(std::string_view word, std::string_view operands, InstructionCounts& counts) {
  const bool vector_register = operands.find("mm") != std::string_view::npos;
  if (starts(word, {"vfmadd", "vfmsub", "vfnmadd", "vfnmsub"})) {
    ++counts.fma;
  } else if (starts(word, {"call"})) {
    ++counts.calls;
  } else if (word.starts_with('j')) {
    ++counts.branches;
  } else if (!vector_register) {
    ++counts.other;
  } else if (starts(word, {"vbroadcast", "vperm", "vshuf", "vunpck", "vinsert", "vextract",
                           "vpbroadcast", "shufps", "unpck", "pshuf", "vmovddup", "vmovs"})) {
    ++counts.broadcasts_shuffles;
  } else if (starts(word, {"vmov", "mov"})) {
    ++counts.vector_moves;
    // AT&T order: the destination comes last.
    const size_t comma = operands.rfind(", ");
    const bool to_stack = comma != std::string_view::npos &&
                          (operands.find("(%rsp", comma) != std::string_view::npos ||
                           operands.find("(%rbp", comma) != std::string_view::npos);
    if (to_stack) ++counts.spills;
  } else {
    ++counts.vector_arithmetic;
  }
}

}  // namespace

InstructionCounts count_instructions(const std::string& assembly) {
  InstructionCounts counts;
  std::istringstream lines(assembly);
  for (std::string line; std::getline(lines, line);) {
    // Labels start at the margin, directives with a dot, comments with '#'.
    const size_t begin = line.find_first_not_of(" \t");
    if (begin == 0 || begin == std::string::npos || line[begin] == '.' || line[begin] == '#') {
      continue;
    }
    const std::string_view text = std::string_view(line).substr(begin);
    const size_t end = std::min(text.find_first_of(" \t"), text.size());
    std::string_view operands = text.substr(end);
    operands = operands.substr(0, operands.find('#'));
    count(text.substr(0, end), operands, counts);
  }
  return counts;
}

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
  const int64_t bytes = cost.bytes();
  const targets::Core& core = target.core;
  const char* level = bytes <= core.l1_bytes   ? "L1"
                      : bytes <= core.l2_bytes ? "L2"
                      : bytes <= core.l3_bytes ? "L3"
                                               : "DRAM";
  const int flops_a_cycle = target.lanes(4) * 2 * 2;
  return {fmt::format("{} MACs: depthwise {}, pointwise {}, dense {}", cost.macs(),
                      cost.depthwise_macs, cost.pointwise_macs, cost.dense_macs),
          fmt::format("{} bytes once each fit {} of core {}: {:.2f} FLOP a byte", bytes, level,
                      core.name, cost.intensity()),
          fmt::format("two vector units of {} lanes do at most {} FLOP a cycle: bound by {} bytes "
                      "a cycle from {}, or by arithmetic beyond that",
                      target.lanes(4), flops_a_cycle,
                      fmt::format("{:.2f}", flops_a_cycle / cost.intensity()), level)};
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

}  // namespace

Json stats(const spec::Layer& layer, const emit::CompiledKernel& kernel) {
  if (!kernel.launches.empty()) return device_stats(kernel);
  Json stages = Json::array();
  for (size_t i = 0; i < layer.stages.size(); ++i) {
    stages.push_back({{"kind", spec::word(layer.stages[i].kind)},
                      {"allocation_bytes", kernel.stage_allocation_bytes[i]},
                      {"executed_over_nominal_macs", kernel.executed_over_nominal[i]}});
  }
  const InstructionCounts counts = count_instructions(kernel.texts.at("asm"));
  return {{"schedule", schedules::to_string(kernel.point)},
          {"code_bytes", kernel.code_bytes},
          {"scratch_bytes", kernel.scratch_bytes},
          {"largest_intermediate_bytes", kernel.largest_intermediate_bytes},
          {"stages", stages},
          {"spills", counts.spills},
          {"instructions",
           {{"fma", counts.fma},
            {"vector_arithmetic", counts.vector_arithmetic},
            {"vector_moves", counts.vector_moves},
            {"broadcasts_shuffles", counts.broadcasts_shuffles},
            {"branches", counts.branches},
            {"calls", counts.calls},
            {"other", counts.other}}}};
}

}  // namespace sepconv::cli
