// Cli: arrays of NumPy's .npy files. Knows no layer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/error.h"

namespace sepconv::cli {

struct Array {
  std::vector<int64_t> extents;  ///< outermost first
  std::vector<float> values;     ///< dense, last extent fastest
};

/// Reads little-endian f32 or f16 in C order, header versions 1 and 2, and nothing else: any other
/// header and any missing or surplus byte is an error of kind input.
[[nodiscard]] Result<Array> read_npy(const std::string& path);
[[nodiscard]] Result<Array> parse_npy(std::string_view bytes, const std::string& path);

}  // namespace sepconv::cli
