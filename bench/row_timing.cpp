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
  std::filesystem::path folder;  ///< for the rivals' files; empty without rivals
};

/// Keeps this process, and the programs that it starts, on the core where it is.
void pin() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(sched_getcpu(), &cores);
  sched_setaffinity(0, sizeof(cores), &cores);
}

/// Starts the rivals one after the other and compares their outputs with ours.
std::vector<Session> start_peers(const Row& row, const std::vector<float>& ours, Samples& samples) {
  std::vector<Session> sessions;
  for (size_t i = 0; i < std::min(row.options.peers.size(), Samples::kMaxPeers); ++i) {
    sessions.push_back(Session::start(row.options.peers[i], row.folder, row.options.threads));
    if (!sessions.back().problem().empty()) continue;
    const auto theirs = read_output(row.folder, static_cast<int64_t>(ours.size()));
    samples.peers[i].agrees = agree(ours, theirs);
    std::error_code ignored;
    std::filesystem::remove(row.folder / "output.f32", ignored);
  }
  return sessions;
}

/// Fills, packs, runs once and samples, in the child; why not, or empty.
std::string measure_kernel(const Row& row, Samples& samples) {
  const bool alone = row.options.peers.empty() || row.kernel.remote;  // rivals are only here
  if (!alone && row.options.threads == 1) pin();
  const reference::Operands operands = measure::real_fill(row.layer, row.layer.input.n);
  RowCall made;
  std::string problem = make_call(row.layer, operands, row.kernel, row.options.threads, made);
  if (!problem.empty()) return problem;
  std::vector<Session> sessions;
  if (!alone) {
    const auto written = write_layer(row.folder, row.layer, operands, row.options.threads);
    if (!written) return written.error().front().message;
    sessions = start_peers(row, made.output.read(), samples);
  }
  sample_row({row.target, row.kernel, row.options, made}, std::move(sessions), samples);
  return {};
}

std::vector<PeerTimes> peer_times(const std::vector<Peer>& peers, const Samples& samples) {
  std::vector<PeerTimes> times;
  for (size_t i = 0; i < std::min(peers.size(), Samples::kMaxPeers); ++i) {
    const Samples::Peer& peer = samples.peers[i];
    times.push_back(
        {peers[i].name, peer.implementation, peer.problem, peer.hot, peer.cold, peer.agrees});
  }
  return times;
}

}  // namespace

RowTimes time_row(const spec::Layer& layer, const targets::Target& target,
                  const measure::Kernel& kernel, const BenchOptions& options) {
  RowTimes times;
  Row row{layer, target, kernel, options, {}};
  std::optional<support::TempFolder> folder;  // here, so that it goes even if the child is killed
  if (!options.peers.empty()) {
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
  times.peers = peer_times(options.peers, *samples);
  if (outcome.status != measure::Status::passed) times.failure = outcome.reason;
  munmap(memory, sizeof(Samples));
  return times;
}

}  // namespace sepconv::bench
