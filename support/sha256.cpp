// Support: SHA-256, of OpenSSL's libcrypto. Knows nothing of what is hashed.
#include "support/sha256.h"

#include <openssl/evp.h>

#include <array>
#include <cstdlib>

#include "support/files.h"

namespace sepconv::support {
namespace {

using Digest = std::array<unsigned char, 32>;

Digest digest(std::string_view bytes) {
  Digest result{};
  unsigned int size = 0;
  // Only a libcrypto without SHA-256 can refuse; no caller could go on without digests.
  if (EVP_Digest(bytes.data(), bytes.size(), result.data(), &size, EVP_sha256(), nullptr) != 1 ||
      size != result.size()) {
    std::abort();
  }
  return result;
}

}  // namespace

std::string sha256(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : digest(bytes)) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

Result<std::string> sha256_file(const std::filesystem::path& path) {
  auto content = read_file(path);
  if (!content) return fail(std::move(content.error()));
  return sha256(*content);
}

uint64_t sha256_prefix(std::string_view bytes) {
  const Digest all = digest(bytes);
  uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = value << 8 | all[static_cast<size_t>(i)];
  return value;
}

}  // namespace sepconv::support
