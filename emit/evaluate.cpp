// Emit, private: integer expressions of lowered code as numbers. Knows no stage.
#include "emit/evaluate.h"

#include <algorithm>

namespace sepconv::emit {
namespace {

namespace ir = Halide::Internal;
using Value = std::optional<int64_t>;

/// Halide rounds towards minus infinity and defines x / 0 = x % 0 = 0.
int64_t floor_div(int64_t a, int64_t b) {
  if (b == 0) return 0;
  const int64_t quotient = a / b;
  return a % b != 0 && ((a % b < 0) != (b < 0)) ? quotient - 1 : quotient;
}
int64_t floor_mod(int64_t a, int64_t b) { return b == 0 ? 0 : a - floor_div(a, b) * b; }

template <class Node, class Operation>
bool binary(const Halide::Expr& expression, Scope& scope, Value& result, Operation operation) {
  const auto* node = expression.as<Node>();
  if (node == nullptr) return false;
  const Value a = evaluate(node->a, scope);
  const Value b = evaluate(node->b, scope);
  if (a && b) result = operation(*a, *b);
  return true;
}

Value lookup(const std::string& name, Scope& scope) {
  const auto found = scope.names.find(name);
  if (found == scope.names.end()) return std::nullopt;
  found->second.used = true;
  if (found->second.number) return found->second.number;
  // By value: evaluating may look other names up, but never changes this entry's expression.
  const Halide::Expr expression = found->second.expression;
  return expression.defined() ? evaluate(expression, scope) : std::nullopt;
}

Value call(const ir::Call& node, Scope& scope) {
  if (node.is_intrinsic({ir::Call::likely, ir::Call::likely_if_innermost, ir::Call::promise_clamped,
                         ir::Call::unsafe_promise_clamped})) {
    return evaluate(node.args[0], scope);
  }
  const bool extent = node.name == ir::Call::buffer_get_extent;
  const bool max = node.name == ir::Call::buffer_get_max;
  const bool min = node.name == ir::Call::buffer_get_min;
  if (!extent && !max && !min) return std::nullopt;
  const auto* buffer = node.args[0].as<ir::Variable>();
  const Value dimension = evaluate(node.args[1], scope);
  // Every other buffer has constant bounds, so that only the output's are ever asked for.
  if (buffer == nullptr || buffer->name != scope.output_buffer || !dimension) return std::nullopt;
  if (*dimension < 0 || *dimension > 2) return std::nullopt;
  const int64_t size = scope.output_cwh[static_cast<size_t>(*dimension)];
  return extent ? size : max ? size - 1 : 0;
}

Value counter(const ir::Load& node, Scope& scope) {
  const auto found = scope.counters.find(node.name);
  if (found == scope.counters.end()) return std::nullopt;
  scope.counter_used = true;
  return found->second;
}

Value choose(const ir::Select& node, Scope& scope) {
  const Value condition = evaluate(node.condition, scope);
  if (!condition) return std::nullopt;
  return evaluate(*condition != 0 ? node.true_value : node.false_value, scope);
}

/// The value first: it may use an outer name that the let hides.
Value let(const ir::Let& node, Scope& scope) {
  const Value bound = evaluate(node.value, scope);
  auto outer = scope.names.extract(node.name);
  scope.names[node.name] = {bound, {}};
  const Value value = evaluate(node.body, scope);
  scope.names.erase(node.name);
  if (outer) scope.names.insert(std::move(outer));
  return value;
}

Value arithmetic(const Halide::Expr& e, Scope& scope) {
  Value r;
  using I = int64_t;
  const bool known = binary<ir::Add>(e, scope, r, [](I a, I b) { return a + b; }) ||
                     binary<ir::Sub>(e, scope, r, [](I a, I b) { return a - b; }) ||
                     binary<ir::Mul>(e, scope, r, [](I a, I b) { return a * b; }) ||
                     binary<ir::Div>(e, scope, r, floor_div) ||
                     binary<ir::Mod>(e, scope, r, floor_mod) ||
                     binary<ir::Min>(e, scope, r, [](I a, I b) { return std::min(a, b); }) ||
                     binary<ir::Max>(e, scope, r, [](I a, I b) { return std::max(a, b); }) ||
                     binary<ir::EQ>(e, scope, r, [](I a, I b) { return I{a == b}; }) ||
                     binary<ir::NE>(e, scope, r, [](I a, I b) { return I{a != b}; }) ||
                     binary<ir::LT>(e, scope, r, [](I a, I b) { return I{a < b}; }) ||
                     binary<ir::LE>(e, scope, r, [](I a, I b) { return I{a <= b}; }) ||
                     binary<ir::GT>(e, scope, r, [](I a, I b) { return I{a > b}; }) ||
                     binary<ir::GE>(e, scope, r, [](I a, I b) { return I{a >= b}; }) ||
                     binary<ir::And>(e, scope, r, [](I a, I b) { return I{a != 0 && b != 0}; }) ||
                     binary<ir::Or>(e, scope, r, [](I a, I b) { return I{a != 0 || b != 0}; });
  (void)known;
  return r;
}

}  // namespace

Value evaluate(const Halide::Expr& expression, Scope& scope) {
  if (!expression.defined() || expression.type().is_vector() || expression.type().is_float()) {
    return std::nullopt;
  }
  if (const auto* node = expression.as<ir::IntImm>()) return node->value;
  if (const auto* node = expression.as<ir::UIntImm>()) return static_cast<int64_t>(node->value);
  if (const auto* node = expression.as<ir::Variable>()) return lookup(node->name, scope);
  if (const auto* node = expression.as<ir::Cast>()) return evaluate(node->value, scope);
  if (const auto* node = expression.as<ir::Call>()) return call(*node, scope);
  if (const auto* node = expression.as<ir::Load>()) return counter(*node, scope);
  if (const auto* node = expression.as<ir::Select>()) return choose(*node, scope);
  if (const auto* node = expression.as<ir::Let>()) return let(*node, scope);
  if (const auto* node = expression.as<ir::Not>()) {
    const Value value = evaluate(node->a, scope);
    return value ? Value(*value == 0) : Value();
  }
  return arithmetic(expression, scope);
}

}  // namespace sepconv::emit
