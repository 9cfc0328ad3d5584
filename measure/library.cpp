// Measure: a generated library opened as a shared object, its kernels called through the public C
// API. Knows no layer.
#include "measure/library.h"

#include <dlfcn.h>

#include <utility>

namespace sepconv::measure {

namespace {

Error unusable(const std::filesystem::path& path, std::string message) {
  Error error;
  error.kind = ErrorKind::internal;
  error.file = path.string();
  error.message = std::move(message);
  error.hint = "this is a defect of sepconv: please report it with the command that shows it";
  return error;
}

/// A function that only libraries for devices have.
template <class Function>
void find_function(void* handle, const std::string& name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(handle, name.c_str()));
}

std::string last_loader_error() {
  const char* text = dlerror();
  return text == nullptr ? "unknown reason" : text;
}

}  // namespace

Result<Library> Library::open(const std::filesystem::path& shared_object, const std::string& name) {
  void* handle = dlopen(shared_object.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    return fail(
        unusable(shared_object, "the built library cannot be opened: " + last_loader_error()));
  }
  Library library;
  library.handle_ = std::shared_ptr<void>(handle, [](void* open) { dlclose(open); });
  void* find = dlsym(handle, (name + "_find").c_str());
  if (find == nullptr) {
    return fail(unusable(shared_object, "the built library does not export " + name + "_find"));
  }
  library.find_ = reinterpret_cast<const sepconv_kernel* (*)(const char*)>(find);
  find_function(handle, name + "_gpu_open", library.device_.open);
  find_function(handle, name + "_gpu_run", library.device_.run);
  find_function(handle, name + "_gpu_close", library.device_.close);
  return library;
}

const sepconv_kernel* Library::find(const std::string& canonical_name) const {
  return find_(canonical_name.c_str());
}

Result<Kernel> Library::kernel(const std::string& canonical_name) const {
  const sepconv_kernel* found = find(canonical_name);
  if (found == nullptr) {
    Error error = unusable({}, "the built library has no kernel of this name");
    error.value = canonical_name;
    return fail(std::move(error));
  }
  Kernel kernel;
  kernel.packed_bytes = found->packed_bytes;
  kernel.pack = [keep = handle_, found](const sepconv_weights& weights, void* packed,
                                        size_t bytes) {
    return sepconv_pack(found, SEPCONV_HWIO, &weights, packed, bytes);
  };
  kernel.workspace_bytes = [keep = handle_, found](const sepconv_call& call, size_t& bytes) {
    uint32_t tasks = 0;
    const char* target = nullptr;
    return found->query(found, &call, &tasks, &bytes, &target);
  };
  kernel.run = [keep = handle_, found](const sepconv_call& call) {
    return sepconv_run(found, &call);
  };
  kernel.described = found;
  kernel.device = device_;
  return kernel;
}

}  // namespace sepconv::measure
