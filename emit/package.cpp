// Emit, private: the package files that the tool carries. Knows no layer.
#include "emit/package.h"

#include <algorithm>

#include "runtime/embedded.h"

namespace sepconv::emit {

Result<LibraryResult> write_library(const LibraryRequest& request) {
  const bool arm = !request.targets.empty() && request.targets.front().isa == "arm64";
  const bool device =
      std::any_of(request.targets.begin(), request.targets.end(),
                  [](const auto& target) { return target.device != targets::Device::cpu; });
  PackageFiles package;
  if (device) {
    package.runtime_object = arm ? runtime::device_object_arm64() : runtime::device_object_x86_64();
    package.files["include/sepconv/gpu.h"] = runtime::gpu_header();
  } else {
    package.runtime_object = arm ? runtime::object_arm64() : runtime::object_x86_64();
  }
  package.files["include/sepconv/sepconv.h"] = runtime::c_header();
  package.files["include/sepconv/sepconv.hpp"] = runtime::cpp_header();
  package.files["LICENSES/sepconv.txt"] = runtime::licence();
  return write_library(request, package);
}

}  // namespace sepconv::emit
