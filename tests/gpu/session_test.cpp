// Tests of gpu: sessions on the stand-in CUDA driver: memory, streams, contexts, and every refusal.
#include <dlfcn.h>
#include <sched.h>

#include <cmath>
#include <cstring>
#include <functional>

#include "runtime/src/device.h"
#include "standin_cuda.h"
#include "tests/runtime/fixture.h"

namespace sepconv::runtime {
namespace {

constexpr int64_t kHeight = 3, kWidth = 5;
constexpr int kRefused = 77, kOutOfMemory = 2;
const char* const kFunctions[] = {
    "cuCtxGetCurrent",     "cuDeviceGet",          "cuDevicePrimaryCtxRetain",
    "cuCtxPushCurrent_v2", "cuModuleLoadDataEx",   "cuModuleGetFunction",
    "cuMemAlloc_v2",       "cuMemcpyHtoDAsync_v2", "cuMemcpyDtoHAsync_v2",
    "cuLaunchKernel",      "cuStreamSynchronize"};

/// The stand-in's state; the runtime finds the library by its name because it is open already.
standin_state& driver() {
  static standin_state* state = [] {
    void* library = dlopen(SEPCONV_STANDIN_FOLDER "/libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    return library == nullptr ? nullptr : static_cast<standin_state*>(dlsym(library, "standin"));
  }();
  return *state;
}

/// The fixture's pointwise layer with launches for functions.
class Session : public testing::Test {
 protected:
  Session() {
    standin_state& state = driver();
    state = {};
    state.devices = 1, state.major = 8, state.minor = 6;
    fake_.variants.front().required_features = SEPCONV_DEVICE_CUDA_80;
    set_launch(0, kIn);
  }

  void set_launch(size_t phase, int64_t channels_in) {
    sepconv_launch& launch = launches_[phase];
    launch.source = "code";
    launch.kernel = "add_one";
    launch.state = phase == 0 ? state_ : nullptr;
    for (uint32_t i = 0; i < 3; ++i) launch.grid[i] = launch.block[i] = 1;
    launch.grid[0] = kHeight * kWidth;
    launch.block[0] = static_cast<uint32_t>(channels_in);
    launch.max_registers = 128;
    launch.argument_count = 4;
    for (uint32_t i = 0; i < 4; ++i) launch.arguments[i] = phase == 0 ? i : i / 3;
    fake_.phases[phase].launch = &launch;
  }

  void add_second_phase() {
    fake_.add_second_phase();
    set_launch(1, kOut);
    fake_.variants.front().shared_bytes = 0;
  }

  sepconv_status open(const Call& call, const sepconv_gpu_options* options = nullptr) {
    return sepconv_library_gpu_open(&fake_.kernel, options, call.call.packed,
                                    call.call.packed_bytes, &gpu_);
  }

  sepconv_status run(const Call& call, uint32_t memory = SEPCONV_GPU_HOST) {
    sepconv_gpu_call one{};
    one.input = call.call.input;
    one.output = call.call.output;
    one.memory = memory;
    return sepconv_library_gpu_run(&gpu_, &one);
  }

  sepconv_status close() { return sepconv_library_gpu_close(&gpu_); }

  static void expect_nothing_left() {
    EXPECT_EQ(driver().blocks, 0);
    EXPECT_EQ(driver().modules, 0);
    EXPECT_EQ(driver().retained, 0);
    EXPECT_EQ(driver().depth, 0);
    EXPECT_EQ(driver().wrong, 0);
  }

  Fake fake_{kHeight, kWidth, SEPCONV_AXIS_ROWS, kHeight};
  sepconv_launch launches_[2]{};
  uint64_t state_[SEPCONV_SESSION_WORDS]{};
  sepconv_gpu gpu_{};
};

TEST_F(Session, ComputesFromHostMemory) {
  Call call(fake_, 3);
  ASSERT_EQ(open(call), SEPCONV_OK);
  EXPECT_EQ(run(call), SEPCONV_OK);
  EXPECT_EQ(call.wrong_outputs(fake_), 0);
  EXPECT_EQ(driver().launches, 3);
  EXPECT_EQ(driver().registers, 128U);
  EXPECT_STREQ(driver().source, "code");
  EXPECT_EQ(close(), SEPCONV_OK);
  expect_nothing_left();
}

TEST_F(Session, ComputesPhasesOneAfterTheOther) {
  add_second_phase();
  Call call(fake_, 2);
  ASSERT_EQ(open(call), SEPCONV_OK);
  EXPECT_EQ(run(call), SEPCONV_OK);
  EXPECT_EQ(call.wrong_outputs(fake_), 0);
  EXPECT_EQ(close(), SEPCONV_OK);
  expect_nothing_left();
}

TEST_F(Session, LeavesTheGapsBetweenPixels) {
  fake_.set_output_pixel_stride(kOut + 3);
  launches_[0].shared_bytes = 3;  // the stand-in's gap
  Call call(fake_, 2);
  ASSERT_EQ(open(call), SEPCONV_OK);
  EXPECT_EQ(run(call), SEPCONV_OK);
  EXPECT_EQ(call.wrong_outputs(fake_), 0);
  for (int64_t pixel = 0; pixel + 1 < kHeight * kWidth; ++pixel) {
    EXPECT_EQ(call.output.data()[pixel * (kOut + 3) + kOut], 0.0f) << pixel;
  }
  close();
}

TEST_F(Session, AllocatesNothingForHostMemoryEither) {
  Call call(fake_, 3);
  ASSERT_EQ(open(call), SEPCONV_OK);
  const int allocations = driver().allocations;
  for (int i = 0; i < 4; ++i) EXPECT_EQ(run(call), SEPCONV_OK);
  EXPECT_EQ(driver().allocations, allocations);
  close();
}

TEST_F(Session, OnlyLaunchesOnDeviceMemory) {
  Call call(fake_, 3);
  ASSERT_EQ(open(call), SEPCONV_OK);
  const int allocations = driver().allocations, waits = driver().waits, copies = driver().copies;
  for (int i = 0; i < 4; ++i) EXPECT_EQ(run(call, SEPCONV_GPU_DEVICE), SEPCONV_OK);
  EXPECT_EQ(call.wrong_outputs(fake_), 0);
  EXPECT_EQ(driver().allocations, allocations);
  EXPECT_EQ(driver().waits, waits);
  EXPECT_EQ(driver().copies, copies);
  EXPECT_EQ(driver().launches, 4 * 3);
  close();
}

TEST_F(Session, RefusesDeviceMemoryThatVectorsCannotLoad) {
  Call call(fake_);
  ASSERT_EQ(open(call), SEPCONV_OK);
  call.call.input.data = static_cast<float*>(call.call.input.data) + 1;
  EXPECT_EQ(run(call, SEPCONV_GPU_DEVICE), SEPCONV_MISALIGNED);
  EXPECT_EQ(run(call, SEPCONV_GPU_HOST), SEPCONV_OK);
  close();
}

TEST_F(Session, KeepsWeightsOnTheDevice) {
  Call call(fake_);
  ASSERT_EQ(open(call), SEPCONV_OK);
  std::fill(call.packed.data(), call.packed.data() + call.packed.bytes() / 4, NAN);
  EXPECT_EQ(run(call), SEPCONV_OK);
  EXPECT_EQ(call.wrong_outputs(fake_), 0);
  close();
}

TEST_F(Session, WorksInTheCallersContextAndStream) {
  int context = 0, stream = 0;
  driver().stream = &stream;
  sepconv_gpu_options options{};
  options.context = &context;
  options.stream = &stream;
  Call call(fake_);
  ASSERT_EQ(open(call, &options), SEPCONV_OK);
  EXPECT_EQ(driver().retained, 0);
  EXPECT_EQ(run(call), SEPCONV_OK);
  close();
  expect_nothing_left();
}

TEST_F(Session, TakesTheCurrentContext) {
  int context = 0;
  driver().current = &context;
  Call call(fake_);
  ASSERT_EQ(open(call), SEPCONV_OK);
  EXPECT_EQ(driver().retained, 0);
  close();
  expect_nothing_left();
}

TEST_F(Session, RunsThroughThePlainCall) {
  Call call(fake_, 2);
  EXPECT_EQ(sepconv_workspace_bytes(&fake_.kernel, &call.call), 0U);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(sepconv_run(&fake_.kernel, &call.call), SEPCONV_OK);
    EXPECT_EQ(call.wrong_outputs(fake_), 0);
  }
  EXPECT_EQ(driver().modules, 1) << "loaded once";
  EXPECT_EQ(sepconv_run_tasks(&fake_.kernel, &call.call, 0, 1), SEPCONV_NOT_SPLITTABLE);
}

TEST_F(Session, SaysWhatIsWrongWithACall) {
  Call call(fake_);
  EXPECT_EQ(run(call), SEPCONV_BAD_ARGUMENT) << "not open";
  EXPECT_EQ(close(), SEPCONV_OK);
  call.packed.data()[0] = 1;
  EXPECT_EQ(open(call), SEPCONV_WRONG_BLOB);
  Call good(fake_);
  ASSERT_EQ(open(good), SEPCONV_OK);
  EXPECT_EQ(open(good), SEPCONV_BAD_ARGUMENT) << "open already";
  EXPECT_EQ(run(good, 2), SEPCONV_BAD_ARGUMENT);
  good.call.input.extent[1] = 4;
  EXPECT_EQ(run(good), SEPCONV_BAD_EXTENT);
  EXPECT_EQ(driver().launches, 0);
  close();
  expect_nothing_left();
}

TEST_F(Session, LacksADeviceWhereTheLibraryIsForANewerOne) {
  fake_.variants.front().required_features = SEPCONV_DEVICE_CUDA_80 | (1ull << 40);
  Call call(fake_);
  EXPECT_EQ(open(call), SEPCONV_UNSUPPORTED_CPU);
  fake_.variants.front().required_features = SEPCONV_CPU_ARM64 | SEPCONV_DEVICE_OPENCL;
  EXPECT_NE(open(call), SEPCONV_OK);
}

/// Opens, runs on host memory and closes; the first status that is not OK.
sepconv_status use(const std::function<sepconv_status()>& open,
                   const std::function<sepconv_status()>& run,
                   const std::function<sepconv_status()>& close) {
  sepconv_status first = open();
  if (first == SEPCONV_OK) first = run();
  const sepconv_status closed = close();
  return first == SEPCONV_OK ? closed : first;
}

/// Every call of every function fails once: a status with the driver's code, and nothing is left.
TEST_F(Session, EveryRefusalIsAStatusAndFreesEverything) {
  add_second_phase();
  int refusals = 0;
  for (const char* function : kFunctions) {
    for (int nth = 1;; ++nth) {
      gpu_ = {};
      driver() = {};
      driver().devices = 1, driver().major = 8;
      driver().failing = function, driver().failing_call = nth, driver().error = kRefused;
      Call call(fake_, 2);
      const sepconv_status status =
          use([&] { return open(call); }, [&] { return run(call); }, [&] { return close(); });
      if (driver().calls < nth) {
        EXPECT_EQ(status, SEPCONV_OK) << function;
        break;
      }
      ++refusals;
      EXPECT_EQ(status, SEPCONV_DEVICE_FAILED) << function << " call " << nth;
      EXPECT_EQ(gpu_.driver_error, kRefused) << function << " call " << nth;
      if (std::string(function) != "cuCtxPushCurrent_v2") expect_nothing_left();
      ASSERT_LT(nth, 100);
    }
  }
  EXPECT_GE(refusals, 25);
}

TEST_F(Session, ADeviceWithoutMemoryIsAStatusOfItsOwn) {
  driver().failing = "cuMemAlloc_v2", driver().failing_call = 2, driver().error = kOutOfMemory;
  Call call(fake_);
  EXPECT_EQ(open(call), SEPCONV_DEVICE_MEMORY);
  expect_nothing_left();
}

}  // namespace
}  // namespace sepconv::runtime
