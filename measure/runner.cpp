// Measure: kernels that run in another process through the runner program. Knows no layer's
// arithmetic.
#include "measure/runner.h"

#include <array>
#include <cstring>
#include <optional>

#include "measure/connection.h"
#include "runtime/embedded.h"
#include "spec/name.h"
#include "support/files.h"

namespace sepconv::measure {

using Piece = Connection::Piece;

/// What all kernels of a library share.
struct RemoteLibrary::Shared {
  Runner runner;
  sepconv_runner_name name{};
  std::string object;  ///< the bytes of the shared object
  std::map<std::string, std::pair<uint64_t, sepconv_runner_entry>> kernels;  ///< with their index
  std::unique_ptr<Connection> connection;

  /// The running runner; starts one where there is none.
  Connection& running() {
    if (!connection) load();
    return *connection;
  }

  Connection::Answer load() {
    auto fresh = std::make_unique<Connection>(runner);
    auto answer =
        fresh->ask(SEPCONV_RUNNER_LOAD, {{&name, sizeof(name)}, {object.data(), object.size()}});
    if (answer.code != 0) {
      throw KernelLost{"the runner says: " +
                       std::string(answer.payload.begin(), answer.payload.end())};
    }
    connection = std::move(fresh);
    return answer;
  }
};

namespace {

constexpr size_t kSlackLimit = 64;  ///< what alignment leaves behind a buffer at the end

/// The runner's buffer for one of ours: at the same end of its memory. Ours lies at the start of a
/// page, or so that its end is the next aligned address before one.
sepconv_runner_buffer buffer(const void* data, size_t bytes) {
  const auto address = reinterpret_cast<uintptr_t>(data);
  const size_t slack = (4096 - (address + bytes) % 4096) % 4096;
  if (slack < kSlackLimit) return {bytes, 0, slack};
  return {bytes, 1, 0};
}

/// Bytes from a view's first element to its last.
size_t span_bytes(const sepconv_tensor& tensor, size_t element_bytes) {
  int64_t last = 0;
  for (int i = 0; i < 4; ++i) {
    if (tensor.extent[i] == 0) return 0;
    last += (tensor.extent[i] - 1) * tensor.stride[i];
  }
  return (static_cast<size_t>(last) + 1) * element_bytes;
}

sepconv_runner_tensor remote(const sepconv_tensor& tensor, size_t element_bytes) {
  sepconv_runner_tensor result{};
  if (tensor.data == nullptr) return result;
  result.buffer = buffer(tensor.data, span_bytes(tensor, element_bytes));
  std::memcpy(result.extent, tensor.extent, sizeof(result.extent));
  std::memcpy(result.stride, tensor.stride, sizeof(result.stride));
  return result;
}

/// Which kernel of the runner's, and its tensors' elements.
struct Remote {
  uint64_t kernel = 0;
  size_t element_bytes = sizeof(float);
};

sepconv_runner_call remote(const Remote& kernel, const sepconv_call& call) {
  sepconv_runner_call result{};
  result.kernel = kernel.kernel;
  result.threads = call.parallel_for == nullptr ? 0 : std::max<uint32_t>(1, call.threads);
  result.packed = buffer(call.packed, call.packed_bytes);
  result.workspace = buffer(call.workspace, call.workspace_bytes);
  result.input = remote(call.input, kernel.element_bytes);
  result.residual = remote(call.residual, kernel.element_bytes);
  result.output = remote(call.output, kernel.element_bytes);
  return result;
}

void take(const Connection::Answer& answer, void* to, size_t bytes) {
  if (answer.payload.size() != bytes) throw KernelLost{"the runner's answer is cut short"};
  std::memcpy(to, answer.payload.data(), bytes);
}

/// Floats of each array of sepconv_weights, in its order.
std::array<uint64_t, 6> counts(const spec::Layer& layer) {
  std::array<uint64_t, 6> result{};
  const auto shapes = spec::shapes(layer);
  for (const spec::Parameter& parameter : spec::parameters(layer)) {
    const auto index = static_cast<size_t>(parameter.stage);
    const spec::Stage& stage = layer.stages[index];
    const int64_t taps = stage.window.kernel[0] * stage.window.kernel[1];
    const int64_t inputs = stage.kind == spec::StageKind::depthwise ? 1 : shapes[index].c;
    const int64_t floats = stage.channels_out * (parameter.is_bias ? 1 : taps * inputs);
    result[static_cast<size_t>(parameter.role)] = static_cast<uint64_t>(floats);
  }
  return result;
}

sepconv_status pack(Connection& connection, uint64_t kernel, const std::array<uint64_t, 6>& floats,
                    const sepconv_weights& weights, void* packed, size_t bytes) {
  const std::array<const float*, 6> arrays{weights.expand,    weights.expand_bias,
                                           weights.depthwise, weights.depthwise_bias,
                                           weights.weights,   weights.bias};
  sepconv_runner_pack request{kernel, SEPCONV_HWIO, buffer(packed, bytes), {}};
  std::vector<Piece> pieces{{&request, sizeof(request)}};
  for (size_t i = 0; i < arrays.size(); ++i) {
    if (arrays[i] == nullptr) continue;
    request.counts[i] = floats[i];
    pieces.push_back({arrays[i], floats[i] * sizeof(float)});
  }
  const auto answer = connection.ask(SEPCONV_RUNNER_PACK, pieces);
  take(answer, packed, bytes);
  return static_cast<sepconv_status>(answer.code);
}

sepconv_status run(Connection& connection, uint32_t kind, const sepconv_runner_call& request,
                   const sepconv_call& call) {
  const auto answer = connection.ask(kind, {{&request, sizeof(request)},
                                            {call.packed, request.packed.bytes},
                                            {call.input.data, request.input.buffer.bytes},
                                            {call.residual.data, request.residual.buffer.bytes},
                                            {call.output.data, request.output.buffer.bytes}});
  take(answer, call.output.data, request.output.buffer.bytes);
  return static_cast<sepconv_status>(answer.code);
}

/// A buffer at the same place in a page, so that caches and streams meet what they meet here.
sepconv_runner_buffer at_same_place(const void* data, size_t bytes) {
  const auto address = reinterpret_cast<uintptr_t>(data);
  return {bytes, 0, (4096 - (address + bytes) % 4096) % 4096};
}

TimedCall hold(const std::function<Connection&()>& running, const Remote& kernel,
               const sepconv_call& call) {
  sepconv_runner_call request = remote(kernel, call);
  request.packed = at_same_place(call.packed, request.packed.bytes);
  request.workspace = at_same_place(call.workspace, request.workspace.bytes);
  for (auto [to, from] :
       {std::pair(&request.input, &call.input), std::pair(&request.residual, &call.residual),
        std::pair(&request.output, &call.output)}) {
    to->buffer = at_same_place(from->data, to->buffer.bytes);
  }
  const auto answer = run(running(), SEPCONV_RUNNER_HOLD, request, call);
  if (answer != SEPCONV_OK) {
    throw KernelLost{std::string("the call to time says: ") + sepconv_status_message(answer)};
  }
  return [running](size_t calls, size_t evict_bytes) {
    const sepconv_runner_time request{calls, evict_bytes};
    const auto answer = running().ask(SEPCONV_RUNNER_TIME, {{&request, sizeof(request)}});
    sepconv_runner_sample sample{};
    take(answer, &sample, sizeof(sample));
    if (answer.code != SEPCONV_OK) throw KernelLost{"a timed call was refused"};
    return Sample{static_cast<double>(sample.nanoseconds) * 1e-3 / static_cast<double>(calls),
                  sample.preemptions > 0};
  };
}

}  // namespace

Error runner_error(std::string reason, const Runner& runner) {
  Error error;
  error.kind = ErrorKind::environment;
  error.field = "--runner";
  error.value = runner.command;
  error.message = std::move(reason);
  error.hint = "the command must start the runner program, its stdin and stdout untouched";
  return error;
}

std::string_view runner_program(const std::string& isa) {
  return isa == "arm64" ? runtime::runner_arm64() : runtime::runner_x86_64();
}

Result<RemoteLibrary> RemoteLibrary::open(const std::filesystem::path& shared_object,
                                          const std::string& name, const Runner& runner) {
  auto object = support::read_file(shared_object);
  if (!object) return fail(std::move(object.error()));
  RemoteLibrary library;
  library.shared_ = std::make_shared<Shared>();
  Shared& shared = *library.shared_;
  shared.runner = runner;
  shared.object = std::move(*object);
  name.copy(shared.name.text, sizeof(shared.name.text) - 1);
  try {
    const auto answer = shared.load();
    shared.connection.reset();
    for (uint64_t i = 0; (i + 1) * sizeof(sepconv_runner_entry) <= answer.payload.size(); ++i) {
      sepconv_runner_entry entry;
      std::memcpy(&entry, answer.payload.data() + i * sizeof(entry), sizeof(entry));
      if (entry.target.text[0] == '\0') {
        return fail(runner_error("the runner's CPU does not run code for this target", runner));
      }
      // Layers' own names win, as in the library itself.
      shared.kernels[entry.layer.text] = {i, entry};
      shared.kernels.emplace(entry.canonical_name.text, std::pair(i, entry));
    }
  } catch (const KernelLost& lost) {
    return fail(runner_error(lost.reason, runner));
  }
  return library;
}

Result<Kernel> RemoteLibrary::kernel(const spec::Layer& layer) const {
  auto found = shared_->kernels.find(layer.name);
  if (found == shared_->kernels.end()) found = shared_->kernels.find(spec::canonical_name(layer));
  if (found == shared_->kernels.end()) {
    Error error;
    error.kind = ErrorKind::internal;
    error.message = "the built library has no kernel of this name";
    error.value = spec::canonical_name(layer);
    error.hint = "this is a defect of sepconv: please report it with the command that shows it";
    return fail(std::move(error));
  }
  const uint64_t index = found->second.first;
  const Remote which{index, static_cast<size_t>(spec::traits(layer.dtype).bytes)};
  Kernel kernel;
  kernel.remote = true;
  kernel.packed_bytes = found->second.second.packed_bytes;
  kernel.pack = [keep = shared_, index, floats = counts(layer)](const sepconv_weights& weights,
                                                                void* packed, size_t bytes) {
    return pack(keep->running(), index, floats, weights, packed, bytes);
  };
  kernel.workspace_bytes = [keep = shared_, which](const sepconv_call& call, size_t& bytes) {
    const sepconv_runner_call request = remote(which, call);
    const auto answer = keep->running().ask(SEPCONV_RUNNER_QUERY, {{&request, sizeof(request)}});
    uint64_t value = 0;
    take(answer, &value, sizeof(value));
    bytes = value;
    return static_cast<sepconv_status>(answer.code);
  };
  kernel.run = [keep = shared_, which](const sepconv_call& call) {
    return run(keep->running(), SEPCONV_RUNNER_RUN, remote(which, call), call);
  };
  kernel.hold = [keep = shared_, which](const sepconv_call& call) {
    return hold([keep]() -> Connection& { return keep->running(); }, which, call);
  };
  return kernel;
}

}  // namespace sepconv::measure
