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

/// How elements of a dtype lie in memory.
struct Element {
  void (*write)(std::byte* to, float value);
  float (*read)(const std::byte* from);
};

void write_f32(std::byte* to, float value) { std::memcpy(to, &value, sizeof(value)); }
float read_f32(const std::byte* from) {
  float value = 0;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

void write_f16(std::byte* to, float value) {
  const uint16_t half = sepconv_f32_to_f16(value);
  std::memcpy(to, &half, sizeof(half));
}
float read_f16(const std::byte* from) {
  uint16_t half = 0;
  std::memcpy(&half, from, sizeof(half));
  if (half != static_cast<uint16_t>(kPoison)) return sepconv_f16_to_f32(half);
  float poison = 0;
  std::memcpy(&poison, &kPoison, sizeof(poison));
  return poison;
}

/// In the order of spec::Dtype.
constexpr std::array kElements{Element{write_f32, read_f32}, Element{write_f16, read_f16}};
const Element& element(spec::Dtype dtype) { return kElements.at(static_cast<size_t>(dtype)); }

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

Result<TensorBuffer> TensorBuffer::make(const char* name, spec::Dtype dtype,
                                        const spec::Shape& shape,
                                        const std::array<int64_t, 4>& strides,
                                        Placement placement) {
  TensorBuffer result;
  result.dtype_ = dtype;
  result.shape_ = shape;
  result.strides_ = strides;
  const auto alignment = static_cast<size_t>(spec::traits(dtype).bytes);
  const size_t bytes = static_cast<size_t>(span(shape, strides)) * alignment;
  Result<GuardedBuffer> buffer = GuardedBuffer::make(name, bytes, alignment, placement);
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
  const int64_t bytes = spec::traits(dtype_).bytes;
  const Element& type = element(dtype_);
  for_each(
      [&](int64_t at, int64_t index) { type.write(buffer_.data() + at * bytes, dense[index]); });
}

std::vector<float> TensorBuffer::read() const {
  std::vector<float> result(static_cast<size_t>(shape_.elements()));
  const int64_t bytes = spec::traits(dtype_).bytes;
  const Element& type = element(dtype_);
  for_each([&](int64_t at, int64_t index) {
    result[static_cast<size_t>(index)] = type.read(buffer_.data() + at * bytes);
  });
  return result;
}

bool TensorBuffer::gaps_intact() const {
  if (!buffer_.intact()) return false;
  const auto bytes = static_cast<size_t>(spec::traits(dtype_).bytes);
  const size_t elements = buffer_.bytes() / bytes;
  if (elements == static_cast<size_t>(shape_.elements())) return true;
  std::vector<bool> is_element(elements, false);
  for_each([&](int64_t at, int64_t) { is_element[static_cast<size_t>(at)] = true; });
  for (size_t i = 0; i < elements; ++i) {
    if (!is_element[i] && std::memcmp(buffer_.data() + i * bytes, &kPoison, bytes) != 0)
      return false;
  }
  return true;
}

}  // namespace sepconv::measure
