// Cli: arrays of NumPy's .npy files. Knows no layer.
#include "cli/npy.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>

#include "sepconv/sepconv.h"
#include "support/files.h"

namespace sepconv::cli {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr int64_t kMostElements = int64_t{1} << 31;

auto wrong(const std::string& path, std::string message, std::string value = {}) {
  Error error;
  error.kind = ErrorKind::input;
  error.file = path;
  error.message = std::move(message);
  error.value = std::move(value);
  error.hint = "save it with numpy.save(path, numpy.ascontiguousarray(array, '<f4'))";
  return fail(error);
}

uint32_t little_endian(std::string_view bytes) {
  uint32_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

/// The text after `'key':` and its spaces; empty when the header lacks the key.
std::string_view field(std::string_view header, std::string_view key) {
  const std::string quoted = "'" + std::string(key) + "':";
  const size_t at = header.find(quoted);
  if (at == std::string_view::npos) return {};
  header.remove_prefix(at + quoted.size());
  header.remove_prefix(std::min(header.find_first_not_of(' '), header.size()));
  return header;
}

/// "(3, 4)", "(3,)" or "()" to numbers; false for anything else.
bool parse_shape(std::string_view text, std::vector<int64_t>& extents) {
  const size_t end = text.find(')');
  if (!text.starts_with('(') || end == std::string_view::npos) return false;
  text = text.substr(1, end - 1);
  int64_t elements = 1;
  while (!text.empty()) {
    int64_t extent = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), extent);
    if (parsed.ec != std::errc{} || extent < 0 || extent > kMostElements) return false;
    if (extent > 0 && elements > kMostElements / extent) return false;
    elements *= extent;
    extents.push_back(extent);
    text.remove_prefix(static_cast<size_t>(parsed.ptr - text.data()));
    if (text.starts_with(',')) text.remove_prefix(1);
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  }
  return true;
}

/// Exactly.
void copy_halves(std::string_view data, std::vector<float>& values) {
  for (size_t i = 0; i < values.size(); ++i) {
    uint16_t half = 0;
    std::memcpy(&half, data.data() + i * sizeof(half), sizeof(half));
    values[i] = sepconv_f16_to_f32(half);
  }
}

}  // namespace

Result<Array> parse_npy(std::string_view bytes, const std::string& path) {
  if (bytes.size() < 10 || bytes.substr(0, 6) != kMagic) {
    return wrong(path, "this is not a .npy file");
  }
  const int version = bytes[6];
  if ((version != 1 && version != 2) || bytes[7] != 0) {
    return wrong(path, "the .npy header has an unsupported version", std::to_string(version));
  }
  const size_t length_bytes = version == 1 ? 2 : 4;
  if (bytes.size() < 8 + length_bytes) return wrong(path, "the .npy header is cut off");
  const size_t length = little_endian(bytes.substr(8, length_bytes));
  const size_t begin = 8 + length_bytes;
  if (bytes.size() - begin < length) return wrong(path, "the .npy header is cut off");
  const std::string_view header = bytes.substr(begin, length);
  const std::string_view type = field(header, "descr");
  const bool halves = type.starts_with("'<f2'");
  if (!halves && !type.starts_with("'<f4'")) {
    return wrong(path, "the elements must be little-endian f32 or f16",
                 std::string(type.substr(0, 8)));
  }
  if (!field(header, "fortran_order").starts_with("False")) {
    return wrong(path, "the array must be in C order", "fortran_order");
  }
  Array array;
  if (!parse_shape(field(header, "shape"), array.extents)) {
    return wrong(path, "the .npy header has no readable shape",
                 std::string(field(header, "shape").substr(0, 40)));
  }
  size_t elements = 1;
  for (const int64_t extent : array.extents) elements *= static_cast<size_t>(extent);
  const std::string_view data = bytes.substr(begin + length);
  const size_t element = halves ? sizeof(uint16_t) : sizeof(float);
  if (data.size() != elements * element) {
    return wrong(path, "the file holds " + std::to_string(data.size()) + " bytes of data, not " +
                           std::to_string(elements * element));
  }
  array.values.resize(elements);
  if (halves) {
    copy_halves(data, array.values);
  } else if (elements > 0) {
    std::memcpy(array.values.data(), data.data(), data.size());
  }
  return array;
}

Result<Array> read_npy(const std::string& path) {
  const auto bytes = support::read_file(path);
  if (!bytes) return fail(bytes.error());
  return parse_npy(*bytes, path);
}

}  // namespace sepconv::cli
