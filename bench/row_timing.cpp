// Bench: one kernel's samples and its rivals', taken in a child process and brought back in shared
// memory. Knows no compiler and no output format.
#include "bench/row_timing.h"

#include <sched.h>
#include <sys/mman.h>

#include <chrono>
#include <cstdio>
#include <optional>
#include <thread>

#include "bench/peers/exchange.h"
#include "bench/peers/session.h"
#include "bench/row_call.h"
#include "measure/device/ceilings.h"
#include "measure/device/device_run.h"
#include "measure/fill.h"
#include "measure/isolate.h"
#include "support/files.h"

namespace sepconv::bench {
namespace {

constexpr size_t kMaxPeers = 8;

struct PeerSlot {
  measure::Statistics times;
  bool agrees;
  char implementation[160], problem[160];
};

/// What the child leaves for its parent.
struct Shared {
  measure::Statistics hot, cold;
  double peak_gflops;
  PeerSlot peers[kMaxPeers];
};

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

/// What takes turns with rivals, and the bursts at the peak between the rounds.
struct Ours {
  measure::Timed timed;
  std::function<double()> peak;
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

/// Starts the rivals one after the other, before this process has threads of its own.
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

/// Ours, then the rivals. Each has an untimed call before each sample, which brings its data back
/// into the caches.
std::vector<measure::Timed> turns(const Ours& ours, std::vector<Session>& sessions) {
  std::vector<measure::Timed> turns{ours.timed};
  for (Session& session : sessions) {
    measure::Timed turn;
    turn.elsewhere = [&session](size_t calls) { return session.time(calls); };
    turns.push_back(std::move(turn));
  }
  return turns;
}

/// Ours on this CPU. Beside rivals it waits until their threads that spin for more work sleep.
Ours on_cpu(const Row& row, const std::function<void()>& run) {
  Ours ours;
  ours.timed.run = run;
  const bool wait = !row.peers.empty() && row.options.threads > 1;
  ours.timed.before = [wait, run] {
    if (wait) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    run();
  };
  ours.peak = [&row] {
    const double peak = measure::peak_gflops(row.target, row.options.threads, 0.002);
    // What waits for the core runs now rather than during the sample.
    std::this_thread::sleep_for(std::chrono::microseconds(200));
    return peak;
  };
  return ours;
}

void keep_peers(const std::vector<Session>& sessions,
                const std::vector<std::vector<double>>& samples, Shared& shared) {
  for (size_t i = 0; i < sessions.size(); ++i) {
    PeerSlot& slot = shared.peers[i];
    const auto copy = [](char(&to)[160], const std::string& text) {
      std::snprintf(to, sizeof(to), "%s", text.c_str());
    };
    copy(slot.implementation, sessions[i].implementation());
    copy(slot.problem, sessions[i].problem());
    if (sessions[i].problem().empty()) slot.times = measure::statistics(samples[i + 1]);
  }
}

/// Samples hot, with bursts at the peak in turn.
void sample_hot(double seconds, const Ours& ours, std::vector<Session>& sessions, Shared& shared) {
  std::vector<double> peaks;
  const auto burst = [&] {
    if (peaks.size() < 100) peaks.push_back(ours.peak());
  };
  const auto timed = turns(ours, sessions);
  const auto hot =
      measure::sample_in_turn(timed, seconds * static_cast<double>(timed.size()), 10, burst);
  shared.hot = measure::statistics(hot[0]);
  shared.peak_gflops = measure::statistics(peaks).median;
  keep_peers(sessions, hot, shared);
}

void sample_cold(double seconds, const std::function<void()>& run, Shared& shared) {
  measure::Evictor evict(static_cast<size_t>(measure::cache_sizes(1).bytes[2]));
  const auto cold = measure::sample_in_turn({{run, [&] { evict(); }, 1, {}}}, seconds, 5);
  shared.cold = measure::statistics(cold[0]);
}

/// Runs of the kernel with its data on the device, many between two waits; why not, or empty.
std::string sample_on_device(const Row& row, const RowCall& made, Rivals& rivals, Shared& shared) {
  measure::Device device(row.target.device);
  if (!device.usable()) return device.problem();
  measure::DeviceRun run(device, row.kernel, made.call);
  if (!run.problem().empty()) return run.problem();
  measure::DevicePeak peak(device);
  bool failed = false;
  Ours ours;
  ours.timed.repeat = run.runs_a_sample();
  ours.timed.elsewhere = [&](size_t runs) {
    const double us = run.microseconds(runs);
    failed |= us < 0;
    return us;
  };
  ours.peak = [&] { return peak.burst(); };
  sample_hot(row.options.row_seconds, ours, rivals.sessions, shared);
  return failed ? "a run on the device failed" : "";
}

/// Fills, packs, runs once and samples, in the child; why not, or empty.
std::string measure_kernel(const Row& row, Shared& shared) {
  const bool alone = row.peers.empty();
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
    shared.peers[i].agrees = agree(made.output.read(), rivals.outputs[i]);
  }
  if (row.on_device()) return sample_on_device(row, made, rivals, shared);
  const std::function<void()> run = [&] { row.kernel.run(made.call); };
  const double cold_seconds = row.options.cold ? 0.4 * row.options.row_seconds : 0;
  sample_hot(row.options.row_seconds - cold_seconds, on_cpu(row, run), rivals.sessions, shared);
  rivals.sessions.clear();
  if (row.options.cold) sample_cold(cold_seconds, run, shared);
  return {};
}

/// Rivals for the target, as many as there are slots.
std::vector<Peer> peers_of(const targets::Target& target, const std::vector<Peer>& all) {
  std::vector<Peer> mine;
  for (const Peer& peer : all) {
    if (peer.device == target.device && mine.size() < kMaxPeers) mine.push_back(peer);
  }
  return mine;
}

std::vector<PeerTimes> peer_times(const std::vector<Peer>& peers, const Shared& shared) {
  std::vector<PeerTimes> times;
  for (size_t i = 0; i < peers.size(); ++i) {
    const PeerSlot& slot = shared.peers[i];
    times.push_back({peers[i].name, slot.implementation, slot.problem, slot.times, slot.agrees});
  }
  return times;
}

}  // namespace

RowTimes time_row(const spec::Layer& layer, const targets::Target& target,
                  const measure::Kernel& kernel, const BenchOptions& options) {
  RowTimes times;
  Row row{layer, target, kernel, options, peers_of(target, options.peers), {}};
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
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    times.failure = "no shared memory for the results";
    return times;
  }
  auto* shared = new (memory) Shared{};
  const measure::Outcome outcome = measure::isolated(options.limit_seconds, [&] {
    measure::Outcome result;
    result.reason = measure_kernel(row, *shared);
    if (!result.reason.empty()) result.status = measure::Status::failed;
    return result;
  });
  times.hot = shared->hot;
  times.cold = shared->cold;
  times.peak_gflops = shared->peak_gflops;
  times.peers = peer_times(row.peers, *shared);
  if (outcome.status != measure::Status::passed) times.failure = outcome.reason;
  munmap(memory, sizeof(Shared));
  return times;
}

}  // namespace sepconv::bench
