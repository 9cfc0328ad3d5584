// Measure: a machine's peak, and the bandwidth of every level for several mixes of reads and
// writes. Knows no kernel and no loop's code.
#include "measure/ceilings.h"

#include <algorithm>
#include <optional>

#include "measure/runner/loops.h"

namespace sepconv::measure {
namespace {

constexpr double kReadShares[SEPCONV_MIXES] = {0, 0.5, 2.0 / 3, 1};

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

/// The loops for a target's widest multiply-adds.
std::optional<unsigned> instruction_set(const targets::Target& target) {
  if (target.isa == "x86-64-v2") return SEPCONV_LOOPS_X86_64_V2;
  if (target.isa == "x86-64-v3") return SEPCONV_LOOPS_X86_64_V3;
  if (target.isa == "x86-64-v4") return SEPCONV_LOOPS_X86_64_V4;
  if (target.isa == "arm64") return SEPCONV_LOOPS_ARM64;
  return std::nullopt;
}

}  // namespace

const char* word(Level level) {
  constexpr const char* words[] = {"L1d", "L2", "L3", "DRAM"};
  return words[static_cast<int>(level)];
}

CacheSizes cache_sizes(const Machine& machine, int threads) {
  CacheSizes sizes{machine.cache_bytes};
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

Ceilings measure_bandwidths(const Machine& machine, int threads) {
  Ceilings result;
  result.threads = threads;
  result.sizes = cache_sizes(machine, threads);
  for (int level = kLevels - 1; level >= 0; --level) {
    Bandwidth& bandwidth = result.levels[static_cast<size_t>(level)];
    if (level < 3 && result.sizes.bytes[static_cast<size_t>(level)] <= 0) {
      bandwidth = result.levels[static_cast<size_t>(level) + 1];
      continue;
    }
    RateRequest wanted{machine.widest, 0, 0, threads, level == 3 ? 0.2 : 0.03};
    wanted.floats = static_cast<size_t>(working_set(level, result.sizes, threads)) / sizeof(float);
    for (wanted.mix = 0; wanted.mix < SEPCONV_MIXES; ++wanted.mix) {
      bandwidth.read_share.push_back(kReadShares[wanted.mix]);
      bandwidth.gbs.push_back(machine.rate(wanted) * 1e-9);
    }
    raise_to_neighbours(bandwidth);
  }
  return result;
}

double peak_gflops(const Machine& machine, const targets::Target& target, int threads,
                   double seconds) {
  const auto loops = instruction_set(target);
  if (!loops) return 0;
  return machine.rate({*loops, SEPCONV_MIXES, 0, threads, seconds}) * 1e-9;
}

}  // namespace sepconv::measure
