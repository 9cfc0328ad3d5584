// Measure: a case's weights packed by a kernel between guards. Knows no run.
#include "measure/pack_case.h"

#include <cstring>
#include <vector>

namespace sepconv::measure {

namespace {

using Role = spec::Parameter::Role;

/// The field of sepconv_weights and what a fault in its data is reported with.
struct Field {
  const float* sepconv_weights::*member;
  const char* name;
};

Field field(Role role) {
  switch (role) {
    case Role::expand:
      return {&sepconv_weights::expand, "expand weights"};
    case Role::expand_bias:
      return {&sepconv_weights::expand_bias, "expand bias"};
    case Role::depthwise:
      return {&sepconv_weights::depthwise, "depthwise weights"};
    case Role::depthwise_bias:
      return {&sepconv_weights::depthwise_bias, "depthwise bias"};
    case Role::weights:
      return {&sepconv_weights::weights, "weights"};
    case Role::bias:
      break;
  }
  return {&sepconv_weights::bias, "bias"};
}

Result<GuardedBuffer> read_only_copy(const char* name, const std::vector<float>& values,
                                     Placement placement) {
  auto buffer = GuardedBuffer::make(name, values.size() * sizeof(float), sizeof(float), placement);
  if (!buffer) return buffer;
  std::memcpy(buffer->data(), values.data(), buffer->bytes());
  buffer->set_read_only(true);
  return buffer;
}

}  // namespace

GuardedBuffer pack_case(const Case& values, const Kernel& kernel, Placement placement,
                        std::string& refusal) {
  std::vector<GuardedBuffer> copies;
  sepconv_weights weights{};
  for (const spec::Parameter& parameter : spec::parameters(values.layer)) {
    const auto& stage = values.operands.stages[static_cast<size_t>(parameter.stage)];
    const Field target = field(parameter.role);
    auto copy =
        read_only_copy(target.name, parameter.is_bias ? stage.bias : stage.weights, placement);
    if (!copy) {
      refusal = copy.error().front().message;
      return {};
    }
    weights.*target.member = reinterpret_cast<const float*>(copy->data());
    copies.push_back(std::move(*copy));
  }
  auto blob =
      GuardedBuffer::make("packed weights", kernel.packed_bytes, SEPCONV_ALIGNMENT, placement);
  if (!blob) {
    refusal = blob.error().front().message;
    return {};
  }
  const sepconv_status status = kernel.pack(weights, blob->data(), blob->bytes());
  if (status != SEPCONV_OK)
    refusal = std::string("packing says: ") + sepconv_status_message(status);
  if (!blob->intact()) refusal = "packing wrote just beside the packed weights";
  blob->set_read_only(true);
  return std::move(*blob);
}

}  // namespace sepconv::measure
