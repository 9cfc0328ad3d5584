// Tests, private to the fake kernel: one stage of one image by plain f32 loops. Knows no call.
#pragma once

#include <cstdint>
#include <vector>

#include "fake_kernel.h"
#include "spec/layer.h"

namespace sepconv::tests {

// What a fake kernel is compiled from. Offsets in floats; a bias offset of -1 means none.
struct Plan {
  spec::Layer layer;
  Fault fault = Fault::none;
  std::vector<spec::Shape> shapes;
  std::vector<spec::Parameter> parameters;
  std::vector<int64_t> offsets, sizes;  // of each parameter in the blob
  std::vector<int64_t> weights, bias;   // of each stage in the blob
  int64_t packed = 0, scratch = 0, shared = 0;
};

struct View {
  float* data = nullptr;
  int64_t h = 0, w = 0, c = 0;
  int64_t row = 0, pixel = 0, channel = 1;
  float& at(int64_t y, int64_t x, int64_t i) const {
    return data[y * row + x * pixel + i * channel];
  }
};

// One stage of one image under way.
struct StageRun {
  const Plan& plan;
  const spec::Stage& stage;
  View in, out, residual;
  const float* weights;
  const float* bias;  // null: none
  float* sums;
  bool in_pieces;
};

// Rows [first, last) of the stage's output.
void compute_rows(const StageRun& run, int64_t first, int64_t last);

}  // namespace sepconv::tests
