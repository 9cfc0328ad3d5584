// A compile worker with generators of its own: one that works and one for each way to fail.
#include <Halide.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>

#include "emit/job.h"

namespace {
using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

/// A 1x1 convolution 8 -> 16 channels over 6x4 pixels, cropped along y. Points choose its storage.
template <class Self>
class Base : public Halide::Generator<Self> {
 public:
  Halide::GeneratorParam<std::string> layer{"layer", ""};
  Halide::GeneratorParam<std::string> point{"schedule", ""};
  Halide::GeneratorParam<int> phase{"phase", 0};
  typename Halide::Generator<Self>::template Input<Halide::Buffer<float, 3>> input{"input"};
  typename Halide::Generator<Self>::template Input<Halide::Buffer<float, 2>> weights{"weights"};
  typename Halide::Generator<Self>::template Output<Halide::Buffer<float, 3>> output{"output"};

  void generate() {
    static_cast<Self*>(this)->misbehave();
    Func first("result_0"), sum("sum_1");
    first(c, x, y) = input(c, x, y) + 1.0f;
    RDom ci(0, 8);
    sum(c, x, y) = 0.0f;
    sum(c, x, y) += weights(c, ci) * first(ci, x, y);
    output(c, x, y) = Halide::max(sum(c, x, y), 0.0f);
    input.dim(0).set_bounds(0, 8);
    input.dim(1).set_bounds(0, 6).set_stride(8);
    input.dim(2).set_bounds(0, 4).set_stride(48);
    output.dim(0).set_bounds(0, 16);
    output.dim(1).set_bounds(0, 6).set_stride(16);
    output.dim(2).set_stride(96);
    const std::string how = point.value();
    output.vectorize(c, 8);
    sum.compute_at(output, how == "recompute" ? c : x).vectorize(c, 8).update().vectorize(c, 8);
    if (how == "heap") first.compute_at(output, y).store_in(Halide::MemoryType::Heap);
    if (how == "whole") first.compute_root().store_in(Halide::MemoryType::Heap);
    if (how == "row") first.compute_at(output, y).store_in(Halide::MemoryType::Stack);
    if (how == "fold") first.store_root().compute_at(output, y).fold_storage(y, 3);
  }
  void misbehave() {}

  Var c{"c"}, x{"x"}, y{"y"};
};

class Works : public Base<Works> {};
class Crashes : public Base<Crashes> {
 public:
  void misbehave() { std::raise(SIGSEGV); }
};
class Hangs : public Base<Hangs> {
 public:
  void misbehave() {
    while (true) ::pause();
  }
};
class Hungry : public Base<Hungry> {
 public:
  void misbehave() {
    void* block = std::malloc(size_t{1} << 40);
    if (block == nullptr) throw std::bad_alloc();
    std::memset(block, 1, 4096);
  }
};
class Throws : public Base<Throws> {
 public:
  void misbehave() { throw Halide::CompileError("an illegal point"); }
};
class Warns : public Base<Warns> {
 public:
  void misbehave() { Halide::Internal::issue_warning("a doubtful schedule"); }
};

}  // namespace

HALIDE_REGISTER_GENERATOR(Works, works)
HALIDE_REGISTER_GENERATOR(Crashes, crashes)
HALIDE_REGISTER_GENERATOR(Hangs, hangs)
HALIDE_REGISTER_GENERATOR(Hungry, hungry)
HALIDE_REGISTER_GENERATOR(Throws, throws)
HALIDE_REGISTER_GENERATOR(Warns, warns)

int main(int argc, char** argv) {
  return argc == 3 && std::strcmp(argv[1], sepconv::emit::kWorkerVerb) == 0
             ? sepconv::emit::run_worker(argv[2])
             : 2;
}
