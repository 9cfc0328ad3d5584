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
  std::filesystem::path folder;  ///< for the rivals' files; empty without rivals
};

/// Whether rivals are timed beside the layer: their programs compute f32.
bool has_rivals(const Row& row) {
  return !row.options.peers.empty() && row.layer.dtype == spec::Dtype::f32;
}

/// Keeps this process, and the programs that it starts, on the core where it is.
void pin() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(sched_getcpu(), &cores);
  sched_setaffinity(0, sizeof(cores), &cores);
}

/// Starts the rivals one after the other and compares their outputs with ours.
std::vector<Session> start_peers(const Row& row, const std::vector<float>& ours, Shared& shared) {
  std::vector<Session> sessions;
  for (size_t i = 0; i < std::min(row.options.peers.size(), kMaxPeers); ++i) {
    sessions.push_back(Session::start(row.options.peers[i], row.folder, row.options.threads));
    if (!sessions.back().problem().empty()) continue;
    const auto theirs = read_output(row.folder, static_cast<int64_t>(ours.size()));
    shared.peers[i].agrees = agree(ours, theirs);
    std::error_code ignored;
    std::filesystem::remove(row.folder / "output.f32", ignored);
  }
  return sessions;
}

/// Ours, then the rivals. Each has an untimed call before each sample, which brings its data back
/// into the caches. Beside rivals, ours waits until their threads that spin for more work sleep.
std::vector<measure::Timed> turns(const Row& row, const std::function<void()>& run,
                                  std::vector<Session>& sessions) {
  std::vector<measure::Timed> turns(1);
  turns[0].run = run;
  const bool wait = !sessions.empty() && row.options.threads > 1;
  turns[0].before = [wait, run] {
    if (wait) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    run();
  };
  for (Session& session : sessions) {
    measure::Timed turn;
    turn.elsewhere = [&session](size_t calls) { return session.time(calls); };
    turns.push_back(std::move(turn));
  }
  return turns;
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

/// Samples hot, with bursts at the peak in turn, then cold.
void sample(const Row& row, const std::function<void()>& run, std::vector<Session> sessions,
            Shared& shared) {
  const BenchOptions& options = row.options;
  std::vector<double> peaks;
  const auto burst = [&] {
    if (peaks.size() < 100) {
      peaks.push_back(measure::peak_gflops(row.target, options.threads, 0.002));
      // What waits for the core runs now rather than during the sample.
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  };
  const double cold_seconds = options.cold ? 0.4 * options.row_seconds : 0;
  const double hot_seconds = options.row_seconds - cold_seconds;
  const auto timed = turns(row, run, sessions);
  const auto hot =
      measure::sample_in_turn(timed, hot_seconds * static_cast<double>(timed.size()), 10, burst);
  shared.hot = measure::statistics(hot[0]);
  shared.peak_gflops = measure::statistics(peaks).median;
  keep_peers(sessions, hot, shared);
  sessions.clear();
  if (!options.cold) return;
  measure::Evictor evict(static_cast<size_t>(measure::cache_sizes(1).bytes[2]));
  const auto cold = measure::sample_in_turn({{run, [&] { evict(); }, 1, {}}}, cold_seconds, 5);
  shared.cold = measure::statistics(cold[0]);
}

/// Fills, packs, runs once and samples, in the child; why not, or empty.
std::string measure_kernel(const Row& row, Shared& shared) {
  const bool alone = !has_rivals(row);
  if (!alone && row.options.threads == 1) pin();
  const reference::Operands operands = measure::real_fill(row.layer, row.layer.input.n);
  RowCall made;
  std::string problem = make_call(row.layer, operands, row.kernel, row.options.threads, made);
  if (!problem.empty()) return problem;
  std::vector<Session> sessions;
  if (!alone) {
    const auto written = write_layer(row.folder, row.layer, operands, row.options.threads);
    if (!written) return written.error().front().message;
    sessions = start_peers(row, made.output.read(), shared);
  }
  sample(
      row, [&] { row.kernel.run(made.call); }, std::move(sessions), shared);
  return {};
}

std::vector<PeerTimes> peer_times(const Row& row, const Shared& shared) {
  const std::vector<Peer>& peers = row.options.peers;
  std::vector<PeerTimes> times;
  for (size_t i = 0; i < std::min(peers.size(), kMaxPeers); ++i) {
    if (!has_rivals(row)) {
      times.push_back({peers[i].name, "", "its program computes f32 only", {}, false});
      continue;
    }
    const PeerSlot& slot = shared.peers[i];
    times.push_back({peers[i].name, slot.implementation, slot.problem, slot.times, slot.agrees});
  }
  return times;
}

}  // namespace

RowTimes time_row(const spec::Layer& layer, const targets::Target& target,
                  const measure::Kernel& kernel, const BenchOptions& options) {
  RowTimes times;
  Row row{layer, target, kernel, options, {}};
  std::optional<support::TempFolder> folder;  // here, so that it goes even if the child is killed
  if (has_rivals(row)) {
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
  times.peers = peer_times(row, *shared);
  if (outcome.status != measure::Status::passed) times.failure = outcome.reason;
  munmap(memory, sizeof(Shared));
  return times;
}

}  // namespace sepconv::bench
