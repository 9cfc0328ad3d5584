// Example: a PyTorch module (depthwise 3x3, then pointwise, NCHW, batch 8) with its weights in
// PyTorch's own order, against outputs that PyTorch computed (data/README.md).
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "module.h"

namespace {

constexpr int kBatch = 8, kSize = 56, kIn = 32, kOut = 64;

// The elements of a version 1 .npy file whose type and shape are known.
template <class T>
std::vector<T> read(const std::string& name) {
  std::ifstream file(DATA + name + ".npy", std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (bytes.size() < 10) {
    std::fprintf(stderr, "cannot read %s.npy\n", name.c_str());
    std::exit(1);
  }
  const size_t begin = 10 + static_cast<uint8_t>(bytes[8]) + 256u * static_cast<uint8_t>(bytes[9]);
  std::vector<T> values((bytes.size() - begin) / sizeof(T));
  std::memcpy(values.data(), bytes.data() + begin, values.size() * sizeof(T));
  return values;
}

std::vector<float> make_input() {
  std::vector<float> input;
  for (int n = 0; n < kBatch; ++n) {
    for (int c = 0; c < kIn; ++c) {
      for (int h = 0; h < kSize; ++h) {
        for (int w = 0; w < kSize; ++w) {
          input.push_back(static_cast<float>((7 * n + 5 * c + 3 * h + w) % 17 - 8) / 8);
        }
      }
    }
  }
  return input;
}

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};
using Memory = std::unique_ptr<void, Free>;

Memory allocate(size_t bytes) {
  const size_t unit = SEPCONV_ALIGNMENT;
  return Memory(std::aligned_alloc(unit, std::max(unit, (bytes + unit - 1) / unit * unit)));
}

sepconv_status forward(std::vector<float>& input, std::vector<float>& output) {
  const sepconv_kernel* kernel = module_separable();
  const auto depthwise = read<float>("depthwise_weight");  // 32x1x3x3
  const auto pointwise = read<float>("pointwise_weight");  // 64x32x1x1
  const auto bias = read<float>("pointwise_bias");
  sepconv_weights weights{};
  weights.depthwise = depthwise.data();
  weights.weights = pointwise.data();
  weights.bias = bias.data();
  const Memory packed = allocate(kernel->packed_bytes);
  const auto status =
      sepconv_pack(kernel, SEPCONV_OIHW, &weights, packed.get(), kernel->packed_bytes);
  if (status != SEPCONV_OK) return status;
  sepconv_call call{};
  call.packed = packed.get();
  call.packed_bytes = kernel->packed_bytes;
  call.input = kernel->input;
  call.input.data = input.data();
  call.output = kernel->output;
  call.output.data = output.data();
  call.workspace_bytes = sepconv_workspace_bytes(kernel, &call);
  const Memory workspace = allocate(call.workspace_bytes);
  call.workspace = workspace.get();
  return sepconv_run(kernel, &call);
}

}  // namespace

int main() {
  std::vector<float> input = make_input();
  std::vector<float> output(size_t{kBatch} * kOut * kSize * kSize);
  const auto status = forward(input, output);
  if (status != SEPCONV_OK) {
    std::fprintf(stderr, "status %d\n", static_cast<int>(status));
    return 1;
  }
  const auto index = read<int16_t>("formula_index");  // rows of n, c, h, w
  const auto expected = read<float>("formula_expected");
  double worst = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    const int16_t* at = &index[4 * i];
    const int64_t place = ((at[0] * kOut + at[1]) * kSize + at[2]) * kSize + at[3];
    worst = std::max(worst, std::fabs(double(output[place]) - expected[i]));
  }
  std::printf("%zu values, largest difference from PyTorch %.2g\n", expected.size(), worst);
  return worst < 1e-5 ? 0 : 1;
}
