// Measure: runs a kernel in every way a caller may and looks at all it wrote. Knows no library and
// no process.
#include "measure/check.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>

#include "measure/buffers.h"
#include "measure/compare.h"
#include "measure/pack_case.h"
#include "measure/pool.h"
#include "measure/tensors.h"

namespace sepconv::measure {

namespace {

enum class Order { caller, reversed, pool };
constexpr uint32_t kReversedPieces = 5;

/// One way to run a kernel.
struct Setting {
  int64_t images = 1;
  Placement placement = Placement::end;
  Order order = Order::caller;
};

/// A pass under way.
struct Pass {
  const char* name;
  const Case& values;
  const Kernel& kernel;
  Pool& pool;
  /// Outputs of the images computed and compared so far: every later run gives the same bits.
  std::vector<float> known;
  Outcome outcome;
};

struct Buffers {
  TensorBuffer input, residual, output;
};

std::string describe(const Setting& setting, const Pool& pool) {
  const std::string order = setting.order == Order::caller ? "on the caller's thread"
                            : setting.order == Order::reversed
                                ? "with pieces in reverse order"
                                : fmt::format("on {} threads", pool.threads());
  return fmt::format("batch {}, {}, buffers against the {} of their memory", setting.images, order,
                     setting.placement == Placement::end ? "end" : "start");
}

std::string describe(sepconv_status status) {
  return fmt::format("status {}: {}", static_cast<int>(status), sepconv_status_message(status));
}

/// Ends the pass as failed; false, for `return`.
bool failed(Pass& pass, const Setting& setting, const std::string& what) {
  pass.outcome.status = Status::failed;
  pass.outcome.reason =
      fmt::format("{} pass: {} ({})", pass.name, what, describe(setting, pass.pool));
  return false;
}

spec::Shape with_batch(spec::Shape shape, int64_t images) {
  shape.n = images;
  return shape;
}

Result<TensorBuffer> input_tensor(const char* name, const spec::Layer& layer,
                                  const spec::Shape& shape, int64_t pixel_stride,
                                  Placement placement, const std::vector<float>& values) {
  auto made = TensorBuffer::make(name, layer.dtype, shape,
                                 strides(layer.layout, shape, pixel_stride), placement);
  if (!made) return made;
  made->write(values.data());
  made->set_read_only(true);
  return made;
}

Result<Buffers> make_buffers(const Case& values, const Setting& setting) {
  const spec::Layer& layer = values.layer;
  const spec::Shape in = with_batch(layer.input, setting.images);
  const spec::Shape out = with_batch(spec::output_shape(layer), setting.images);
  Buffers buffers;
  auto input = input_tensor("input", layer, in, layer.input_pixel_stride, setting.placement,
                            values.operands.input);
  if (!input) return fail(std::move(input.error()));
  buffers.input = std::move(*input);
  if (spec::has_residual_input(layer)) {
    auto residual =
        input_tensor("residual", layer, out, 0, setting.placement, values.operands.residual);
    if (!residual) return fail(std::move(residual.error()));
    buffers.residual = std::move(*residual);
  }
  auto output =
      TensorBuffer::make("output", layer.dtype, out,
                         strides(layer.layout, out, layer.output_pixel_stride), setting.placement);
  if (!output) return fail(std::move(output.error()));
  buffers.output = std::move(*output);
  return buffers;
}

sepconv_call make_call(const Pass& pass, const Setting& setting, const Buffers& buffers,
                       const GuardedBuffer& blob) {
  sepconv_call call{};
  call.packed = blob.data();
  call.packed_bytes = blob.bytes();
  call.input = buffers.input.view();
  if (spec::has_residual_input(pass.values.layer)) call.residual = buffers.residual.view();
  call.output = buffers.output.view();
  if (setting.order == Order::reversed) {
    call.parallel_for = run_reversed;
    call.threads = kReversedPieces;
  } else if (setting.order == Order::pool) {
    call.parallel_for = Pool::parallel_for;
    call.parallel_context = &pass.pool;
    call.threads = static_cast<uint32_t>(pass.pool.threads());
  }
  return call;
}

/// Compares images that no earlier run had with the reference.
bool check_values(Pass& pass, const Setting& setting, const spec::Shape& shape,
                  std::vector<float> actual) {
  const Comparison found = compare(shape, pass.values.expected, actual);
  const bool wrong = !found.difference.empty();
  if (wrong || pass.known.empty() ||
      found.max_error * pass.outcome.bound > pass.outcome.max_error * found.bound) {
    pass.outcome.max_error = found.max_error;
    pass.outcome.bound = found.bound;
  }
  if (wrong) return failed(pass, setting, found.difference);
  pass.known = std::move(actual);
  return true;
}

bool check_output(Pass& pass, const Setting& setting, const TensorBuffer& output) {
  std::vector<float> actual = output.read();
  const size_t common = std::min(actual.size(), pass.known.size());
  if (std::memcmp(actual.data(), pass.known.data(), common * sizeof(float)) != 0) {
    const Comparison found = compare(output.shape(), pass.values.expected, actual);
    if (!found.difference.empty()) return check_values(pass, setting, output.shape(), actual);
    size_t at = 0;
    while (std::memcmp(&actual[at], &pass.known[at], sizeof(float)) == 0) ++at;
    return failed(pass, setting,
                  fmt::format("output {} is {:.9g}, but an earlier run gave {:.9g}",
                              position(output.shape(), static_cast<int64_t>(at)), actual[at],
                              pass.known[at]));
  }
  if (actual.size() <= pass.known.size()) return true;
  return check_values(pass, setting, output.shape(), std::move(actual));
}

/// What lies around and between the elements, after a run.
bool check_surroundings(Pass& pass, const Setting& setting, const Buffers& buffers,
                        const GuardedBuffer& blob, const GuardedBuffer& workspace) {
  if (!buffers.output.gaps_intact()) {
    return failed(pass, setting, "wrote into the gaps between pixels of output, or just beside it");
  }
  if (!workspace.intact()) return failed(pass, setting, "wrote just beside the workspace");
  if (!blob.intact()) return failed(pass, setting, "wrote just beside the packed weights");
  return true;
}

bool run_once(Pass& pass, const Setting& setting, Buffers& buffers, const GuardedBuffer& blob) {
  note(fmt::format("{} pass, {}", pass.name, describe(setting, pass.pool)));
  sepconv_call call = make_call(pass, setting, buffers, blob);
  size_t bytes = 0;
  if (const auto status = pass.kernel.workspace_bytes(call, bytes); status != SEPCONV_OK) {
    return failed(pass, setting, "the workspace query says " + describe(status));
  }
  auto workspace = GuardedBuffer::make("workspace", bytes, SEPCONV_ALIGNMENT, setting.placement);
  if (!workspace) return failed(pass, setting, workspace.error().front().message);
  if (bytes > 0) call.workspace = workspace->data();
  call.workspace_bytes = bytes;
  buffers.output.poison();
  try {
    if (const auto status = pass.kernel.run(call); status != SEPCONV_OK) {
      return failed(pass, setting, "the run says " + describe(status));
    }
  } catch (const KernelLost& lost) {
    return failed(pass, setting, lost.reason);
  }
  return check_output(pass, setting, buffers.output) &&
         check_surroundings(pass, setting, buffers, blob, *workspace);
}

/// A remote kernel runs pieces in one order only, and only three settings: the batch on the
/// caller's thread against either end, one image more in reversed pieces.
bool skips(const Pass& pass, const Setting& setting) {
  if (!pass.kernel.remote) return false;
  if (setting.images == pass.values.layer.input.n) return setting.order != Order::caller;
  return setting.order != Order::reversed || setting.placement == Placement::start;
}

bool run_placement(Pass& pass, Placement placement) {
  Setting setting{pass.values.layer.input.n, placement, Order::caller};
  note(fmt::format("{} pass, packing the weights", pass.name));
  std::string refusal;
  const GuardedBuffer blob = pack_case(pass.values, pass.kernel, placement, refusal);
  if (!refusal.empty()) return failed(pass, setting, refusal);
  for (const int64_t images : {pass.values.layer.input.n, pass.values.layer.input.n + 1}) {
    setting.images = images;
    auto buffers = make_buffers(pass.values, setting);
    if (!buffers) return failed(pass, setting, buffers.error().front().message);
    for (const Order order : {Order::caller, Order::reversed, Order::pool}) {
      setting.order = order;
      if (skips(pass, setting)) continue;
      if (!run_once(pass, setting, *buffers, blob)) return false;
    }
  }
  return true;
}

Outcome run_pass(const char* name, const Case& values, const Kernel& kernel, Pool& pool) {
  Pass pass{name, values, kernel, pool, {}, {}};
  try {
    if (run_placement(pass, Placement::end)) run_placement(pass, Placement::start);
  } catch (const KernelLost& lost) {
    failed(pass, {values.layer.input.n}, lost.reason);
  }
  return pass.outcome;
}

}  // namespace

Outcome check(const Prepared& prepared, const Kernel& exact, const Kernel& real, int threads) {
  Pool pool(std::max(2, threads));
  if (prepared.exact) {
    Outcome outcome = run_pass("exact", *prepared.exact, exact, pool);
    if (outcome.status != Status::passed) return outcome;
  }
  Outcome outcome = run_pass("real", prepared.real, real, pool);
  if (outcome.status == Status::passed && !prepared.mistrust.empty()) {
    outcome.status = Status::mistrusted;
    outcome.reason = prepared.mistrust;
  }
  return outcome;
}

}  // namespace sepconv::measure
