// Example: the first two MobileNetV1 blocks, chained: the output of one is the input of the next.
// Prints each block's time and GFLOP/s and checks the result against a plain loop nest in double.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "mobilenet.h"

namespace {

struct Block {
  const char* name;
  int height, width, channels_in, channels_out, stride, padding;  // padding: top and left
  const sepconv_kernel* kernel;
};

struct Weights {
  std::vector<float> depthwise, depthwise_bias, pointwise, bias;
};

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};
using Memory = std::unique_ptr<void, Free>;

Memory allocate(size_t bytes) {
  const size_t unit = SEPCONV_ALIGNMENT;
  return Memory(std::aligned_alloc(unit, std::max(unit, (bytes + unit - 1) / unit * unit)));
}

// Values without a pattern that a wrong index could hide in, between -1 and 1.
std::vector<float> values(size_t count, uint32_t seed, float scale) {
  std::vector<float> result(count);
  for (float& value : result) {
    seed = seed * 1664525u + 1013904223u;
    value = (static_cast<float>(seed >> 8) / 8388608.0f - 1.0f) * scale;
  }
  return result;
}

double relu6(double x) { return std::min(std::max(x, 0.0), 6.0); }

// One block in double precision. `input` and the result are [h][w][c].
std::vector<float> reference(const Block& b, const Weights& w, const std::vector<float>& input) {
  const int oh = b.height / b.stride, ow = b.width / b.stride;
  std::vector<float> output(static_cast<size_t>(oh) * ow * b.channels_out);
  std::vector<double> middle(b.channels_in);
  for (int y = 0; y < oh; ++y) {
    for (int x = 0; x < ow; ++x) {
      for (int c = 0; c < b.channels_in; ++c) {
        double sum = w.depthwise_bias[c];
        for (int i = 0; i < 3; ++i) {
          for (int j = 0; j < 3; ++j) {
            const int iy = y * b.stride + i - b.padding, ix = x * b.stride + j - b.padding;
            if (iy < 0 || iy >= b.height || ix < 0 || ix >= b.width) continue;
            sum += double(input[(size_t(iy) * b.width + ix) * b.channels_in + c]) *
                   w.depthwise[(i * 3 + j) * b.channels_in + c];
          }
        }
        middle[c] = relu6(sum);
      }
      for (int o = 0; o < b.channels_out; ++o) {
        double sum = w.bias[o];
        for (int c = 0; c < b.channels_in; ++c) {
          sum += middle[c] * w.pointwise[size_t(c) * b.channels_out + o];
        }
        output[(size_t(y) * ow + x) * b.channels_out + o] = static_cast<float>(relu6(sum));
      }
    }
  }
  return output;
}

bool check(sepconv_status status, const char* what) {
  if (status == SEPCONV_OK) return true;
  std::fprintf(stderr, "%s failed with status %d\n", what, static_cast<int>(status));
  return false;
}

// Packs once, runs `repeats` times, and returns the shortest time in microseconds, or -1.
double run(const Block& block, const Weights& w, std::vector<float>& input,
           std::vector<float>& output) {
  const sepconv_kernel* kernel = block.kernel;
  sepconv_weights weights{};
  weights.depthwise = w.depthwise.data();
  weights.depthwise_bias = w.depthwise_bias.data();
  weights.weights = w.pointwise.data();
  weights.bias = w.bias.data();
  const Memory packed = allocate(kernel->packed_bytes);
  if (!check(sepconv_pack(kernel, SEPCONV_HWIO, &weights, packed.get(), kernel->packed_bytes),
             "packing")) {
    return -1;
  }
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
  double best = 1e30;
  for (int repeat = 0; repeat < 50; ++repeat) {
    const auto begin = std::chrono::steady_clock::now();
    if (!check(sepconv_run(kernel, &call), "running")) return -1;
    const std::chrono::duration<double, std::micro> time = std::chrono::steady_clock::now() - begin;
    best = std::min(best, time.count());
  }
  return best;
}

Weights make_weights(const Block& block, uint32_t seed) {
  return {values(9u * block.channels_in, seed, 0.5f), values(block.channels_in, seed + 1, 0.5f),
          values(size_t(block.channels_in) * block.channels_out, seed + 2, 0.2f),
          values(block.channels_out, seed + 3, 0.5f)};
}

}  // namespace

int main() {
  const Block blocks[] = {{"block1", 112, 112, 32, 64, 1, 1, mobilenet_block1()},
                          {"block2", 112, 112, 64, 128, 2, 0, mobilenet_block2()}};
  std::vector<float> input = values(112u * 112 * 32, 1, 2.0f);
  double worst = 0;
  for (const Block& block : blocks) {
    const Weights weights = make_weights(block, 7u * block.channels_out);
    const int oh = block.height / block.stride, ow = block.width / block.stride;
    std::vector<float> output(size_t(oh) * ow * block.channels_out);
    const double time = run(block, weights, input, output);
    if (time < 0) return 1;
    const std::vector<float> expected = reference(block, weights, input);
    double error = 0;
    for (size_t i = 0; i < output.size(); ++i) {
      error = std::max(error, std::fabs(double(output[i]) - expected[i]));
    }
    const double flops = 2.0 * oh * ow * block.channels_in * (9.0 + block.channels_out);
    std::printf("%s  %8.1f us  %7.1f GFLOP/s  largest error %.2g\n", block.name, time,
                flops / time / 1000, error);
    worst = std::max(worst, error);
    input = output;
  }
  return worst < 1e-4 ? 0 : 1;
}
