// Bench: samples of one kernel and its rivals, taken in turn. Knows no process of its own and no
// output format.
#include "bench/row_sampling.h"

#include <chrono>
#include <cstdio>
#include <cstring>
#include <thread>

#include "measure/device/ceilings.h"
#include "measure/device/device_run.h"
#include "measure/evict.h"

namespace sepconv::bench {
namespace {

constexpr double kColdShare = 0.4;  // of a row's seconds
constexpr size_t kLeastHot = 10, kLeastCold = 7;
constexpr size_t kMostBursts = 100;
constexpr double kBurstSeconds = 0.002;

void let_others_sleep() { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }

/// Medians of bursts at the peak between the samples, so that a drift of the clock meets both.
struct Bursts {
  const Sampled& row;
  std::vector<double> all_threads, one_thread;

  void operator()() {
    if (all_threads.size() >= kMostBursts) return;
    const int threads = row.options.threads;
    const measure::Machine& machine = row.options.machine;
    all_threads.push_back(measure::peak_gflops(machine, row.target, threads, kBurstSeconds));
    if (threads > 1) {
      one_thread.push_back(measure::peak_gflops(machine, row.target, 1, kBurstSeconds));
    }
    // What waits for the core runs now rather than during the sample.
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
};

/// The same call on the caller's thread alone; a workspace for several threads is large enough.
sepconv_call on_one_thread(const sepconv_call& call) {
  sepconv_call alone = call;
  alone.parallel_for = nullptr;
  alone.parallel_context = nullptr;
  alone.threads = 1;
  return alone;
}

/// Calls that bring a kernel's data back into the caches: after one, a last cache that many cores
/// share still lacks much of it; after five, times no longer fall.
constexpr size_t kWarmCalls = 5;

measure::Timed hot_turn(const Sampled& row, const sepconv_call& call) {
  measure::Timed turn;
  if (row.kernel.remote) {
    turn.elsewhere = [held = row.kernel.hold(call)](size_t calls) { return held(calls, 0); };
    return turn;
  }
  turn.run = [&row, call] { row.kernel.run(call); };
  turn.warm = kWarmCalls;
  return turn;
}

/// Ours, on several threads ours on one as well, then the rivals, whose programs make an untimed
/// call of their own each time.
std::vector<measure::Timed> hot_turns(const Sampled& row, std::vector<Session>& sessions) {
  std::vector<measure::Timed> turns;
  turns.push_back(hot_turn(row, row.call.call));
  const bool several = row.options.threads > 1;
  if (several) turns.push_back(hot_turn(row, on_one_thread(row.call.call)));
  for (Session& session : sessions) {
    measure::Timed turn;
    turn.elsewhere = [&session, several](size_t calls) {
      if (several) let_others_sleep();  // our threads that wait for more work
      return measure::Sample{session.time(calls)};
    };
    turn.warm = kWarmCalls / 2;
    turns.push_back(std::move(turn));
  }
  return turns;
}

/// Wakes the pool's threads: they wait for work as when another layer has just run.
void wake(RowCall& call) {
  const auto nothing = [](void*, uint32_t) {};
  if (call.pool == nullptr) return;
  measure::Pool::parallel_for(call.pool.get(), static_cast<uint32_t>(call.pool->threads()), nothing,
                              nullptr);
}

/// The kernel on another machine, which empties its own caches.
measure::Timed cold_turn_elsewhere(const Sampled& row) {
  const measure::CacheSizes sizes = measure::cache_sizes(row.options.machine, 1);
  measure::Timed turn;
  turn.repeat = 1;
  turn.elsewhere = [held = row.kernel.hold(row.call.call),
                    bytes = static_cast<size_t>(measure::network_bytes(sizes))](size_t calls) {
    return held(calls, bytes);
  };
  return turn;
}

/// Caches emptied alike for ours and the rivals, by this process on the cores of all.
std::vector<measure::Timed> cold_turns(const Sampled& row, std::vector<Session>& sessions,
                                       measure::Evictor& evict) {
  std::vector<measure::Timed> turns(1);
  turns[0].repeat = 1;
  turns[0].run = [&row] { row.kernel.run(row.call.call); };
  turns[0].before = [&row, &evict] {
    evict();
    row.call.input.rewrite();
    if (row.call.call.residual.data != nullptr) row.call.residual.rewrite();
    wake(row.call);
  };
  for (Session& session : sessions) {
    measure::Timed turn;
    turn.repeat = 1;
    turn.elsewhere = [&session, &evict](size_t) {
      return measure::Sample{session.time_cold([&] { evict(); })};
    };
    turns.push_back(std::move(turn));
  }
  return turns;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

void copy_text(char (&to)[160], const std::string& text) {
  std::snprintf(to, sizeof(to), "%s", text.c_str());
}

/// The rivals' times follow `ours`.
void keep_peers(const std::vector<Session>& sessions, const std::vector<std::vector<double>>& times,
                size_t ours, Samples& samples) {
  for (size_t i = 0; i < sessions.size(); ++i) {
    Samples::Peer& peer = samples.peers[i];
    copy_text(peer.implementation, sessions[i].implementation());
    copy_text(peer.problem, sessions[i].problem());
    if (sessions[i].problem().empty()) peer.hot = measure::statistics(times[ours + i]);
  }
}

void sample_hot(const Sampled& row, std::vector<Session>& sessions, double seconds,
                Samples& samples) {
  Bursts bursts{row, {}, {}};
  const auto turns = hot_turns(row, sessions);
  const auto times = measure::sample_in_turn(turns, seconds * static_cast<double>(turns.size()),
                                             kLeastHot, [&] { bursts(); });
  samples.hot = measure::statistics(times[0]);
  const size_t ours = turns.size() - sessions.size();
  if (ours > 1) samples.one_thread = measure::statistics(times[1]);
  samples.peak_gflops = measure::statistics(bursts.all_threads).median;
  samples.one_thread_peak_gflops = measure::statistics(bursts.one_thread).median;
  keep_peers(sessions, times, ours, samples);
}

void sample_cold(const Sampled& row, std::vector<Session>& sessions, double seconds,
                 Samples& samples) {
  measure::Evictor evict(row.options.threads);
  const auto turns = row.kernel.remote ? std::vector<measure::Timed>{cold_turn_elsewhere(row)}
                                       : cold_turns(row, sessions, evict);
  const auto times =
      measure::sample_in_turn(turns, seconds * static_cast<double>(turns.size()), kLeastCold);
  samples.cold = measure::statistics(times[0]);
  for (size_t i = 0; i < sessions.size(); ++i) {
    // One that failed only now keeps its hot times.
    const bool cold = sessions[i].problem().empty() && sessions[i].cold_problem().empty();
    if (cold) samples.peers[i].cold = measure::statistics(times[1 + i]);
    copy_text(samples.peers[i].cold_problem, sessions[i].cold_problem());
  }
}

}  // namespace

void sample_row(const Sampled& row, std::vector<Session> sessions, Samples& samples) {
  const BenchOptions& options = row.options;
  const double cold_seconds = options.cold ? kColdShare * options.row_seconds : 0;
  sample_hot(row, sessions, options.row_seconds - cold_seconds, samples);
  if (options.cold) sample_cold(row, sessions, cold_seconds, samples);
}

std::string sample_device_row(const Sampled& row, std::vector<Session> sessions, Samples& samples) {
  measure::Device device(row.target.device);
  if (!device.usable()) return device.problem();
  // The call from host memory has run: what is timed must give the same bits.
  const std::vector<float> expected = row.call.output.read();
  row.call.output.poison();
  measure::DeviceRun run(device, row.kernel, row.call.call);
  if (!run.problem().empty()) return run.problem();
  if (run.microseconds(1) < 0 || !run.read_output(row.call.call.output.data)) {
    return "a run on the device failed";
  }
  if (!same_bits(row.call.output.read(), expected)) {
    return "with device memory the output differs from that with host memory";
  }
  measure::DevicePeak peak(device);
  bool failed = false;
  std::vector<measure::Timed> turns(1);
  turns[0].repeat = run.runs_a_sample();
  turns[0].elsewhere = [&](size_t runs) {
    const double us = run.microseconds(runs);
    failed |= us < 0;
    return measure::Sample{us};
  };
  for (Session& session : sessions) {
    measure::Timed turn;
    turn.elsewhere = [&session](size_t calls) { return measure::Sample{session.time(calls)}; };
    turn.repeat = measure::DeviceRun::runs_a_sample(session.time(10));
    turns.push_back(std::move(turn));
  }
  std::vector<double> peaks;
  const auto burst = [&] {
    if (peaks.size() < kMostBursts) peaks.push_back(peak.burst());
  };
  const auto times = measure::sample_in_turn(
      turns, row.options.row_seconds * static_cast<double>(turns.size()), kLeastHot, burst);
  samples.hot = measure::statistics(times[0]);
  samples.peak_gflops = measure::statistics(peaks).median;
  keep_peers(sessions, times, 1, samples);
  return failed ? "a run on the device failed" : "";
}

}  // namespace sepconv::bench
