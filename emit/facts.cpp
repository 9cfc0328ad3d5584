// Emit, private: what a lowered function allocates and executes. Knows stages by their Funcs' names
// only.
#include "emit/facts.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "emit/evaluate.h"
#include "support/integers.h"

namespace sepconv::emit {
namespace {

namespace ir = Halide::Internal;

/// Halide keeps constant blocks up to this size on the stack (its runtime/constants.h).
constexpr int64_t kStackLimitBytes = 16 * 1024;
constexpr int64_t kBlockBytes = 64;

/// The stage of "<prefix><stage>", whatever Halide appended after '$' or '.'; else -1.
int stage_of(const std::string& name, std::string_view prefix) {
  const std::string_view base = std::string_view(name).substr(0, name.find_first_of("$."));
  if (!base.starts_with(prefix)) return -1;
  const std::string_view digits = base.substr(prefix.size());
  int stage = -1;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), stage);
  return parsed.ec == std::errc{} && parsed.ptr == digits.data() + digits.size() ? stage : -1;
}

/// All loops in the order of their beginnings, also those that never run.
std::vector<const ir::For*> loops_in(const ir::Stmt& body) {
  class List : public ir::IRVisitor {
   public:
    std::vector<const ir::For*> loops;

   private:
    using ir::IRVisitor::visit;
    void visit(const ir::For* node) override {
      loops.push_back(node);
      ir::IRVisitor::visit(node);
    }
  } list;
  body.accept(&list);
  return list.loops;
}

/// A class because Halide walks its trees through virtual functions. Two quantities at once: bytes
/// alive along the nesting, and multiplications executed.
class Walk : public ir::IRVisitor {
 public:
  Walk(KernelFacts& facts, const Job& job, const JobPhase& phase, std::string output, size_t loops)
      : facts_(facts),
        job_(job),
        output_(std::move(output)),
        output_stage_(phase.output_stage),
        iterations_(loops) {
    scope_.output_cwh = phase.output_cwh;
    scope_.output_buffer = output_ + ".buffer";
  }
  /// How often the body of each loop ran, in the order of their beginnings.
  [[nodiscard]] const std::vector<double>& iterations() const { return iterations_; }
  [[nodiscard]] int64_t scratch() const { return peak_ + moved_; }
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  using ir::IRVisitor::visit;

  void visit(const ir::Allocate* node) override {
    const int64_t bytes = block_bytes(*node);
    note_intermediate(node->name, bytes);
    const bool fits = bytes > 0 && bytes <= kStackLimitBytes;
    const bool stack = node->memory_type == Halide::MemoryType::Register ||
                       (fits && node->memory_type != Halide::MemoryType::Heap);
    const bool moved = !stack && node->memory_type == Halide::MemoryType::Stack;
    if (!stack && bytes <= 0 && problem_.empty()) {
      problem_ = "the heap block '" + node->name + "' has no constant size";
    }
    // Each block moved off the stack stays until the function returns, so these add up.
    if (moved && !seen_.contains(node->name)) moved_ += support::round_up(bytes, kBlockBytes);
    if (moved) seen_[node->name] = true;
    const int64_t heap = stack || moved ? 0 : support::round_up(bytes, kBlockBytes);
    alive_ += heap;
    peak_ = std::max(peak_, alive_);
    ir::IRVisitor::visit(node);
    alive_ -= heap;
  }

  static int64_t block_bytes(const ir::Allocate& node) {
    int64_t elements = 1;
    for (const Halide::Expr& extent : node.extents) {
      const auto constant = ir::as_const_int(extent);
      if (!constant) return 0;
      elements *= *constant;
    }
    return (elements + node.padding) * node.type.bytes();
  }

  void note_intermediate(const std::string& name, int64_t bytes) {
    const int stages = static_cast<int>(facts_.stage_allocation_bytes.size());
    const int result = stage_of(name, "result_");
    const int pad = stage_of(name, "pad_");
    if (result >= 0 && result < stages) {
      int64_t& largest = facts_.stage_allocation_bytes[static_cast<size_t>(result)];
      largest = std::max(largest, bytes);
    }
    if ((result >= 0 && result + 1 < stages) || pad > 0) {
      facts_.largest_intermediate_bytes = std::max(facts_.largest_intermediate_bytes, bytes);
    }
  }

  void visit(const ir::ProducerConsumer* node) override {
    const int outer = stage_;
    if (node->is_producer) stage_ = stage_of(node->name, "sum_");
    ir::IRVisitor::visit(node);
    stage_ = outer;
  }

