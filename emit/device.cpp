// Emit, private: device code and its one launch a phase, out of what Halide lowered, as an object
// of data. Knows no layer.
#include "emit/device.h"

#include <algorithm>
#include <sstream>

#include "emit/tools.h"
#include "runtime/src/kernel.h"
#include "support/files.h"

namespace sepconv::emit {
namespace {

namespace fs = std::filesystem;
namespace ir = Halide::Internal;

/// What every GPU that a target names can launch; blocks are those of a grid's later axes.
constexpr int64_t kMaxThreads = 1024, kMaxSharedBytes = int64_t{48} * 1024, kMaxBlocks = 65535;

Error device_error(const std::string& message) {
  Error error;
  error.message = "device code: " + message;
  error.field = "schedule";
  error.hint = "report this with the command";
  return error;
}

/// A class because Halide walks its trees through virtual functions.
class Launches : public ir::IRVisitor {
 public:
  std::vector<const ir::Call*> calls;
  std::map<std::string, Halide::Expr> names;  ///< of the lets around the calls

 private:
  using ir::IRVisitor::visit;
  void visit(const ir::Call* node) override {
    if (node->name == "halide_cuda_run" || node->name == "halide_opencl_run") {
      calls.push_back(node);
    }
    ir::IRVisitor::visit(node);
  }
  void visit(const ir::LetStmt* node) override {
    names[node->name] = node->value;
    ir::IRVisitor::visit(node);
  }
};

Result<int64_t> constant(Halide::Expr expression,
                         const std::map<std::string, Halide::Expr>& names) {
  constexpr int kDeepest = 8;  // of lets that use lets
  auto value = ir::as_const_int(ir::simplify(expression));
  for (int i = 0; !value && i < kDeepest; ++i) {
    expression = ir::substitute(names, expression);
    value = ir::as_const_int(ir::simplify(expression));
  }
  if (value) return *value;
  std::ostringstream text;
  text << "a launch's extent is known only at run time: " << expression;
  return fail(device_error(text.str()));
}

/// The place of a buffer among the function's arguments, whose first is the user's context.
Result<int> place_of(const Halide::Expr& argument, const ir::LoweredFunc& function) {
  const auto* variable = argument.as<ir::Variable>();
  for (size_t i = 1; variable != nullptr && i < function.args.size(); ++i) {
    if (variable->name == function.args[i].name + ".buffer") return static_cast<int>(i) - 1;
  }
  std::ostringstream text;
  text << "a launch takes " << argument << ", which is no buffer of the call";
  return fail(device_error(text.str()));
}

void write_words(std::ostringstream& out, const std::array<int64_t, 3>& values) {
  for (const int64_t value : values) out << "\t.long " << value << "\n";
}

/// The session that sepconv_run keeps lies with the first phase.
void write_launch(std::ostringstream& out, const std::string& symbol, const Launch& launch,
                  size_t index) {
  const std::string state = index == 0 ? symbol + "_state" : "0";
  out << "\t.section .rodata." << symbol << ",\"a\",%progbits\n"
      << symbol << "_source:\n\t.incbin \"phase" << index << ".source\"\n\t.byte 0\n"
      << symbol << "_kernel:\n\t.asciz \"" << launch.kernel << "\"\n";
  if (index == 0) {
    out << "\t.section .bss." << symbol << ",\"aw\",%nobits\n\t.p2align 3\n"
        << state << ":\n\t.zero " << 8 * SEPCONV_SESSION_WORDS << "\n";
  }
  out << "\t.section .data.rel.ro." << symbol << ",\"aw\",%progbits\n\t.p2align 3\n\t.globl "
      << symbol << "\n"
      << symbol << ":\n\t.quad " << symbol << "_source\n\t.quad " << symbol << "_kernel\n\t.quad "
      << state << "\n\t.quad " << launch.source_bytes + 1 << "\n";
  write_words(out, launch.grid);
  write_words(out, launch.block);
  out << "\t.long " << launch.shared_bytes << "\n\t.long " << kMaxRegisters << "\n\t.long "
      << launch.arguments.size() << "\n";
  for (size_t i = 0; i < std::size(sepconv_launch{}.arguments); ++i) {
    out << "\t.long " << (i < launch.arguments.size() ? launch.arguments[i] : 0) << "\n";
  }
  out << "\t.p2align 3\n";
}

}  // namespace

bool is_device(const Halide::Target& target) {
  return target.has_feature(Halide::Target::CUDA) || target.has_feature(Halide::Target::OpenCL);
}

Result<Launch> find_launch(const ir::LoweredFunc& function) {
  Launches walk;
  function.body.accept(&walk);
  if (walk.calls.size() != 1) {
    return fail(device_error("a phase has " + std::to_string(walk.calls.size()) + " launches"));
  }
  // module, kernel, 3 extents in blocks, 3 in threads, shared bytes, sizes, arguments, kinds
  const auto& args = walk.calls.front()->args;
  const auto* name = args[1].as<ir::StringImm>();
  const auto* buffers = args[10].as<ir::Call>();
  if (args.size() != 12 || name == nullptr || buffers == nullptr) {
    return fail(device_error("Halide's launch has another form"));
  }
  Launch launch;
  launch.kernel = name->value;
  for (size_t i = 0; i < 7; ++i) {
    const auto value = constant(args[2 + i], walk.names);
    if (!value) return fail(value.error());
    (i < 3 ? launch.grid[i] : i < 6 ? launch.block[i - 3] : launch.shared_bytes) = *value;
  }
  if (launch.threads() > kMaxThreads || launch.shared_bytes > kMaxSharedBytes ||
      std::max(launch.grid[1], launch.grid[2]) > kMaxBlocks) {
    return fail(device_error(
        "a launch of " + std::to_string(launch.threads()) + " threads a block with " +
        std::to_string(launch.shared_bytes) + " bytes of shared memory, in a grid of " +
        std::to_string(launch.grid[0]) + " by " + std::to_string(launch.grid[1]) + " by " +
        std::to_string(launch.grid[2]) + " blocks, fits no device"));
  }
  for (size_t i = 0; i + 1 < buffers->args.size(); ++i) {  // a null ends them
    const auto place = place_of(buffers->args[i], function);
    if (!place) return fail(place.error());
    launch.arguments.push_back(*place);
  }
  return launch;
}

std::string device_source(const Halide::Module& module) {
  const Halide::Buffer<> code = module.get_device_code_buffer();
  if (!code.defined()) return {};
  std::string text(static_cast<const char*>(code.data()), code.size_in_bytes());
  while (!text.empty() && text.back() == '\0') text.pop_back();
  return text;
}

Result<void> write_device_object(const Job& job, const std::vector<Launch>& launches,
                                 const std::vector<std::string>& sources, const fs::path& folder) {
  std::ostringstream text;
  for (size_t i = 0; i < launches.size(); ++i) {
    const auto file = folder / ("phase" + std::to_string(i) + ".source");
    if (auto written = support::write_file(file, sources[i]); !written) return written;
    write_launch(text, job.phases[i].function + kDeviceSuffix, launches[i], i);
  }
  text << "\t.section .note.GNU-stack,\"\",%progbits\n";
  if (auto written = support::write_file(folder / "kernel.s", text.str()); !written) {
    return written;
  }
  const bool arm = job.halide.starts_with("arm-64");
  return run_tool(
      "llvm-mc",
      {"-filetype=obj", std::string("-triple=") + (arm ? "aarch64-linux-gnu" : "x86_64-linux-gnu"),
       "kernel.s", "-o", kObjectFile},
      folder);
}

}  // namespace sepconv::emit
