// Emit, private: copies of an output's tiles as the runtime's streaming ones. Knows no layer.
#include "emit/stream.h"

#include <optional>
#include <utility>

#include "generators/stages.h"

namespace sepconv::emit {
namespace {

namespace ir = Halide::Internal;
using Halide::Expr;

/// Consecutive floats of each of some pixels, dense where they come from.
struct Copy {
  std::string from_name;
  Expr to, from;    ///< indices of the first pixel's
  Expr stride = 0;  ///< of the output, from pixel to pixel
  Expr pixels = 1;
  int floats = 0;
};

ir::Stmt call(const std::string& function, const std::vector<Expr>& arguments) {
  return ir::Evaluate::make(ir::Call::make(Halide::Int(32), function, arguments, ir::Call::Extern));
}

/// The first of consecutive elements; undefined of others.
Expr first_of(const Expr& index) {
  const auto* ramp = index.as<ir::Ramp>();
  return ramp != nullptr && ir::is_const_one(ramp->stride) ? ramp->base : Expr();
}

/// What an index grows by an iteration.
Expr step_of(const Expr& index, const std::string& loop) {
  const Expr next = ir::Variable::make(Halide::Int(32), loop) + 1;
  return ir::simplify(ir::substitute(loop, next, index) - index);
}

/// A class because Halide rewrites its trees through virtual functions.
class Streams : public ir::IRMutator {
 public:
  Streams(std::string output, const Halide::Target& target)
      : output_(std::move(output)),
        function_(target.has_feature(Halide::Target::AVX512) ? "sepconv_stream_avx512"
                                                             : "sepconv_stream_avx") {}
  [[nodiscard]] bool any() const { return any_; }

 private:
  using ir::IRMutator::visit;

  /// The copy of one pixel.
  [[nodiscard]] std::optional<Copy> copy_of(const ir::Store* store) const {
    const auto* load = store != nullptr ? store->value.as<ir::Load>() : nullptr;
    if (load == nullptr || store->name != output_ || !ir::is_const_one(store->predicate) ||
        !load->name.starts_with(generators::kStreamed)) {
      return std::nullopt;
    }
    Copy copy;
    copy.from_name = load->name;
    copy.to = first_of(store->index);
    copy.from = first_of(load->index);
    copy.floats = load->type.lanes();
    if (!copy.to.defined() || !copy.from.defined()) return std::nullopt;
    return copy;
  }

  ir::Stmt streamed(const Copy& copy) {
    any_ = true;
    return call(function_, {ir::Variable::make(Halide::Handle(), output_), copy.to, copy.stride,
                            ir::Variable::make(Halide::Handle(), copy.from_name), copy.from,
                            copy.pixels, copy.floats});
  }

  /// A row of a tile is one call.
  ir::Stmt visit(const ir::For* node) override {
    auto copy = copy_of(node->body.as<ir::Store>());
    if (!copy || !ir::is_const(step_of(copy->from, node->name), copy->floats)) {
      return ir::IRMutator::visit(node);
    }
    copy->stride = step_of(copy->to, node->name);
    if (!ir::is_const(copy->stride)) return ir::IRMutator::visit(node);
    copy->to = ir::substitute(node->name, node->min, copy->to);
    copy->from = ir::substitute(node->name, node->min, copy->from);
    copy->pixels = node->extent;
    return streamed(*copy);
  }

  ir::Stmt visit(const ir::Store* node) override {
    const auto copy = copy_of(node);
    return copy ? streamed(*copy) : ir::IRMutator::visit(node);
  }

  std::string output_, function_;
  bool any_ = false;
};

}  // namespace

ir::Stmt stream_copies(const ir::LoweredFunc& function, const Halide::Target& target) {
  Streams streams(function.args.back().name, target);
  const ir::Stmt body = streams.mutate(function.body);
  return streams.any() ? ir::Block::make(body, call("sepconv_stream_end", {})) : function.body;
}

}  // namespace sepconv::emit
