// Tests: a library of fake kernels behind the C API, as a shared object. A layer's number of output
// channels decides what is wrong with its kernel.
#include <map>
#include <memory>
#include <string>

#include "fake_kernel.h"
#include "spec/name.h"

namespace {

using sepconv::tests::Fault;

struct Entry {
  std::string name;
  sepconv::measure::Kernel kernel;
  sepconv_kernel descriptor{};
};

const Entry& entry(const sepconv_kernel* kernel) {
  return *reinterpret_cast<const Entry*>(kernel->impl);
}

sepconv_status pack(const sepconv_kernel* kernel, sepconv_order, const sepconv_weights* weights,
                    void* packed, size_t bytes) {
  return entry(kernel).kernel.pack(*weights, packed, bytes);
}

sepconv_status run(const sepconv_kernel* kernel, const sepconv_call* call, uint32_t, uint32_t,
                   int) {
  return entry(kernel).kernel.run(*call);
}

sepconv_status query(const sepconv_kernel* kernel, const sepconv_call* call, uint32_t*,
                     size_t* bytes, const char**) {
  return entry(kernel).kernel.workspace_bytes(*call, *bytes);
}

Fault fault_of(const sepconv::spec::Layer& layer) {
  switch (layer.stages.back().channels_out) {
    case 13:
      return Fault::skips_bias;
    case 14:
      return Fault::reads_past_input;
    default:
      return Fault::none;
  }
}

}  // namespace

extern "C" const sepconv_kernel* fake_find(const char* name) {
  static std::map<std::string, std::unique_ptr<Entry>> entries;
  const auto layer = sepconv::spec::parse_name(name);
  if (!layer || layer->stages.back().channels_out == 15) return nullptr;
  auto& slot = entries[name];
  if (slot != nullptr) return &slot->descriptor;
  slot = std::make_unique<Entry>();
  slot->name = name;
  slot->kernel = sepconv::tests::fake_kernel(*layer, fault_of(*layer));
  slot->descriptor.abi_version = SEPCONV_ABI_VERSION;
  slot->descriptor.canonical_name = slot->name.c_str();
  slot->descriptor.packed_bytes = slot->kernel.packed_bytes;
  slot->descriptor.impl = reinterpret_cast<const sepconv_kernel_impl*>(slot.get());
  slot->descriptor.pack = pack;
  slot->descriptor.run = run;
  slot->descriptor.query = query;
  slot->descriptor.dtype = "f32";
  slot->descriptor.element_bytes = 4;
  return &slot->descriptor;
}
