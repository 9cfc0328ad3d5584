// Bench: one call of a kernel with all that it points to. Knows no clock.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "measure/kernel.h"
#include "measure/pool.h"
#include "measure/tensors.h"
#include "reference/reference.h"
#include "spec/layer.h"

namespace sepconv::bench {

/// 64-byte aligned room.
struct Block {
  explicit Block(size_t bytes);
  std::vector<std::byte> room;
  void* data = nullptr;
};

/// A call and the memory and threads it uses. Not to be carried over a fork, nor moved once made.
struct RowCall {
  measure::TensorBuffer input, output, residual;
  std::unique_ptr<Block> packed, workspace;
  std::unique_ptr<measure::Pool> pool;
  sepconv_call call{};
};

/// Fills `made` for the layer's batch with these values and runs it once. Returns why that is not
/// possible, or an empty text.
[[nodiscard]] std::string make_call(const spec::Layer& layer, const reference::Operands& operands,
                                    const measure::Kernel& kernel, int threads, RowCall& made);

}  // namespace sepconv::bench
