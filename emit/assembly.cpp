// Emit: what the assembly of a kernel holds. Knows no compiler and no machine's speed.
#include "emit/assembly.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "emit/instruction.h"

namespace sepconv::emit {
namespace {

/// A basic block, as LLVM's comments describe it.
struct Block {
  std::string name;    ///< Halide's name, with the loop's number in front
  std::string header;  ///< of the innermost loop around it, e.g. BB0_3; may be empty
  bool begins_loop = false, begins_inner = false;
  std::vector<std::string> parents;  ///< headers of the loops around a loop's header
  std::vector<std::string> code;
};

struct Function {
  std::string name;
  std::vector<Block> blocks;
};

bool starts(std::string_view text, std::string_view beginning) {
  return text.substr(0, beginning.size()) == beginning;
}

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// The word after `key`, empty where the text does not have it.
std::string word_after(std::string_view text, std::string_view key) {
  const size_t at = text.find(key);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = text.substr(at + key.size());
  return std::string(rest.substr(0, rest.find_first_of(" \t,")));
}

/// What a comment behind a block's label or below it says of the block.
void read_comment(std::string_view comment, Block& block) {
  const size_t percent = comment.find('%');
  if (percent != std::string_view::npos && block.name.empty() && block.code.empty()) {
    std::string_view name = comment.substr(percent + 1);
    name = name.substr(0, name.find_first_of(" \t"));
    if (name.size() > 1 && name.front() == '"') name = name.substr(1, name.size() - 2);
    block.name = name;
  }
  if (const std::string parent = word_after(comment, "Parent Loop "); !parent.empty()) {
    block.parents.push_back(parent);
  }
  if (const std::string header = word_after(comment, "Header="); !header.empty()) {
    block.header = header;
  }
  block.begins_inner |= comment.find("Inner Loop Header:") != std::string_view::npos;
  block.begins_loop |= comment.find("Loop Header:") != std::string_view::npos;
}

/// The label of a basic block, `BB0_3` or empty, where the line begins one.
bool begins_block(std::string_view line, std::string_view mark, std::string& label) {
  label.clear();
  if (starts(line, ".LBB")) {
    label = line.substr(2, line.find(':') - 2);
    return true;
  }
  return starts(line, mark) && starts(trimmed(line.substr(mark.size())), "%bb.");
}

std::vector<Function> split(std::string_view text, std::string_view mark) {
  std::vector<Function> functions;
  std::string label;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const size_t comment_at = line.find(mark);
    const std::string_view code = trimmed(line.substr(0, comment_at));
    const std::string_view comment =
        comment_at == std::string_view::npos ? std::string_view() : line.substr(comment_at);
    const bool at_margin = !line.empty() && line[0] != ' ' && line[0] != '\t';
    if (begins_block(line, mark, label)) {
      if (functions.empty()) continue;
      functions.back().blocks.emplace_back();
      functions.back().blocks.back().header = label;
      // The name follows the label, which may itself stand in a comment.
      read_comment(line.substr(line.find(':')), functions.back().blocks.back());
      continue;
    }
    if (at_margin && !code.empty() && code.back() == ':' && line[0] != '.') {
      functions.push_back({std::string(code.substr(0, code.size() - 1)), {}});
      continue;
    }
    if (functions.empty() || functions.back().blocks.empty()) continue;
    Block& block = functions.back().blocks.back();
    if (code.empty()) read_comment(comment, block);
    if (code.empty() || at_margin || code[0] == '.') continue;
    block.code.emplace_back(code);
  }
  return functions;
}

/// `4` and `sum_0.s1.taps_0$y` of "4_for_sum_0.s1.taps_0$y"; 0 where the name is another.
size_t loop_number(const std::string& block, std::string& loop) {
  size_t number = 0;
  const char* end = block.data() + block.size();
  const auto parsed = std::from_chars(block.data(), end, number);
  const std::string_view rest(parsed.ptr, static_cast<size_t>(end - parsed.ptr));
  if (parsed.ec != std::errc{} || !starts(rest, "_for_")) return 0;
  loop = rest.substr(5);
  return number;
}

/// The stage in `sum_1.s0.x` or `result_1.s0.x`; -1 where the name has none.
int stage_of(std::string_view loop) {
  for (const std::string_view beginning : {"sum_", "result_"}) {
    if (!starts(loop, beginning)) continue;
    int stage = -1;
    std::from_chars(loop.data() + beginning.size(), loop.data() + loop.size(), stage);
    return stage;
  }
  return -1;
}

/// A loop's name and how often its body runs.
struct Run {
  std::string name;
  double iterations = 0;
};

/// By header: the loops of one function.
std::map<std::string, Run> runs_of(const Function& function, const std::vector<LoopTrips>& trips,
                                   int phase) {
  std::vector<const LoopTrips*> mine;
  for (const LoopTrips& loop : trips) {
    if (loop.phase == phase) mine.push_back(&loop);
  }
  std::map<std::string, Run> result;
  for (const Block& block : function.blocks) {
    if (!block.begins_loop) continue;
    Run run;
    run.iterations = block.parents.empty() ? 1 : result[block.parents.back()].iterations;
    const size_t number = loop_number(block.name, run.name);
    // Halide numbers the loops of a function from 1 in the order of their beginnings; LLVM may add
    // to their names.
    if (number > 0 && number <= mine.size() && starts(run.name, mine[number - 1]->name)) {
      run = {mine[number - 1]->name, mine[number - 1]->iterations};
    }
    result[block.header] = run;
  }
  return result;
}

void add(std::string_view code, bool arm, bool fma, InstructionCounts& counts) {
  const Instruction one = read_instruction(code, arm, fma);
  switch (one.kind) {
    case Instruction::Kind::multiply_add:
      ++counts.fma;
      counts.macs += one.lanes;
      break;
    case Instruction::Kind::vector_arithmetic:
      ++counts.vector_arithmetic;
      break;
    case Instruction::Kind::vector_move:
      ++counts.vector_moves;
      break;
    case Instruction::Kind::shuffle:
      ++counts.broadcasts_shuffles;
      break;
    case Instruction::Kind::branch:
      ++counts.branches;
      break;
    case Instruction::Kind::call:
      ++counts.calls;
      break;
    case Instruction::Kind::other:
      ++counts.other;
      break;
  }
  counts.loads += one.loads ? 1 : 0;
  counts.spill_loads += one.on_stack && one.loads ? 1 : 0;
  counts.spill_stores += one.on_stack && !one.loads ? 1 : 0;
}

/// Adds one function's blocks; each inner loop is all blocks with its header.
void add_function(const Function& function, const targets::Target& target,
                  const std::map<std::string, Run>& runs, int phase, Assembly& result) {
  const bool arm = target.isa == "arm64";
  std::map<std::string, InnerLoop> inner;
  for (const Block& block : function.blocks) {
    if (!block.begins_inner) continue;
    InnerLoop& loop = inner[block.header];
    loop.name = runs.at(block.header).name;
    loop.phase = phase;
    loop.stage = stage_of(loop.name);
    loop.iterations = runs.at(block.header).iterations;
  }
  for (const Block& block : function.blocks) {
    InstructionCounts counts;
    for (const std::string& code : block.code) add(code, arm, target.fma, counts);
    for (const std::string& code : block.code) add(code, arm, target.fma, result.counts);
    const auto run = runs.find(block.header);
    const double times = run == runs.end() ? 1 : run->second.iterations;
    result.executed += static_cast<double>(counts.all()) * times;
    const auto loop = inner.find(block.header);
    if (loop == inner.end()) continue;
    for (const std::string& code : block.code) {
      add(code, arm, target.fma, loop->second.counts);
      const auto kind = read_instruction(code, arm, target.fma).kind;
      if (kind != Instruction::Kind::branch) loop->second.code.push_back(code);
    }
  }
  for (auto& [header, loop] : inner) {
    if (loop.counts.macs > 0) result.loops.push_back(std::move(loop));
  }
}

}  // namespace

Assembly read_assembly(std::string_view text, const targets::Target& target,
                       const std::vector<LoopTrips>& trips) {
  Assembly result;
  const std::vector<Function> functions = split(text, target.isa == "arm64" ? "//" : "#");
  int phase = 0;
  for (const Function& function : functions) {
    // Beside each phase's function is one that unpacks its arguments.
    const bool unpacks = function.name.ends_with("_argv");
    if (unpacks || function.blocks.empty()) continue;
    add_function(function, target, runs_of(function, trips, phase), phase, result);
    ++phase;
  }
  std::stable_sort(result.loops.begin(), result.loops.end(),
                   [](const InnerLoop& a, const InnerLoop& b) { return a.macs() > b.macs(); });
  result.executed_outside = result.executed;
  for (const InnerLoop& loop : result.loops) {
    result.executed_outside -= loop.iterations * static_cast<double>(loop.counts.all());
  }
  return result;
}

}  // namespace sepconv::emit
