// Measure: caches as the other layers of a network leave them. Knows no kernel.
#include "measure/evict.h"

#include <sched.h>

#include <algorithm>
#include <thread>

namespace sepconv::measure {
namespace {

constexpr int64_t kNetworkBytes = 64 << 20;
constexpr size_t kLine = 16;  // floats

void touch(float* memory, size_t floats) {
  for (size_t i = 0; i < floats; i += kLine) memory[i] += 1.0F;
  asm volatile("" ::"r"(memory) : "memory");
}

std::vector<int> allowed_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cores;
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return cores;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &set)) cores.push_back(core);
  }
  return cores;
}

void touch_on(int core, float* memory, size_t floats) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  sched_setaffinity(0, sizeof(set), &set);
  touch(memory, floats);
}

}  // namespace

int64_t network_bytes(const CacheSizes& sizes) {
  const int64_t last = std::max(sizes.bytes[1], sizes.bytes[2]);
  return last > 0 ? std::min(kNetworkBytes, 2 * last) : kNetworkBytes;
}

Evictor::Evictor(int threads) : cores_(threads > 1 ? allowed_cores() : std::vector<int>{}) {
  const CacheSizes sizes = cache_sizes(this_machine(), 1);
  const int64_t all = network_bytes(sizes);
  const auto cores = static_cast<int64_t>(std::max<size_t>(1, cores_.size()));
  const int64_t each = std::max(all / cores, 4 * sizes.bytes[1]);
  memory_.assign(static_cast<size_t>(cores * each) / sizeof(float), 1.0F);
}

void Evictor::operator()() {
  if (cores_.empty()) return touch(memory_.data(), memory_.size());
  const size_t part = memory_.size() / cores_.size() / kLine * kLine;
  std::vector<std::thread> walkers;
  for (size_t i = 0; i < cores_.size(); ++i) {
    walkers.emplace_back(touch_on, cores_[i], memory_.data() + i * part, part);
  }
  for (std::thread& walker : walkers) walker.join();
}

void rewrite(void* data, size_t bytes) {
  auto* lines = static_cast<volatile unsigned char*>(data);
  for (size_t i = 0; i < bytes; i += kLine * sizeof(float)) lines[i] = lines[i];
}

}  // namespace sepconv::measure
