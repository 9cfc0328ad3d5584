// Measure: a layer's border tensors in guarded memory, with canaries between pixels. Knows no
// kernel.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "measure/buffers.h"
#include "measure/evict.h"
#include "sepconv/sepconv.h"
#include "spec/layer.h"
#include "support/error.h"

namespace sepconv::measure {

/// Strides n, h, w, c in elements: dense in the layer's layout, or with the pixel stride (0:
/// dense).
[[nodiscard]] std::array<int64_t, 4> strides(spec::Layout layout, const spec::Shape& shape,
                                             int64_t pixel_stride);

/// Elements of a layer's dtype at the given strides, from the first to the last and not one byte
/// more; between two zones that fault. What lies between the elements holds the buffers' poison.
class TensorBuffer {
 public:
  /// `name` has static lifetime. Kind environment when there is no memory.
  [[nodiscard]] static Result<TensorBuffer> make(const char* name, spec::Dtype dtype,
                                                 const spec::Shape& shape,
                                                 const std::array<int64_t, 4>& strides,
                                                 Placement placement);
  /// A view for a call. `data` stays owned by this value.
  [[nodiscard]] sepconv_tensor view() const;
  /// Elements from a dense NHWC array of at least shape.elements() values, rounded to the dtype.
  void write(const float* dense);
  /// Elements to a dense NHWC array; those that still hold the poison have the bits kPoison.
  [[nodiscard]] std::vector<float> read() const;
  /// Writes every value again, as the layer before does: the tensor lies in the caches then.
  void rewrite() { measure::rewrite(buffer_.data(), buffer_.bytes()); }
  void poison() { buffer_.poison(); }
  void set_read_only(bool read_only) { buffer_.set_read_only(read_only); }
  /// Whether all that is not an element is as it was: the gaps and what surrounds the data.
  [[nodiscard]] bool gaps_intact() const;
  [[nodiscard]] const spec::Shape& shape() const { return shape_; }

 private:
  GuardedBuffer buffer_;
  spec::Dtype dtype_ = spec::Dtype::f32;
  spec::Shape shape_;
  std::array<int64_t, 4> strides_{};

  template <class Visit>
  void for_each(const Visit& visit) const;
};

}  // namespace sepconv::measure