  void visit(const ir::Mul* node) override {
    if (node->type.is_float() && stage_ >= 0 &&
        stage_ < static_cast<int>(facts_.executed_macs.size())) {
      facts_.executed_macs[static_cast<size_t>(stage_)] += node->type.lanes();
    }
    ir::IRVisitor::visit(node);
  }

  void visit(const ir::Store* node) override {
    const int stage = node->name == output_ ? output_stage_ : stage_of(node->name, "result_");
    if (stage >= 0 && stage < static_cast<int>(job_.inlined_macs.size())) {
      const auto index = static_cast<size_t>(stage);
      facts_.executed_macs[index] += job_.inlined_macs[index] * node->value.type().lanes();
    }
    if (node->value.type().is_int() && node->value.type().is_scalar() &&
        ir::is_const_zero(node->index)) {
      scope_.counters[node->name] = evaluate(node->value, scope_);
    }
    ir::IRVisitor::visit(node);
  }

  void visit(const ir::LetStmt* node) override {
    node->value.accept(this);
    with(node->name, {std::nullopt, node->value}, node->body);
  }

  void visit(const ir::IfThenElse* node) override {
    node->condition.accept(this);
    const auto taken = evaluate(node->condition, scope_);
    const bool then = !taken || *taken != 0;
    then ? node->then_case.accept(this) : skip(node->then_case);
    if (!node->else_case.defined()) return;
    then ? skip(node->else_case) : node->else_case.accept(this);
  }

  /// Iterations that no bound or condition inside depends on are counted once, times their number.
  void visit(const ir::For* node) override {
    const auto first = evaluate(node->min, scope_);
    const auto extent = evaluate(node->extent, scope_);
    if (!first || !extent) {
      if (problem_.empty()) problem_ = "the loop '" + node->name + "' has no countable extent";
      return;
    }
    const size_t number = next_loop_++;
    if (*extent <= 0) return skip(node->body);
    const std::vector<double> macs = facts_.executed_macs, iterations = iterations_;
    const bool varies = with(node->name, {*first, {}}, node->body);
    if (!varies) {
      multiply_since(macs, *extent, facts_.executed_macs);
      multiply_since(iterations, *extent, iterations_);
    }
    for (int64_t i = 1; varies && i < *extent; ++i) {
      next_loop_ = number + 1;
      with(node->name, {*first + i, {}}, node->body);
    }
    iterations_[number] += static_cast<double>(*extent);
    next_loop_ = number + 1;
    skip(node->body);
  }

  /// Passes over loops that do not run.
  void skip(const ir::Stmt& body) { next_loop_ += loops_in(body).size(); }

  /// What was added since the numbers were `before` counts as often as `times`.
  static void multiply_since(const std::vector<double>& before, int64_t times,
                             std::vector<double>& numbers) {
    for (size_t i = 0; i < numbers.size(); ++i) {
      const double then = i < before.size() ? before[i] : 0;
      numbers[i] = then + (numbers[i] - then) * static_cast<double>(times);
    }
  }

  /// Walks the body with one more name; whether the body's control flow used it.
  bool with(const std::string& name, Scope::Entry entry, const ir::Stmt& body) {
    auto old = scope_.names.extract(name);
    scope_.names[name] = std::move(entry);
    const bool counter_used = std::exchange(scope_.counter_used, false);
    body.accept(this);
    const bool used = scope_.names[name].used || scope_.counter_used;
    scope_.counter_used = scope_.counter_used || counter_used;
    scope_.names.erase(name);
    if (old) scope_.names.insert(std::move(old));
    return used;
  }

  KernelFacts& facts_;
  const Job& job_;
  std::string output_;
  int output_stage_;
  Scope scope_;
  int stage_ = -1;
  int64_t alive_ = 0, peak_ = 0, moved_ = 0;
  std::map<std::string, bool> seen_;
  size_t next_loop_ = 0;  ///< the number of the loop that begins next
  std::vector<double> iterations_;
  std::string problem_;
};

}  // namespace

Result<void> add_facts(const ir::LoweredFunc& function, const Job& job, size_t phase,
                       KernelFacts& facts) {
  const auto loops = loops_in(function.body);
  Walk walk(facts, job, job.phases[phase], function.args.back().name, loops.size());
  function.body.accept(&walk);
  if (!walk.problem().empty()) {
    Error error;
    error.message = walk.problem();
    error.field = "schedule";
    error.hint = "bound the stage's storage by constants in the schedule";
    return fail(error);
  }
  for (size_t i = 0; i < loops.size(); ++i) {
    facts.loops.push_back({static_cast<int>(phase), loops[i]->name, walk.iterations()[i]});
  }
  facts.scratch_bytes = std::max(facts.scratch_bytes, walk.scratch());
  return {};
}

}  // namespace sepconv::emit
