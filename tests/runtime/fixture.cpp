// Tests of runtime: kernels whose "compiled code" is written here, and calls of them.
#include "fixture.h"

#include <cstring>
#include <mutex>
#include <thread>

namespace sepconv::runtime {
namespace {

std::mutex seen_mutex;
std::vector<Seen> all_seen;

float* element(const halide_buffer_t& buffer, int c, int x, int y) {
  const int at[3] = {c, x, y};
  int64_t offset = 0;
  for (int i = 0; i < 3; ++i) offset += int64_t{at[i] - buffer.dim[i].min} * buffer.dim[i].stride;
  return reinterpret_cast<float*>(buffer.host) + offset;
}

void compute(const halide_buffer_t& input, const halide_buffer_t& output) {
  const halide_dimension_t* d = output.dim;
  for (int y = d[2].min; y < d[2].min + d[2].extent; ++y) {
    for (int x = d[1].min; x < d[1].min + d[1].extent; ++x) {
      for (int c = d[0].min; c < d[0].min + d[0].extent; ++c) {
        *element(output, c, x, y) = *element(input, c % input.dim[0].extent, x, y) + 1;
      }
    }
  }
}

int record(int phase, int buffers, void** args) {
  Seen one;
  one.phase = phase;
  one.user_context = *static_cast<void**>(args[0]);
  for (int i = 1; i <= buffers; ++i) {
    const auto& buffer = *static_cast<halide_buffer_t*>(args[i]);
    one.buffers.push_back({buffer.host, buffer.type, {buffer.dim, buffer.dim + buffer.dimensions}});
  }
  void* scratch = halide_malloc(one.user_context, 64);
  if (scratch == nullptr) return 1;
  std::memset(scratch, phase, 64);
  compute(*static_cast<halide_buffer_t*>(args[1]), *static_cast<halide_buffer_t*>(args[buffers]));
  halide_free(one.user_context, scratch);
  const std::lock_guard lock(seen_mutex);
  all_seen.push_back(std::move(one));
  return 0;
}

/// The first phase of a kernel has two parameters; with a residual there is one more buffer.
int first_phase(void** args) { return record(0, 4, args); }
int residual_phase(void** args) { return record(0, 5, args); }
int second_phase(void** args) { return record(1, 2, args); }

sepconv_tensor with_pixel_stride(sepconv_tensor tensor, int64_t pixel) {
  tensor.stride[2] = pixel;
  tensor.stride[1] = tensor.extent[2] * pixel;
  tensor.stride[0] = tensor.extent[1] * tensor.stride[1];
  return tensor;
}

}  // namespace

std::vector<Seen> seen() {
  const std::lock_guard lock(seen_mutex);
  return all_seen;
}
void clear_seen() {
  const std::lock_guard lock(seen_mutex);
  all_seen.clear();
}

Floats::Floats(size_t count, size_t skew)
    : memory_(static_cast<float*>(std::aligned_alloc(64, ((count + skew) * 4 / 64 + 1) * 64)),
              &std::free),
      count_(count),
      skew_(skew) {
  std::fill(data(), data() + count, 0.0f);
}

Fake::Fake(int64_t h, int64_t w, uint32_t axis, int64_t grain) {
  parts = {{SEPCONV_PART_POINTWISE, SEPCONV_ROLE_WEIGHTS, kIn, kOut, 1, 1, 0, 512, {16, kIn, 2}},
           {SEPCONV_PART_BIAS, SEPCONV_ROLE_BIAS, 1, kOut, 1, 1, 512, 128, {32}}};
  sepconv_phase phase{};
  phase.function = first_phase;
  phase.axis = axis;
  phase.grain = grain;
  phase.images = 1;
  if (axis == SEPCONV_AXIS_PIXELS) phase.flags = SEPCONV_PHASE_FLAT;
  const int64_t extent = axis == SEPCONV_AXIS_ROWS ? h : axis == SEPCONV_AXIS_PIXELS ? h * w : kOut;
  phase.tasks = std::max<int64_t>(1, extent / grain);
  phase.least = 1;
  phase.range = phase.tasks;
  const int64_t input_hwc[3] = {h, w, kIn}, output_hwc[3] = {h, w, kOut};
  std::copy(input_hwc, input_hwc + 3, phase.input_hwc);
  std::copy(output_hwc, output_hwc + 3, phase.output_hwc);
  phase.input_offset = phase.output_offset = -1;
  phase.part_count = 2;
  phases = {phase};
  variants = {{"x86-64-v2", 0, 128, 0, phases.data(), 1}};
  impl = {77, 1, parts.data(), parts.size(), variants.data(), variants.size(), 4, 0};
  kernel.abi_version = SEPCONV_ABI_VERSION;
  kernel.layer = "layer";
  kernel.canonical_name = "canonical";
  kernel.layout = "nhwc";
  kernel.input = sepconv_dense_nhwc(nullptr, 1, h, w, kIn);
  kernel.output = sepconv_dense_nhwc(nullptr, 1, h, w, kOut);
  kernel.packed_bytes = 64 + 512 + 128;
  kernel.impl = &impl;
  kernel.pack = sepconv_kernel_pack;
  kernel.run = sepconv_kernel_run;
  kernel.query = sepconv_kernel_query;
  kernel.dtype = "f32";
  kernel.element_bytes = 4;
}

void Fake::add_second_phase() {
  sepconv_phase phase = phases.front();
  phase.function = second_phase;
  phase.part_count = 0;
  std::copy(phase.output_hwc, phase.output_hwc + 3, phase.input_hwc);
  phase.input_offset = phases.front().output_offset = 0;
  phases.push_back(phase);
  variants.front().phases = phases.data();
  variants.front().phase_count = 2;
  const int64_t bytes = phase.output_hwc[0] * phase.output_hwc[1] * kOut * 4;
  variants.front().shared_bytes = (bytes + 63) / 64 * 64;
}

void Fake::set_images(int64_t images) {
  sepconv_phase& phase = phases.front();
  phase.images = images;
  phase.tasks =
      std::max<int64_t>(1, images * phase.output_hwc[0] * phase.output_hwc[1] / phase.grain);
  phase.input_hwc[0] *= images;
  phase.output_hwc[0] *= images;
  kernel.input.extent[0] = kernel.output.extent[0] = images;
  if (kernel.residual.extent[0] > 0) kernel.residual.extent[0] = images;
}

void Fake::add_residual(bool is_input) {
  phases.front().flags |= SEPCONV_PHASE_RESIDUAL;
  phases.front().function = residual_phase;
  impl.residual_is_input = is_input ? 1 : 0;
  if (!is_input) kernel.residual = kernel.output;
}

void Fake::set_input_pixel_stride(int64_t pixel) {
  kernel.input = with_pixel_stride(kernel.input, pixel);
}
void Fake::set_output_pixel_stride(int64_t pixel) {
  kernel.output = with_pixel_stride(kernel.output, pixel);
}

Call::Call(const Fake& fake, int64_t n, uint32_t threads, sepconv_parallel_for parallel_for)
    : packed(fake.kernel.packed_bytes / 4),
      input(static_cast<size_t>(n * fake.kernel.input.stride[0] + 1)),
      output(static_cast<size_t>(n * fake.kernel.output.stride[0] + 1)),
      residual(static_cast<size_t>(n * fake.kernel.output.stride[0] + 1)),
      workspace(1 << 16) {
  std::vector<float> weights(kIn * kOut, 2), bias(kOut, 3);
  sepconv_weights given{};
  given.weights = weights.data();
  given.bias = bias.data();
  EXPECT_EQ(SEPCONV_OK,
            sepconv_pack(&fake.kernel, SEPCONV_HWIO, &given, packed.data(), packed.bytes()));
  call.packed = packed.data();
  call.packed_bytes = packed.bytes();
  call.input = fake.kernel.input;
  call.input.data = input.data();
  call.output = fake.kernel.output;
  call.output.data = output.data();
  if (fake.kernel.residual.extent[0] > 0) {
    call.residual = fake.kernel.residual;
    call.residual.data = residual.data();
    call.residual.extent[0] = n;
  }
  call.input.extent[0] = call.output.extent[0] = n;
  call.workspace = workspace.data();
  call.workspace_bytes = workspace.bytes();
  call.parallel_for = parallel_for;
  call.threads = threads;
  for (size_t i = 0; i < input.bytes() / 4; ++i) input.data()[i] = static_cast<float>(i % 1000);
  clear_seen();
}

int64_t Call::wrong_outputs(const Fake& fake) const {
  const sepconv_tensor &in = call.input, &out = call.output;
  const float* from = static_cast<const float*>(in.data);
  const float* to = static_cast<const float*>(out.data);
  const auto phases = static_cast<float>(fake.phases.size());
  int64_t wrong = 0;
  for (int64_t n = 0; n < out.extent[0]; ++n) {
    for (int64_t h = 0; h < out.extent[1]; ++h) {
      for (int64_t w = 0; w < out.extent[2]; ++w) {
        for (int64_t c = 0; c < kOut; ++c) {
          const float expected = from[n * in.stride[0] + h * in.stride[1] + w * in.stride[2] +
                                      c % kIn * in.stride[3]] +
                                 phases;
          wrong +=
              to[n * out.stride[0] + h * out.stride[1] + w * out.stride[2] + c * out.stride[3]] !=
              expected;
        }
      }
    }
  }
  return wrong;
}

void forwards(void*, uint32_t count, sepconv_body body, void* data) {
  for (uint32_t i = 0; i < count; ++i) body(data, i);
}
void backwards(void*, uint32_t count, sepconv_body body, void* data) {
  while (count > 0) body(data, --count);
}
void on_threads(void*, uint32_t count, sepconv_body body, void* data) {
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < count; ++i) threads.emplace_back(body, data, i);
  for (std::thread& thread : threads) thread.join();
}

}  // namespace sepconv::runtime
