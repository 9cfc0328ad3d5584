// Measure: threads for parallel_for, as an app would supply them. Knows no kernel.
#include "measure/pool.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace sepconv::measure {

namespace {

constexpr int kSpins = 4000;

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

}  // namespace

struct Pool::State {
  // One line goes to a thread with its work and one comes back: what they share with nothing else
  // that is written meanwhile.
  alignas(64) std::atomic<uint64_t> round = 0;
  uint32_t count = 0;
  sepconv_body body = nullptr;
  void* context = nullptr;
  alignas(64) std::atomic<int> busy = 0;
  alignas(64) std::atomic<bool> stop = false;
  std::vector<std::thread> workers;
  std::mutex mutex;
  std::condition_variable wake;

  /// Piece i runs on the same thread at every call, where its data still lies in that core's cache.
  void work(uint32_t thread) {
    const auto threads = static_cast<uint32_t>(workers.size()) + 1;
    for (uint32_t i = thread; i < count; i += threads) body(context, i);
  }

  void wait_for_round(uint64_t seen) {
    for (int i = 0; i < kSpins; ++i) {
      if (round.load(std::memory_order_acquire) != seen) return;
      relax();
    }
    std::unique_lock<std::mutex> lock(mutex);
    wake.wait(lock, [&] { return round.load() != seen; });
  }

  void serve(uint32_t thread) {
    for (uint64_t seen = 0;; ++seen) {
      wait_for_round(seen);
      if (stop) return;
      work(thread);
      busy.fetch_sub(1, std::memory_order_release);
    }
  }

  void start_round() {
    {
      const std::lock_guard<std::mutex> lock(mutex);
      ++round;
    }
    wake.notify_all();
  }
};

Pool::Pool(int threads) : state_(std::make_unique<State>()) {
  for (int i = 1; i < std::max(threads, 1); ++i) {
    state_->workers.emplace_back(
        [state = state_.get(), i] { state->serve(static_cast<uint32_t>(i)); });
  }
}

Pool::Pool(Pool&&) noexcept = default;
Pool& Pool::operator=(Pool&&) noexcept = default;

Pool::~Pool() {
  if (state_ == nullptr) return;
  state_->stop = true;
  state_->start_round();
  for (std::thread& worker : state_->workers) worker.join();
}

int Pool::threads() const { return static_cast<int>(state_->workers.size()) + 1; }

void Pool::parallel_for(void* pool, uint32_t count, sepconv_body body, void* body_context) {
  State& state = *static_cast<Pool*>(pool)->state_;
  if (count <= 1 || state.workers.empty()) {
    for (uint32_t i = 0; i < count; ++i) body(body_context, i);
    return;
  }
  state.count = count;
  state.body = body;
  state.context = body_context;
  state.busy = static_cast<int>(state.workers.size());
  state.start_round();
  state.work(0);
  for (int spins = 0; state.busy.load(std::memory_order_acquire) > 0; ++spins) {
    if (spins < kSpins) {
      relax();
    } else {
      std::this_thread::yield();
    }
  }
}

void run_reversed(void*, uint32_t count, sepconv_body body, void* body_context) {
  for (uint32_t i = count; i > 0; --i) body(body_context, i - 1);
}

}  // namespace sepconv::measure
