// Emit, private: the package files that the tool carries. Knows no layer.
#include "emit/package.h"

#include "runtime/embedded.h"

namespace sepconv::emit {

Result<LibraryResult> write_library(const LibraryRequest& request) {
  const bool arm = !request.targets.empty() && request.targets.front().isa == "arm64";
  PackageFiles package;
  package.runtime_object = arm ? runtime::object_arm64() : runtime::object_x86_64();
  package.files["include/sepconv/sepconv.h"] = runtime::c_header();
  package.files["include/sepconv/sepconv.hpp"] = runtime::cpp_header();
  package.files["LICENSES/sepconv.txt"] = runtime::licence();
  return write_library(request, package);
}

}  // namespace sepconv::emit
