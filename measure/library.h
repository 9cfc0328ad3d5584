// Measure: a generated library opened as a shared object, its kernels called through the public C
// API. Knows no layer.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "measure/kernel.h"
#include "sepconv/sepconv.h"
#include "support/error.h"

namespace sepconv::measure {

/// An open library. Copies share it; it closes with the last of them.
class Library {
 public:
  /// `name` is the library's: it exports <name>_find. Kind internal when it cannot be opened.
  [[nodiscard]] static Result<Library> open(const std::filesystem::path& shared_object,
                                            const std::string& name);
  /// The kernel of a canonical name; null when the library has none. Lives as long as the library.
  [[nodiscard]] const sepconv_kernel* find(const std::string& canonical_name) const;
  /// The same as callables, which keep the library open. Kind internal when there is none.
  [[nodiscard]] Result<Kernel> kernel(const std::string& canonical_name) const;

 private:
  std::shared_ptr<void> handle_;
  const sepconv_kernel* (*find_)(const char*) = nullptr;
  DeviceCalls device_;
};

}  // namespace sepconv::measure
