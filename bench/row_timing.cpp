// Bench: one kernel's samples and its rivals', taken in a child process and brought back in shared
// memory. Knows no compiler and no output format.
#include "bench/row_timing.h"

#include <sched.h>
#include <sys/mman.h>

#include <algorithm>
#include <optional>

#include "bench/peers/exchange.h"
#include "bench/peers/session.h"
#include "bench/row_call.h"
#include "bench/row_sampling.h"
#include "measure/fill.h"
#include "measure/isolate.h"
#include "support/files.h"

namespace sepconv::bench {
namespace {

/// What one row needs in the child.
struct Row {
  const spec::Layer& layer;
  const targets::Target& target;
  const measure::Kernel& kernel;
  const BenchOptions& options;
  std::vector<Peer> peers;       ///< that run where the target's kernels do
  std::filesystem::path folder;  ///< for the rivals' files; empty without rivals
  [[nodiscard]] bool on_device() const { return target.device != targets::Device::cpu; }
};

/// Keeps this process, and the programs that it starts, on the core where it is.
void pin() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(sched_getcpu(), &cores);
  sched_setaffinity(0, sizeof(cores), &cores);
}

/// Rivals and their outputs.
struct Rivals {
  std::vector<Session> sessions;
  std::vector<std::vector<float>> outputs;
};

/// Starts the rivals one after the other, before a device's driver starts threads in this process.
Rivals start_peers(const Row& row) {
  Rivals rivals;
  const spec::Shape out = spec::output_shape(row.layer);
  for (const Peer& peer : row.peers) {
    rivals.sessions.push_back(Session::start(peer, row.folder, row.options.threads));
    rivals.outputs.push_back(read_output(row.folder, out.elements()));
    std::error_code ignored;
    std::filesystem::remove(row.folder / "output.f32", ignored);
  }
  return rivals;
}

/// Fills, packs, runs once and samples, in the child; why not, or empty.
std::string measure_kernel(const Row& row, Samples& samples) {
  const bool alone = row.peers.empty() || row.kernel.remote;  // rivals are only here
  if (!alone && row.options.threads == 1 && !row.on_device()) pin();
  const reference::Operands operands = measure::real_fill(row.layer, row.layer.input.n);
  Rivals rivals;
  if (!alone) {
    const auto written = write_layer(row.folder, row.layer, operands, row.options.threads);
    if (!written) return written.error().front().message;
    rivals = start_peers(row);
  }
  RowCall made;
  std::string problem = make_call(row.layer, operands, row.kernel, row.options.threads, made);
  if (!problem.empty()) return problem;
  for (size_t i = 0; i < rivals.outputs.size(); ++i) {
    samples.peers[i].agrees = agree(made.output.read(), rivals.outputs[i]);
  }
  const Sampled sampled{row.target, row.kernel, row.options, made};
  if (row.on_device()) return sample_device_row(sampled, std::move(rivals.sessions), samples);
  sample_row(sampled, std::move(rivals.sessions), samples);
  return {};
}

/// Rivals that run where the target's kernels do, as many as there is room for. Their programs
/// compute f32.
std::vector<Peer> peers_of(const spec::Layer& layer, const targets::Target& target,
                           const std::vector<Peer>& all) {
  std::vector<Peer> mine;
  if (layer.dtype != spec::Dtype::f32) return mine;
  for (const Peer& peer : all) {
    if (peer.device == target.device && mine.size() < Samples::kMaxPeers) mine.push_back(peer);
  }
  return mine;
}

std::vector<PeerTimes> peer_times(const Row& row, const Samples& samples) {
  std::vector<PeerTimes> times;
  if (row.layer.dtype != spec::Dtype::f32) {
    for (const Peer& peer : row.options.peers) {
      times.push_back({peer.name, "", "its program computes f32 only", "", {}, {}, false});
    }
  }
  const std::vector<Peer>& peers = row.peers;
  for (size_t i = 0; i < peers.size(); ++i) {
    const Samples::Peer& peer = samples.peers[i];
    times.push_back({peers[i].name, peer.implementation, peer.problem, peer.cold_problem, peer.hot,
                     peer.cold, peer.agrees});
  }
  return times;
}

}  // namespace

RowTimes time_row(const spec::Layer& layer, const targets::Target& target,
                  const measure::Kernel& kernel, const BenchOptions& options) {
  RowTimes times;
  Row row{layer, target, kernel, options, peers_of(layer, target, options.peers), {}};
  std::optional<support::TempFolder> folder;  // here, so that it goes even if the child is killed
  if (!row.peers.empty()) {
    auto made = support::TempFolder::make();
    if (!made) {
      times.failure = made.error().front().message;
      return times;
    }
    folder = std::move(*made);
    row.folder = folder->path();
  }
  void* memory =
      mmap(nullptr, sizeof(Samples), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    times.failure = "no shared memory for the results";
    return times;
  }
  auto* samples = new (memory) Samples{};
  const measure::Outcome outcome = measure::isolated(options.limit_seconds, [&] {
    measure::Outcome result;
    try {
      result.reason = measure_kernel(row, *samples);
    } catch (const measure::KernelLost& lost) {
      result.reason = lost.reason;
    }
    if (!result.reason.empty()) result.status = measure::Status::failed;
    return result;
  });
  times.hot = samples->hot;
  times.cold = samples->cold;
  times.one_thread = samples->one_thread;
  times.peak_gflops = samples->peak_gflops;
  times.one_thread_peak_gflops = samples->one_thread_peak_gflops;
  times.peers = peer_times(row, *samples);
  if (outcome.status != measure::Status::passed) times.failure = outcome.reason;
  munmap(memory, sizeof(Samples));
  return times;
}

}  // namespace sepconv::bench
