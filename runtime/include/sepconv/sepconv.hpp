// Runtime: the C ABI as C++17 values: memory that frees itself and any callable as parallel_for.
// Knows no more than sepconv.h; throws nothing and starts no threads.
#ifndef SEPCONV_SEPCONV_HPP
#define SEPCONV_SEPCONV_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include "sepconv/sepconv.h"

namespace sepconv {

using Kernel = const sepconv_kernel*;  ///< static lifetime, owned by its library
using Status = sepconv_status;
using Tensor = sepconv_tensor;
using Weights = sepconv_weights;
using Order = sepconv_order;

/// Memory aligned to SEPCONV_ALIGNMENT. Empty when the allocation failed or asked for nothing.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t bytes) {
    if (bytes == 0) return;
    memory_.reset(::operator new (bytes, std::align_val_t{SEPCONV_ALIGNMENT}, std::nothrow));
    bytes_ = memory_ ? bytes : 0;
  }
  [[nodiscard]] void* data() const { return memory_.get(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Free {
    void operator()(void* memory) const {
      ::operator delete (memory, std::align_val_t{SEPCONV_ALIGNMENT});
    }
  };
  std::unique_ptr<void, Free> memory_;
  std::size_t bytes_ = 0;
};

/// A layer's weights in the layout of its kernel. Read-only from then on, so threads may share it.
struct Packed {
  Status status = SEPCONV_NULL_POINTER;
  Buffer blob;

  explicit operator bool() const { return status == SEPCONV_OK; }
};

/// sepconv_pack into memory of its own; SEPCONV_NULL_POINTER also when there is none left.
[[nodiscard]] inline Packed pack(Kernel kernel, Order order, const Weights& weights) {
  Packed packed;
  packed.blob = Buffer(sepconv_packed_bytes(kernel));
  packed.status = sepconv_pack(kernel, order, &weights, packed.blob.data(), packed.blob.bytes());
  return packed;
}

/// A call of the kernel with its own extents and strides, for `n` images (negative: the tuned
/// batch). `residual` is for kernels that take one. Borrows all memory; has no workspace yet.
[[nodiscard]] inline sepconv_call make_call(Kernel kernel, const Packed& packed, const void* input,
                                            void* output, const void* residual = nullptr,
                                            std::int64_t n = -1) {
  sepconv_call call{};
  call.packed = packed.blob.data();
  call.packed_bytes = packed.blob.bytes();
  if (sepconv_kernel_status(kernel) != SEPCONV_OK) return call;
  call.input = kernel->input;
  call.input.data = const_cast<void*>(input);  // never written
  call.output = kernel->output;
  call.output.data = output;
  if (residual != nullptr) {
    call.residual = kernel->residual;
    call.residual.data = const_cast<void*>(residual);
  }
  if (n >= 0) {
    call.input.extent[0] = call.output.extent[0] = n;
    if (residual != nullptr) call.residual.extent[0] = n;
  }
  return call;
}

/// Lets the call run on threads: `parallel_for(count, body)` must call body(i) once for every i in
/// [0, count) and return when all are done. It must outlive the call and throw nothing.
template <class ParallelFor>
void use_threads(sepconv_call& call, ParallelFor& parallel_for, std::uint32_t threads) {
  call.parallel_context = static_cast<void*>(&parallel_for);
  call.threads = threads;
  call.parallel_for = [](void* context, std::uint32_t count, sepconv_body body, void* data) {
    (*static_cast<ParallelFor*>(context))(count, [=](std::uint32_t i) { body(data, i); });
  };
}

/// The workspace that the call needs, to be kept for later calls of the same kernel.
[[nodiscard]] inline Buffer make_workspace(Kernel kernel, const sepconv_call& call) {
  return Buffer(sepconv_workspace_bytes(kernel, &call));
}

[[nodiscard]] inline Status run(Kernel kernel, sepconv_call call, const Buffer& workspace) {
  call.workspace = workspace.data();
  call.workspace_bytes = workspace.bytes();
  return sepconv_run(kernel, &call);
}

[[nodiscard]] inline const char* message(Status status) { return sepconv_status_message(status); }

}  // namespace sepconv

#endif  // SEPCONV_SEPCONV_HPP
