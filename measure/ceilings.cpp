// Measure: cache sizes and the bandwidth of every level for several mixes of reads and writes.
// Knows no kernel.
#include "measure/ceilings.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>

#include "measure/pool.h"

namespace sepconv::measure {
namespace {

// Compiled as plain loops for the widest vectors this CPU has: kernels use them too.
#ifdef __x86_64__
#define SEPCONV_WIDEST __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define SEPCONV_WIDEST
#endif

constexpr size_t kLine = 16;  // floats
// Bytes. AMD's L1d predicts ways from a hash of linear address bits; pages on either side of a
// round address may collide in it and evict each other, those of one such stretch do not.
constexpr size_t kStretch = 2 << 20;

// Four streams at once: prefetchers follow several, as kernels with rows of input have them, and
// from one alone do not reach the rate of DRAM.
SEPCONV_WIDEST void read_only(const float* in, size_t floats) {
  float sums[4 * kLine] = {};
  const size_t part = floats / 4 / kLine * kLine;
  for (size_t i = 0; i + kLine <= part; i += kLine) {
    for (size_t j = 0; j < kLine; ++j) {
      sums[j] += in[i + j];
      sums[kLine + j] += in[part + i + j];
      sums[2 * kLine + j] += in[2 * part + i + j];
      sums[3 * kLine + j] += in[3 * part + i + j];
    }
  }
  asm volatile("" ::"r"(sums) : "memory");
}

SEPCONV_WIDEST void write_only(float* out, size_t floats) {
  for (size_t i = 0; i + kLine <= floats; i += kLine) {
    for (size_t j = 0; j < kLine; ++j) out[i + j] = 1.0F;
    asm volatile("" ::: "memory");  // keeps it a loop of stores, not a call of memset
  }
}

SEPCONV_WIDEST void copy(float* __restrict out, const float* __restrict in, size_t floats) {
  for (size_t i = 0; i + kLine <= floats; i += kLine) {
    for (size_t j = 0; j < kLine; ++j) out[i + j] = in[i + j] + 1.0F;
  }
  asm volatile("" ::: "memory");
}

SEPCONV_WIDEST void read_two(float* __restrict out, const float* __restrict in, size_t floats) {
  const float* second = in + floats;
  for (size_t i = 0; i + kLine <= floats; i += kLine) {
    for (size_t j = 0; j < kLine; ++j) out[i + j] = in[i + j] + second[i + j];
  }
  asm volatile("" ::: "memory");
}

struct Mix {
  double read_share;
  size_t streams;  // equal parts of the working set
};
constexpr Mix kMixes[] = {{0, 1}, {0.5, 2}, {2.0 / 3, 3}, {1, 1}};

void pass(size_t mix, float* memory, size_t floats) {
  const size_t part = floats / kMixes[mix].streams / kLine * kLine;
  if (mix == 0) write_only(memory, part);
  if (mix == 1) copy(memory, memory + part, part);
  if (mix == 2) read_two(memory, memory + part, part);
  if (mix == 3) read_only(memory, part);
}

struct Work {
  size_t mix;
  size_t floats;
  double seconds;
  std::vector<float*> memory;
  std::vector<double> rate;  // bytes per second, by thread
};

// Best of stretches of about 1 ms, short enough that some meet no other process.
void run_passes(void* context, uint32_t thread) {
  using Clock = std::chrono::steady_clock;
  auto& work = *static_cast<Work*>(context);
  const double bytes = 4.0 * static_cast<double>(work.floats);
  pass(work.mix, work.memory[thread], work.floats);
  double best = 0;
  const auto start = Clock::now();
  auto begin = start;
  while (std::chrono::duration<double>(begin - start).count() < work.seconds) {
    double seconds = 0, moved = 0;
    auto end = begin;
    do {
      for (double batch = 0; batch < 1e5; batch += bytes, moved += bytes) {
        pass(work.mix, work.memory[thread], work.floats);
      }
      end = Clock::now();
      seconds = std::chrono::duration<double>(end - begin).count();
    } while (seconds < 0.001);
    best = std::max(best, moved / seconds);
    begin = end;
  }
  work.rate[thread] = best;
}

int64_t read_size(const std::string& path) {
  std::ifstream file(path);
  int64_t value = 0;
  char unit = 0;
  if (!(file >> value)) return 0;
  file >> unit;
  return unit == 'K' ? value << 10 : unit == 'M' ? value << 20 : value;
}

std::string read_word(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  file >> text;
  return text;
}

/// Bytes per thread of a working set that lies safely inside the level and outside the one before
/// it. Small rather than large: a last cache is often shared with what else runs, and layers that
/// just exceed the level before are common. On a server whose last cache reports 260 MiB and serves
/// other guests too, 4 to 64 MiB move at the same rate within 5 %, 128 MiB at two thirds of it.
int64_t working_set(int level, const CacheSizes& sizes, int threads) {
  const auto& bytes = sizes.bytes;
  if (level == 3) {
    return std::clamp<int64_t>(2 * bytes[2], 64 << 20, 1 << 30) / threads;
  }
  const int64_t own = bytes[static_cast<size_t>(level)];
  if (level == 0) return own / 2 / threads;
  const int64_t inner = bytes[static_cast<size_t>(level) - 1];
  return std::min(4 * inner, std::max(own / 2, std::min(2 * inner, own * 3 / 4))) / threads;
}

/// A mix can also be had by its neighbours one after the other, which DRAM prefers to three
/// streams.
void raise_to_neighbours(Bandwidth& bandwidth) {
  auto& [share, gbs] = bandwidth;
  for (size_t i = 1; i + 1 < gbs.size(); ++i) {
    const Bandwidth neighbours{{share[i - 1], share[i + 1]}, {gbs[i - 1], gbs[i + 1]}};
    gbs[i] = std::max(gbs[i], neighbours.at(share[i]));
  }
}

}  // namespace

const char* word(Level level) {
  constexpr const char* words[] = {"L1d", "L2", "L3", "DRAM"};
  return words[static_cast<int>(level)];
}

CacheSizes cache_sizes(int threads) {
  CacheSizes sizes;
  for (int index = 0; index < 8; ++index) {
    const std::string folder =
        "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/";
    const int64_t level = read_size(folder + "level");
    if (level < 1 || level > 3 || read_word(folder + "type") == "Instruction") continue;
    sizes.bytes[static_cast<size_t>(level) - 1] = read_size(folder + "size");
  }
#ifdef _SC_LEVEL1_DCACHE_SIZE
  constexpr int names[] = {_SC_LEVEL1_DCACHE_SIZE, _SC_LEVEL2_CACHE_SIZE, _SC_LEVEL3_CACHE_SIZE};
  for (size_t i = 0; i < 3; ++i) {
    if (sizes.bytes[i] <= 0) sizes.bytes[i] = std::max(0L, sysconf(names[i]));
  }
#endif
  if (sizes.bytes[0] <= 0) sizes.bytes[0] = 32 << 10;
  sizes.bytes[0] *= threads;
  sizes.bytes[1] *= threads;
  return sizes;
}

Level level_of(int64_t bytes, const CacheSizes& sizes) {
  for (size_t i = 0; i < 3; ++i) {
    if (bytes <= sizes.bytes[i]) return static_cast<Level>(i);
  }
  return Level::dram;
}

double Bandwidth::at(double share) const {
  if (gbs.empty()) return 0;
  if (share <= read_share.front()) return gbs.front();
  for (size_t i = 1; i < gbs.size(); ++i) {
    if (share > read_share[i]) continue;
    const double t = (share - read_share[i - 1]) / (read_share[i] - read_share[i - 1]);
    return 1 / ((1 - t) / gbs[i - 1] + t / gbs[i]);
  }
  return gbs.back();
}

Ceilings measure_bandwidths(int threads) {
  Ceilings result;
  result.threads = threads;
  result.sizes = cache_sizes(threads);
  Pool pool(threads);
  const auto count = static_cast<size_t>(threads);
  const auto room = static_cast<size_t>(working_set(3, result.sizes, threads)) / sizeof(float);
  std::vector<std::vector<float>> memory(count,
                                         std::vector<float>(room + kStretch / sizeof(float), 1.0F));
  Work work{0, 0, 0, std::vector<float*>(count), std::vector<double>(count)};
  for (size_t i = 0; i < count; ++i) {
    const auto address = reinterpret_cast<uintptr_t>(memory[i].data());
    work.memory[i] = memory[i].data() + (kStretch - address % kStretch) % kStretch / sizeof(float);
  }
  for (int level = kLevels - 1; level >= 0; --level) {
    Bandwidth& bandwidth = result.levels[static_cast<size_t>(level)];
    if (level < 3 && result.sizes.bytes[static_cast<size_t>(level)] <= 0) {
      bandwidth = result.levels[static_cast<size_t>(level) + 1];
      continue;
    }
    work.floats = std::min(
        room, static_cast<size_t>(working_set(level, result.sizes, threads)) / sizeof(float));
    work.seconds = level == 3 ? 0.2 : 0.03;  // one pass of DRAM takes milliseconds
    for (work.mix = 0; work.mix < std::size(kMixes); ++work.mix) {
      Pool::parallel_for(&pool, static_cast<uint32_t>(threads), run_passes, &work);
      double sum = 0;
      for (const double rate : work.rate) sum += rate;
      bandwidth.read_share.push_back(kMixes[work.mix].read_share);
      bandwidth.gbs.push_back(sum * 1e-9);
    }
    raise_to_neighbours(bandwidth);
  }
  return result;
}

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(": ");
    if (line.rfind("model name", 0) == 0 && colon != std::string::npos) {
      return line.substr(colon + 2);
    }
  }
  return "unknown";
}

}  // namespace sepconv::measure
