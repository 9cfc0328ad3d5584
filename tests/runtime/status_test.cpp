// Tests of runtime: every wrong call is the documented status and calls no code.
#include <functional>
#include <string>

#include "fixture.h"

namespace sepconv::runtime {
namespace {

struct WrongCall {
  std::string name;
  sepconv_status expected;
  std::function<void(sepconv_call&)> spoil;
};

class Status : public testing::TestWithParam<WrongCall> {};

TEST_P(Status, IsReturnedAndNothingRuns) {
  Fake fake(3, 5, SEPCONV_AXIS_ROWS, 1);
  Call call(fake);
  GetParam().spoil(call.call);
  EXPECT_EQ(sepconv_run(&fake.kernel, &call.call), GetParam().expected);
  EXPECT_TRUE(seen().empty());
}

void* shifted(const void* pointer, ptrdiff_t bytes) {
  return const_cast<char*>(static_cast<const char*>(pointer)) + bytes;
}

/// The blob is the test's own memory, so it may be damaged.
sepconv_blob_header& header(sepconv_call& call) {
  return *static_cast<sepconv_blob_header*>(const_cast<void*>(call.packed));
}

std::vector<WrongCall> pointer_cases() {
  return {
      {"input_null", SEPCONV_NULL_POINTER, [](auto& c) { c.input.data = nullptr; }},
      {"output_null", SEPCONV_NULL_POINTER, [](auto& c) { c.output.data = nullptr; }},
      {"packed_null", SEPCONV_NULL_POINTER, [](auto& c) { c.packed = nullptr; }},
      {"workspace_null", SEPCONV_NULL_POINTER, [](auto& c) { c.workspace = nullptr; }},
      {"input_misaligned", SEPCONV_MISALIGNED,
       [](auto& c) { c.input.data = shifted(c.input.data, 2); }},
      {"output_misaligned", SEPCONV_MISALIGNED,
       [](auto& c) { c.output.data = shifted(c.output.data, 1); }},
      {"packed_misaligned", SEPCONV_MISALIGNED, [](auto& c) { c.packed = shifted(c.packed, 32); }},
      {"workspace_misaligned", SEPCONV_MISALIGNED,
       [](auto& c) { c.workspace = shifted(c.workspace, 32); }}};
}

std::vector<WrongCall> shape_cases() {
  std::vector<WrongCall> all;
  for (int i = 0; i < 4; ++i) {
    const std::string axis(1, "nhwc"[i]);
    all.push_back(
        {"input_extent_" + axis, SEPCONV_BAD_EXTENT, [i](auto& c) { ++c.input.extent[i]; }});
    all.push_back(
        {"output_extent_" + axis, SEPCONV_BAD_EXTENT, [i](auto& c) { ++c.output.extent[i]; }});
    all.push_back(
        {"input_stride_" + axis, SEPCONV_BAD_STRIDE, [i](auto& c) { ++c.input.stride[i]; }});
    all.push_back(
        {"output_stride_" + axis, SEPCONV_BAD_STRIDE, [i](auto& c) { c.output.stride[i] *= -1; }});
  }
  for (const int64_t n : {int64_t{-1}, INT64_MIN, INT64_MAX, int64_t{UINT32_MAX} + 1}) {
    all.push_back({"batch_" + (n < 0 ? "m" + std::to_string(-(n + 1)) : std::to_string(n)),
                   SEPCONV_BAD_EXTENT,
                   [n](auto& c) { c.input.extent[0] = c.output.extent[0] = n; }});
  }
  return all;
}

std::vector<WrongCall> memory_cases() {
  return {{"packed_short", SEPCONV_SHORT_BUFFER, [](auto& c) { --c.packed_bytes; }},
          {"workspace_short", SEPCONV_SHORT_WORKSPACE, [](auto& c) { c.workspace_bytes = 127; }},
          {"blob_magic", SEPCONV_WRONG_BLOB, [](auto& c) { header(c).magic ^= 1; }},
          {"blob_version", SEPCONV_WRONG_BLOB, [](auto& c) { ++header(c).packing_version; }},
          {"blob_layer", SEPCONV_WRONG_BLOB, [](auto& c) { ++header(c).layer_hash; }},
          {"blob_bytes", SEPCONV_WRONG_BLOB, [](auto& c) { --header(c).bytes; }},
          {"surplus_residual", SEPCONV_BAD_ARGUMENT, [](auto& c) { c.residual = c.output; }}};
}

std::string case_name(const testing::TestParamInfo<WrongCall>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(Pointers, Status, testing::ValuesIn(pointer_cases()), case_name);
INSTANTIATE_TEST_SUITE_P(Shapes, Status, testing::ValuesIn(shape_cases()), case_name);
INSTANTIATE_TEST_SUITE_P(Memory, Status, testing::ValuesIn(memory_cases()), case_name);

}  // namespace
}  // namespace sepconv::runtime
