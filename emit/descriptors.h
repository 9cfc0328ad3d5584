// Emit, private: what a library says of its kernels, as plain data and as assembly text laid out
// like runtime/src/kernel.h. Knows no layer and no Halide.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace sepconv::emit {

/// Mirrors of the structs in runtime/src/kernel.h and sepconv.h, field by field in their order.
struct PhaseData {
  std::string function;  ///< argv symbol
  uint32_t axis = 0, flags = 0;
  int64_t grain = 1, tasks = 1, least = 1, range = 1, images = 1;
  std::array<int64_t, 3> input_hwc{}, output_hwc{};
  int64_t input_offset = -1, output_offset = -1;
  uint32_t first_part = 0, part_count = 0;
};
struct VariantData {
  std::string target;
  uint64_t required_features = 0;
  int64_t scratch_bytes = 0, shared_bytes = 0;
  std::vector<PhaseData> phases;
};
struct PartData {
  uint32_t kind = 0, role = 0;
  int64_t ci = 1, co = 1, kh = 1, kw = 1, offset = 0, bytes = 0;
  std::array<int64_t, 5> extents{};
  uint32_t dtype = 0, reserved = 0;
};
/// What all layers of one canonical name share.
struct ImplData {
  uint64_t layer_hash = 0, packing_version = 0;
  std::vector<PartData> parts;
  std::vector<VariantData> variants;  ///< best first
  int64_t between_bytes = 4, residual_is_input = 0;
};
struct TensorData {
  std::array<int64_t, 4> extent{}, stride{};
};
/// One layer of the library: an entry of its list and a symbol of its own.
struct LayerData {
  std::string layer, canonical_name, layout, dtype = "f32";
  TensorData input, residual, output;
  uint64_t packed_bytes = 0, element_bytes = 4;
  size_t impl = 0;  ///< index into LibraryData::impls
};
struct LibraryData {
  std::string name;  ///< prefix of every exported symbol
  uint32_t abi_version = 2;
  std::vector<LayerData> layers;
  std::vector<ImplData> impls;
  bool device = false;  ///< whether some variant's code is for a device
};

enum class Architecture { x86_64, arm64 };

/// Symbols of the runtime that descriptors refer to, and the one that the runtime refers to.
inline constexpr const char* kRuntimePack = "sepconv_kernel_pack";
inline constexpr const char* kRuntimeRun = "sepconv_kernel_run";
inline constexpr const char* kRuntimeQuery = "sepconv_kernel_query";
inline constexpr const char* kLibrarySymbol = "sepconv_library";

/// Text for llvm-mc: the descriptors, the list of kernels and the
/// functions `<name>_<layer>`. The same text for the same library.
[[nodiscard]] std::string descriptor_assembly(const LibraryData& library,
                                              Architecture architecture);

}  // namespace sepconv::emit
