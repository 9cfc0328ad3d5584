// Tests of runtime: kernels whose "compiled code" is written here, and calls of them.
#pragma once

#include <HalideRuntime.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <vector>

#include "runtime/src/internal.h"

namespace sepconv::runtime {

/// What a kernel's function was called with, as Halide's own header sees it.
struct Seen {
  int phase = 0;
  void* user_context = nullptr;
  struct Buffer {
    uint8_t* host;
    halide_type_t type;
    std::vector<halide_dimension_t> dims;
  };
  std::vector<Buffer> buffers;  ///< input, parameters, residual, output
  [[nodiscard]] const Buffer& output() const { return buffers.back(); }
};

/// Calls since the last clear_seen(), in the order in which they began. Thread-safe.
[[nodiscard]] std::vector<Seen> seen();
void clear_seen();

/// Aligned floats that own their memory; `skew` floats lie before the first.
class Floats {
 public:
  explicit Floats(size_t count, size_t skew = 0);
  [[nodiscard]] float* data() const { return memory_.get() + skew_; }
  [[nodiscard]] size_t bytes() const { return count_ * sizeof(float); }

 private:
  std::unique_ptr<float, decltype(&std::free)> memory_;
  size_t count_, skew_;
};

/// A pointwise layer with bias, 4 -> 20 channels on h x w pixels. Its function writes
/// input(c % 4, x, y) + 1 to the cropped output and takes 64 bytes from halide_malloc. Threads take
/// whole shares of one image.
struct Fake {
  std::vector<sepconv_part> parts;
  std::vector<sepconv_phase> phases;
  std::vector<sepconv_variant> variants;
  sepconv_kernel_impl impl{};
  sepconv_kernel kernel{};

  Fake(int64_t h, int64_t w, uint32_t axis, int64_t grain);
  Fake(const Fake&) = delete;
  Fake& operator=(const Fake&) = delete;
  /// Adds a phase 20 -> 20 channels after the first, with the tensor between in the workspace.
  void add_second_phase();
  /// The only phase takes the images of a tuned batch as rows of one.
  void set_images(int64_t images);
  /// The first phase takes a residual of the output's shape: the call's, or the layer's input.
  void add_residual(bool is_input);
  void set_input_pixel_stride(int64_t pixel);
  void set_output_pixel_stride(int64_t pixel);
};
inline constexpr int64_t kIn = 4, kOut = 20;

/// A valid call of a Fake for n images, with memory for everything.
struct Call {
  Floats packed, input, output, residual, workspace;
  sepconv_call call{};

  explicit Call(const Fake& fake, int64_t n = 1, uint32_t threads = 0,
                sepconv_parallel_for parallel_for = nullptr);
  /// Elements of the output that are not the fake function's value.
  [[nodiscard]] int64_t wrong_outputs(const Fake& fake) const;
};

/// In order, in reverse, and on threads of its own.
void forwards(void* context, uint32_t count, sepconv_body body, void* data);
void backwards(void* context, uint32_t count, sepconv_body body, void* data);
void on_threads(void* context, uint32_t count, sepconv_body body, void* data);

}  // namespace sepconv::runtime
