// Bench, device program: the few calls of CUDA's driver that measuring needs. Knows no layer.
#include "bench/device/driver.h"

#include <dlfcn.h>

#include <algorithm>
#include <chrono>

namespace sepconv::bench::device {
namespace {

constexpr int kMultiprocessors = 16;  // CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT
constexpr int kRepetitions = 5;

struct Driver {
  int (*init)(unsigned) = nullptr;
  int (*get)(int*, int) = nullptr;
  int (*name)(char*, int, int) = nullptr;
  int (*attribute)(int*, int, int) = nullptr;
  int (*retain)(void**, int) = nullptr;
  int (*set)(void*) = nullptr;
  int (*allocate)(uint64_t*, size_t) = nullptr;
  int (*free)(uint64_t) = nullptr;
  int (*upload)(uint64_t, const void*, size_t) = nullptr;
  int (*copy)(uint64_t, uint64_t, size_t, void*) = nullptr;
  int (*finish)(void*) = nullptr;
  int (*load)(void**, const void*) = nullptr;
  int (*function)(void**, void*, const char*) = nullptr;
  int (*launch)(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void*,
                void**, void**) = nullptr;
  int device = 0;
};
Driver driver;

template <class Function>
bool find(void* library, const char* symbol, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, symbol));
  return function != nullptr;
}

bool find_all(void* library) {
  return find(library, "cuInit", driver.init) && find(library, "cuDeviceGet", driver.get) &&
         find(library, "cuDeviceGetName", driver.name) &&
         find(library, "cuDeviceGetAttribute", driver.attribute) &&
         find(library, "cuDevicePrimaryCtxRetain", driver.retain) &&
         find(library, "cuCtxSetCurrent", driver.set) &&
         find(library, "cuMemAlloc_v2", driver.allocate) &&
         find(library, "cuMemFree_v2", driver.free) &&
         find(library, "cuMemcpyHtoD_v2", driver.upload) &&
         find(library, "cuMemcpyDtoDAsync_v2", driver.copy) &&
         find(library, "cuStreamSynchronize", driver.finish) &&
         find(library, "cuModuleLoadData", driver.load) &&
         find(library, "cuModuleGetFunction", driver.function) &&
         find(library, "cuLaunchKernel", driver.launch);
}

constexpr int kChains = 8, kUnrolled = 32, kIterations = 2000;

/// `kChains` sums, each `kUnrolled` multiply-adds an iteration.
std::string peak_code() {
  std::string code =
      ".version 7.0\n.target sm_80\n.address_size 64\n.visible .entry peak(.param .u64 out)\n{\n"
      ".reg .f32 %f<16>;\n.reg .b32 %r<4>;\n.reg .b64 %d<4>;\n.reg .pred %p;\n"
      "mov.u32 %r1, %tid.x;\ncvt.rn.f32.u32 %f14, %r1;\nmov.f32 %f15, 0f3F000000;\n";
  for (int i = 0; i < kChains; ++i) code += "mov.f32 %f" + std::to_string(i) + ", %f14;\n";
  code += "mov.u32 %r2, 0;\nagain:\n";
  for (int i = 0; i < kUnrolled; ++i) {
    for (int chain = 0; chain < kChains; ++chain) {
      const std::string sum = "%f" + std::to_string(chain);
      code.append("fma.rn.f32 ").append(sum).append(", ").append(sum).append(", %f15, %f14;\n");
    }
  }
  code += "add.u32 %r2, %r2, 1;\nsetp.lt.u32 %p, %r2, " + std::to_string(kIterations) +
          ";\n@%p bra again;\n";
  for (int i = 1; i < kChains; ++i) code += "add.f32 %f0, %f0, %f" + std::to_string(i) + ";\n";
  return code +
         "ld.param.u64 %d1, [out];\ncvta.to.global.u64 %d1, %d1;\nmul.wide.u32 %d2, %r1, 4;\n"
         "add.u64 %d1, %d1, %d2;\nst.global.f32 [%d1], %f0;\nret;\n}\n";
}

/// Seconds of the fastest repetition after a first one that warms up.
template <class Work>
double best_seconds(const Work& work) {
  double best = 0;
  for (int i = 0; i <= kRepetitions; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    if (!work() || !finish()) return 0;
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
    if (i > 0) best = best > 0 ? std::min(best, taken.count()) : taken.count();
  }
  return best;
}

}  // namespace

bool start_driver(std::string& why) {
  void* library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  void* context = nullptr;
  if (library == nullptr || !find_all(library)) {
    why = "there is no CUDA driver (libcuda.so.1)";
  } else if (const int code = driver.init(0); code != 0) {
    why = "the CUDA driver refuses to start: error " + std::to_string(code);
  } else if (driver.get(&driver.device, 0) != 0 || driver.retain(&context, driver.device) != 0 ||
             driver.set(context) != 0) {
    why = "the CUDA driver has no device";
  }
  return why.empty();
}

std::string device_name() {
  char text[256] = "unknown";
  driver.name(text, sizeof text, driver.device);
  return text;
}

Memory::Memory(size_t bytes) {
  if (driver.allocate(&address_, std::max<size_t>(bytes, 4)) != 0) address_ = 0;
}
Memory::~Memory() {
  if (address_ != 0) driver.free(address_);
}
bool Memory::fill(const std::vector<float>& values) const {
  return address_ != 0 &&
         driver.upload(address_, values.data(), values.size() * sizeof(float)) == 0;
}

bool finish() { return driver.finish(nullptr) == 0; }

double measured_peak_gflops() {
  constexpr unsigned kThreads = 256, kBlocksEach = 16;
  const std::string code = peak_code();
  void *module = nullptr, *function = nullptr;
  int multiprocessors = 0;
  Memory out(kThreads * sizeof(float));
  if (driver.load(&module, code.c_str()) != 0 || driver.function(&function, module, "peak") != 0 ||
      driver.attribute(&multiprocessors, kMultiprocessors, driver.device) != 0) {
    return 0;
  }
  const unsigned blocks = static_cast<unsigned>(multiprocessors) * kBlocksEach;
  uint64_t address = out.address();
  void* arguments[] = {&address};
  const double seconds = best_seconds([&] {
    return driver.launch(function, blocks, 1, 1, kThreads, 1, 1, 0, nullptr, arguments, nullptr) ==
           0;
  });
  const double flops = 2.0 * kChains * kUnrolled * kIterations * kThreads * blocks;
  return seconds > 0 ? flops / seconds / 1e9 : 0;
}

double measured_bandwidth_gbs() {
  constexpr size_t kBytes = size_t{256} << 20;
  Memory from(kBytes), to(kBytes);
  if (from.address() == 0 || to.address() == 0) return 0;
  const double seconds =
      best_seconds([&] { return driver.copy(to.address(), from.address(), kBytes, nullptr) == 0; });
  return seconds > 0 ? 2.0 * kBytes / seconds / 1e9 : 0;
}

}  // namespace sepconv::bench::device
