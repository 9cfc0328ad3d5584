// Measure, device: what a device can do at best, measured now: arithmetic peak and bandwidths.
// Knows no kernel of a layer.
#include "measure/device/ceilings.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdio>
#include <new>

#include "measure/device/code.h"
#include "measure/isolate.h"

namespace sepconv::measure {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kBurstSeconds = 0.002, kStreamSeconds = 0.005;
constexpr uint32_t kFirstBlocks = 32, kMostBlocks = 1 << 16;
constexpr int kRepetitions = 4;
/// Of each buffer that is to come from memory: so many times the last cache, within limits.
constexpr uint64_t kDramCaches = 4, kLeastDram = uint64_t{64} << 20,
                   kMostDram = uint64_t{256} << 20;

/// OpenCL's device may be a CPU, beyond whose cache no buffer lies that is quickly written.
uint64_t dram_bytes(targets::Device kind, uint64_t cache) {
  if (kind == targets::Device::opencl) return kLeastDram;
  return std::clamp(std::bit_ceil(kDramCaches * cache), kLeastDram, kMostDram);
}

/// The mixes of reads and writes, and the share of reads in all bytes moved.
struct Mix {
  bool reads, writes;
  double read_share;
};
constexpr Mix kMixes[] = {{false, true, 0}, {true, true, 0.5}, {true, false, 1}};

/// Seconds that launches take, all of them waited for once; 0 on failure.
template <class Launch>
double seconds_of(Device& device, int launches, const Launch& launch) {
  const auto begin = Clock::now();
  for (int i = 0; i < launches; ++i) {
    if (!launch()) return 0;
  }
  if (!device.finish()) return 0;
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// GB/s of a stream: as many launches between two waits as make the wait's own time small.
double stream_gbs(Device& device, const Stream& stream, const DeviceMemory& from,
                  const DeviceMemory& to) {
  DeviceProgram program(device, stream_code(device.kind(), stream), kMeasureThreads,
                        {from.handle(), to.handle()});
  const auto launch = [&] { return program.launch(stream.threads / kMeasureThreads); };
  int launches = 1;
  double seconds = seconds_of(device, launches, launch);
  while (seconds > 0 && seconds < kStreamSeconds) {
    launches *= 2;
    seconds = seconds_of(device, launches, launch);
  }
  double best = 0;
  for (int i = 0; i < kRepetitions && seconds > 0; ++i) {
    seconds = seconds_of(device, launches, launch);
    if (seconds > 0) best = std::max(best, stream.bytes() * launches / seconds * 1e-9);
  }
  return best;
}

/// Both buffers together fill half of the cache, or are far larger than it.
Stream stream_of(uint64_t buffer_bytes, bool cached) {
  constexpr uint32_t kMostThreads = 1 << 17;
  constexpr uint32_t kSweeps = 32;  // of a cached buffer in one launch
  Stream stream;
  stream.vectors = std::bit_floor(static_cast<uint32_t>(buffer_bytes / 16));
  stream.threads = std::clamp(stream.vectors / 2, kMeasureThreads, kMostThreads);
  stream.passes = stream.vectors / stream.threads * (cached ? kSweeps : 1);
  return stream;
}

Bandwidth measure_level(Device& device, uint64_t buffer_bytes, bool cached) {
  const DeviceMemory from(device, buffer_bytes), to(device, buffer_bytes);
  Bandwidth bandwidth;
  for (const Mix& mix : kMixes) {
    Stream stream = stream_of(buffer_bytes, cached);
    stream.reads = mix.reads, stream.writes = mix.writes;
    bandwidth.read_share.push_back(mix.read_share);
    bandwidth.gbs.push_back(stream_gbs(device, stream, from, to));
  }
  return bandwidth;
}

/// What the child leaves for its parent.
struct Sheet {
  char name[256];
  double peak_gflops, gbs[2][std::size(kMixes)];
  int64_t cache_bytes;
};

Outcome measure_into(targets::Device kind, Sheet& sheet) {
  Outcome outcome;
  Device device(kind);
  if (!device.usable()) {
    outcome.status = Status::failed;
    outcome.reason = device.problem();
    return outcome;
  }
  std::snprintf(sheet.name, sizeof sheet.name, "%s", device.name().c_str());
  DevicePeak peak(device);
  for (int i = 0; i < kRepetitions; ++i) {
    sheet.peak_gflops = std::max(sheet.peak_gflops, peak.burst());
  }
  sheet.cache_bytes = device.last_cache_bytes();
  const auto cache = static_cast<uint64_t>(sheet.cache_bytes);
  const uint64_t buffers[2] = {cache / 4, dram_bytes(kind, cache)};
  for (int level = 0; level < 2; ++level) {
    if (buffers[level] < 16 * kMeasureThreads) continue;  // no cache that it tells of
    const Bandwidth found = measure_level(device, buffers[level], level == 0);
    std::copy(found.gbs.begin(), found.gbs.end(), sheet.gbs[level]);
  }
  return outcome;
}

Bandwidth bandwidth_of(const double* gbs) {
  Bandwidth bandwidth;
  for (size_t i = 0; i < std::size(kMixes); ++i) {
    bandwidth.read_share.push_back(kMixes[i].read_share);
    bandwidth.gbs.push_back(gbs[i]);
  }
  return bandwidth;
}

}  // namespace

DevicePeak::DevicePeak(Device& device)
    : device_(device),
      out_(device, kMeasureThreads * sizeof(float)),
      program_(device, peak_code(device.kind()), kMeasureThreads, {out_.handle()}) {}

double DevicePeak::burst() {
  const auto launch = [this] { return program_.launch(std::max(blocks_, kFirstBlocks)); };
  double seconds = 0;
  if (blocks_ == 0) {
    blocks_ = kFirstBlocks;
    seconds = seconds_of(device_, 1, launch);  // the first one also warms up
    for (seconds = seconds_of(device_, 1, launch);
         seconds > 0 && seconds < kBurstSeconds && blocks_ < kMostBlocks;
         seconds = seconds_of(device_, 1, launch)) {
      blocks_ *= 2;
    }
  }
  seconds = seconds_of(device_, 1, launch);
  return seconds > 0 ? peak_block_flops(device_.kind()) * blocks_ / seconds * 1e-9 : 0;
}

DeviceFacts measure_device(targets::Device kind, double seconds) {
  DeviceFacts facts;
  void* memory =
      mmap(nullptr, sizeof(Sheet), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    facts.problem = "no shared memory for the results";
    return facts;
  }
  auto* sheet = new (memory) Sheet{};
  const Outcome outcome = isolated(seconds, [&] { return measure_into(kind, *sheet); });
  facts.name = sheet->name;
  facts.peak_gflops = sheet->peak_gflops;
  facts.ceilings.sizes.bytes = {0, sheet->cache_bytes, 0};
  auto& levels = facts.ceilings.levels;
  levels[0] = levels[1] = bandwidth_of(sheet->gbs[0]);
  levels[2] = levels[3] = bandwidth_of(sheet->gbs[1]);
  if (outcome.status != Status::passed) facts.problem = outcome.reason;
  if (facts.problem.empty() && (facts.peak_gflops <= 0 || levels[3].gbs.front() <= 0)) {
    facts.problem = "the device runs none of the kernels that measure it";
  }
  munmap(memory, sizeof(Sheet));
  return facts;
}

}  // namespace sepconv::measure
