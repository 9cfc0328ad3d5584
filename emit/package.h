// Emit, private: what every library of an architecture carries, whatever its layers.
#pragma once

#include <map>
#include <string>

#include "emit/library.h"

namespace sepconv::emit {

struct PackageFiles {
  std::string runtime_object;                ///< bytes of the runtime for the architecture
  std::map<std::string, std::string> files;  ///< relative path to content: include/sepconv/*.h,
                                             ///< LICENSES/sepconv.txt
};

/// write_library of library.h with the package's files given.
[[nodiscard]] Result<LibraryResult> write_library(const LibraryRequest& request,
                                                  const PackageFiles& package);

}  // namespace sepconv::emit
