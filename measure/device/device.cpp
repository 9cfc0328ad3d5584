// Measure, device: a device of this process, its memory and its programs, through the runtime's own
// drivers. Knows no layer and no clock.
#include "measure/device/device.h"

#include <dlfcn.h>
#include <fmt/core.h>

#include <algorithm>

namespace sepconv::measure {
namespace {

const sepconv_driver* driver_of(targets::Device kind) {
  return kind == targets::Device::opencl ? sepconv_opencl() : sepconv_cuda();
}

/// A function of a driver's library, which the runtime has opened already; null where it has none.
template <class Function>
Function* symbol(const char* library, const char* name) {
  void* open = dlopen(library, RTLD_NOW | RTLD_NOLOAD);
  if (open == nullptr) return nullptr;
  void* found = dlsym(open, name);
  dlclose(open);
  return reinterpret_cast<Function*>(found);
}

constexpr const char* kCuda = "libcuda.so.1";
constexpr const char* kOpenCl = "libOpenCL.so.1";
constexpr int kCudaCacheBytes = 38;             // CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE
constexpr uint32_t kOpenClCacheBytes = 0x101E;  // CL_DEVICE_GLOBAL_MEM_CACHE_SIZE
constexpr uint32_t kOpenClName = 0x102B;        // CL_DEVICE_NAME

using CudaName = int(char*, int, int);
using CudaAttribute = int(int*, int, int);
using OpenClInfo = int32_t(void*, uint32_t, size_t, void*, size_t*);

void* pointer(uint64_t handle) { return reinterpret_cast<void*>(handle); }

}  // namespace

Device::Device(targets::Device kind)
    : kind_(kind), driver_(driver_of(kind)), status_(SEPCONV_NO_DEVICE) {
  if (driver_->features == 0) return;
  const sepconv_gpu_options defaults{};
  status_ = driver_->open(&queue_, &defaults);
  if (status_ == SEPCONV_OK) status_ = driver_->enter(&queue_);
  entered_ = status_ == SEPCONV_OK;
}

Device::~Device() {
  if (entered_) driver_->leave(&queue_);
  if (driver_->features != 0) driver_->close(&queue_);
}

std::string Device::problem() const {
  if (usable()) return {};
  const std::string text = sepconv_status_message(status_);
  return queue_.error == 0 ? text : fmt::format("{} (driver's error {})", text, queue_.error);
}

sepconv_gpu_options Device::options() const {
  sepconv_gpu_options options{};
  options.context = pointer(queue_.context);
  options.stream = pointer(queue_.stream);
  options.device = pointer(queue_.device);
  return options;
}

bool Device::finish() { return driver_->finish(&queue_) == SEPCONV_OK; }

std::string Device::name() const {
  char text[256] = "";
  if (kind_ == targets::Device::opencl) {
    auto* info = symbol<OpenClInfo>(kOpenCl, "clGetDeviceInfo");
    if (info != nullptr) info(pointer(queue_.device), kOpenClName, sizeof text - 1, text, nullptr);
  } else if (auto* get = symbol<CudaName>(kCuda, "cuDeviceGetName")) {
    get(text, sizeof text - 1, 0);
  }
  return text[0] == 0 ? "unknown device" : text;
}

int64_t Device::last_cache_bytes() const {
  int bytes = 0;
  uint64_t cache = 0;
  if (kind_ == targets::Device::opencl) {
    auto* info = symbol<OpenClInfo>(kOpenCl, "clGetDeviceInfo");
    if (info != nullptr) {
      info(pointer(queue_.device), kOpenClCacheBytes, sizeof cache, &cache, nullptr);
    }
  } else if (auto* get = symbol<CudaAttribute>(kCuda, "cuDeviceGetAttribute")) {
    get(&bytes, kCudaCacheBytes, 0);
    cache = static_cast<uint64_t>(std::max(0, bytes));
  }
  return static_cast<int64_t>(cache);
}

DeviceMemory::DeviceMemory(Device& device, uint64_t bytes) : device_(device) {
  if (device_.driver().allocate(&device_.queue(), bytes, &handle_) != SEPCONV_OK) handle_ = 0;
}

DeviceMemory::~DeviceMemory() {
  if (handle_ != 0) device_.driver().release(&device_.queue(), handle_);
}

bool DeviceMemory::write(const void* from, uint64_t bytes) {
  return handle_ != 0 &&
         device_.driver().upload(&device_.queue(), handle_, from, bytes) == SEPCONV_OK &&
         device_.finish();
}

bool DeviceMemory::read(void* to, uint64_t bytes) {
  return handle_ != 0 &&
         device_.driver().download(&device_.queue(), to, handle_, {bytes, 1, bytes}) ==
             SEPCONV_OK &&
         device_.finish();
}

DeviceProgram::DeviceProgram(Device& device, std::string source, uint32_t threads,
                             std::vector<uint64_t> buffers)
    : device_(device), source_(std::move(source)) {
  bool allocated = true;
  for (const uint64_t handle : buffers) {
    allocated &= handle != 0;
    buffers_.push_back({handle, 0});
  }
  launch_.source = source_.c_str();
  launch_.kernel = kEntry;
  launch_.source_bytes = source_.size() + 1;
  for (int i = 0; i < 3; ++i) launch_.grid[i] = launch_.block[i] = 1;
  launch_.block[0] = threads;
  launch_.max_registers = 64;
  launch_.argument_count = static_cast<uint32_t>(buffers_.size());
  usable_ = allocated && device_.driver().load(&device_.queue(), &launch_, &loaded_) == SEPCONV_OK;
}

DeviceProgram::~DeviceProgram() {
  if (loaded_.module != 0) device_.driver().unload(&device_.queue(), &loaded_);
}

bool DeviceProgram::launch(uint32_t blocks) {
  launch_.grid[0] = blocks;
  return usable_ && device_.driver().launch(&device_.queue(), &launch_, &loaded_,
                                            buffers_.data()) == SEPCONV_OK;
}

}  // namespace sepconv::measure
