// Example: one kernel driven by std::thread, OpenMP and oneTBB. The results are the same bits.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#ifdef WITH_TBB
#include <tbb/parallel_for.h>
#endif

#include "threaded.h"

namespace {

constexpr uint32_t kThreads = 4;

void with_std_thread(void*, uint32_t count, sepconv_body body, void* context) {
  std::vector<std::thread> threads;
  for (uint32_t i = 1; i < count; ++i) threads.emplace_back(body, context, i);
  if (count > 0) body(context, 0);
  for (std::thread& thread : threads) thread.join();
}

#ifdef _OPENMP
void with_openmp(void*, uint32_t count, sepconv_body body, void* context) {
#pragma omp parallel for
  for (int64_t i = 0; i < int64_t{count}; ++i) body(context, static_cast<uint32_t>(i));
}
#endif

#ifdef WITH_TBB
void with_tbb(void*, uint32_t count, sepconv_body body, void* context) {
  tbb::parallel_for(uint32_t{0}, count, [=](uint32_t i) { body(context, i); });
}
#endif

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};
using Memory = std::unique_ptr<void, Free>;

Memory allocate(size_t bytes) {
  const size_t unit = SEPCONV_ALIGNMENT;
  return Memory(std::aligned_alloc(unit, std::max(unit, (bytes + unit - 1) / unit * unit)));
}

std::vector<float> values(size_t count, uint32_t seed) {
  std::vector<float> result(count);
  for (float& value : result) {
    seed = seed * 1664525u + 1013904223u;
    value = static_cast<float>(seed >> 8) / 8388608.0f - 1.0f;
  }
  return result;
}

// The layer's output with the work cut into kThreads pieces, or whole when there is no
// parallel_for.
std::vector<float> run(const void* packed, std::vector<float>& input,
                       sepconv_parallel_for parallel_for) {
  const sepconv_kernel* kernel = threaded_block3();
  std::vector<float> output(56u * 56 * 128);
  sepconv_call call{};
  call.packed = packed;
  call.packed_bytes = kernel->packed_bytes;
  call.input = kernel->input;
  call.input.data = input.data();
  call.output = kernel->output;
  call.output.data = output.data();
  call.parallel_for = parallel_for;
  call.threads = kThreads;
  call.workspace_bytes = sepconv_workspace_bytes(kernel, &call);
  const Memory workspace = allocate(call.workspace_bytes);
  call.workspace = workspace.get();
  if (sepconv_run(kernel, &call) != SEPCONV_OK) output.clear();
  return output;
}

}  // namespace

int main() {
  const sepconv_kernel* kernel = threaded_block3();
  const auto depthwise = values(9 * 128, 1), depthwise_bias = values(128, 2);
  const auto pointwise = values(128 * 128, 3), bias = values(128, 4);
  sepconv_weights weights{};
  weights.depthwise = depthwise.data();
  weights.depthwise_bias = depthwise_bias.data();
  weights.weights = pointwise.data();
  weights.bias = bias.data();
  const Memory packed = allocate(kernel->packed_bytes);
  if (sepconv_pack(kernel, SEPCONV_HWIO, &weights, packed.get(), kernel->packed_bytes) !=
      SEPCONV_OK) {
    return 1;
  }
  std::vector<float> input = values(56u * 56 * 128, 5);
  const std::vector<float> alone = run(packed.get(), input, nullptr);
  if (alone.empty()) return 1;
  bool same = run(packed.get(), input, with_std_thread) == alone;
  std::printf("std::thread: %s\n", same ? "same bits" : "DIFFERENT");
#ifdef _OPENMP
  const bool openmp = run(packed.get(), input, with_openmp) == alone;
  std::printf("OpenMP: %s\n", openmp ? "same bits" : "DIFFERENT");
  same = same && openmp;
#endif
#ifdef WITH_TBB
  const bool tbb = run(packed.get(), input, with_tbb) == alone;
  std::printf("oneTBB: %s\n", tbb ? "same bits" : "DIFFERENT");
  same = same && tbb;
#endif
  return same ? 0 : 1;
}
