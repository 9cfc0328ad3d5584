// Measure: a layer's border tensors in guarded memory, with canaries between pixels. Knows no
// kernel.
#include "measure/tensors.h"

#include <cstring>

namespace sepconv::measure {

namespace {

int64_t span(const spec::Shape& shape, const std::array<int64_t, 4>& strides) {
  if (shape.elements() == 0) return 0;
  return 1 + (shape.n - 1) * strides[0] + (shape.h - 1) * strides[1] + (shape.w - 1) * strides[2] +
         (shape.c - 1) * strides[3];
}

}  // namespace

std::array<int64_t, 4> strides(spec::Layout layout, const spec::Shape& shape,
                               int64_t pixel_stride) {
  if (layout == spec::Layout::nchw) {
    return {shape.c * shape.h * shape.w, shape.w, 1, shape.h * shape.w};
  }
  const int64_t pixel = pixel_stride == 0 ? shape.c : pixel_stride;
  return {shape.h * shape.w * pixel, shape.w * pixel, pixel, 1};
}

/// visit(offset in elements, index in the dense NHWC array), in dense order.
template <class Visit>
void TensorBuffer::for_each(const Visit& visit) const {
  int64_t dense = 0;
  for (int64_t n = 0; n < shape_.n; ++n) {
    for (int64_t y = 0; y < shape_.h; ++y) {
      for (int64_t x = 0; x < shape_.w; ++x) {
        const int64_t pixel = n * strides_[0] + y * strides_[1] + x * strides_[2];
        for (int64_t c = 0; c < shape_.c; ++c) visit(pixel + c * strides_[3], dense++);
      }
    }
  }
}

Result<TensorBuffer> TensorBuffer::make(const char* name, const spec::Shape& shape,
                                        const std::array<int64_t, 4>& strides,
                                        Placement placement) {
  TensorBuffer result;
  result.shape_ = shape;
  result.strides_ = strides;
  const auto bytes = static_cast<size_t>(span(shape, strides)) * sizeof(float);
  Result<GuardedBuffer> buffer = GuardedBuffer::make(name, bytes, sizeof(float), placement);
  if (!buffer) return tl::unexpected(std::move(buffer.error()));
  result.buffer_ = std::move(*buffer);
  return result;
}

sepconv_tensor TensorBuffer::view() const {
  sepconv_tensor view{};
  view.data = buffer_.data();
  const std::array<int64_t, 4> extents{shape_.n, shape_.h, shape_.w, shape_.c};
  for (size_t i = 0; i < extents.size(); ++i) {
    view.extent[i] = extents[i];
    view.stride[i] = strides_[i];
  }
  return view;
}

void TensorBuffer::write(const float* dense) {
  auto* data = reinterpret_cast<float*>(buffer_.data());
  for_each([&](int64_t at, int64_t index) { data[at] = dense[index]; });
}

std::vector<float> TensorBuffer::read() const {
  std::vector<float> result(static_cast<size_t>(shape_.elements()));
  const auto* data = reinterpret_cast<const float*>(buffer_.data());
  for_each([&](int64_t at, int64_t index) { result[static_cast<size_t>(index)] = data[at]; });
  return result;
}

bool TensorBuffer::gaps_intact() const {
  if (!buffer_.intact()) return false;
  const size_t elements = buffer_.bytes() / sizeof(float);
  if (elements == static_cast<size_t>(shape_.elements())) return true;
  std::vector<bool> is_element(elements, false);
  for_each([&](int64_t at, int64_t) { is_element[static_cast<size_t>(at)] = true; });
  for (size_t i = 0; i < elements; ++i) {
    uint32_t bits = 0;
    std::memcpy(&bits, buffer_.data() + i * sizeof(float), sizeof(bits));
    if (!is_element[i] && bits != kPoison) return false;
  }
  return true;
}

}  // namespace sepconv::measure
