// Support: SHA-256, of OpenSSL's libcrypto. Knows nothing of what is hashed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "support/error.h"

namespace sepconv::support {

/// 64 lower-case hexadecimal digits.
[[nodiscard]] std::string sha256(std::string_view bytes);
/// Of a file's content; errors as in read_file.
[[nodiscard]] Result<std::string> sha256_file(const std::filesystem::path& path);
/// The first eight bytes of the digest as a big-endian number.
[[nodiscard]] uint64_t sha256_prefix(std::string_view bytes);

}  // namespace sepconv::support
